namespace Guardian.CleanRoom.Client.Reading;

/// <summary>The rows of a partner's file, one after the other, as text.</summary>
internal interface IRows : IDisposable
{
    /// <summary>Names of the columns.</summary>
    IReadOnlyList<string> Header { get; }

    /// <summary>The number that people know the first row by.</summary>
    int FirstRow { get; }

    /// <summary>Cells of this row.</summary>
    int CellCount { get; }

    /// <summary>Bytes of the file read so far.</summary>
    long Position { get; }

    /// <summary>Goes to the next row; false after the last.</summary>
    /// <exception cref="PreparationException">The file is not what its name says.</exception>
    bool Read();

    /// <summary>A cell of this row; empty when there is nothing in it. Valid until the next call of any method.</summary>
    ReadOnlySpan<char> Cell(int column);
}
