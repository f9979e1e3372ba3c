using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Layout;

/// <summary>The stored groups of one data set, decrypted one at a time. Thread-safe.</summary>
internal interface IGroupSource
{
    /// <summary>The data set of the groups.</summary>
    DataSet DataSet { get; }

    /// <summary>Decrypts a group.</summary>
    /// <param name="group">Index of the group.</param>
    /// <param name="scratch"><see cref="RoomLayout.GroupSize"/> bytes for the plaintext.</param>
    /// <returns>The plaintext (layout in <see cref="RoomLayout"/>): in the scratch, or in the source's own memory.</returns>
    ReadOnlySpan<byte> Read(int group, Span<byte> scratch);
}
