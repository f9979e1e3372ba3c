namespace Guardian.CleanRoom;

/// <summary>The stored groups of one data set, opened one at a time: the engine never holds more.</summary>
public interface IGroupSource
{
    /// <summary>The data set whose groups these are.</summary>
    DataSet DataSet { get; }

    /// <summary>Writes the plaintext of a group (<see cref="RoomLayout.GroupSize"/> bytes, layout in <see cref="RoomLayout"/>).</summary>
    void Read(int group, Span<byte> destination);
}
