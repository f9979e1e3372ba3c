using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom;

/// <summary>The stored groups of one data set, opened one at a time. Thread-safe.</summary>
public interface IGroupSource
{
    /// <summary>The data set whose groups these are.</summary>
    DataSet DataSet { get; }

    /// <summary>Opens a group.</summary>
    /// <param name="scratch"><see cref="RoomLayout.GroupSize"/> bytes to open it in.</param>
    /// <returns>The plaintext (layout in <see cref="RoomLayout"/>): in the scratch, or where the source holds it open.</returns>
    ReadOnlySpan<byte> Read(int group, Span<byte> scratch);
}
