using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads the rows of a partner's file, one after the other, as text. Not thread-safe.</summary>
internal interface IRows : IDisposable
{
    /// <summary>Names of the columns, without blanks around them.</summary>
    IReadOnlyList<string> Header { get; }

    /// <summary>The number that people use for the first row.</summary>
    int FirstRow { get; }

    /// <summary>The number of cells of this row.</summary>
    int CellCount { get; }

    /// <summary>Whether this row is a line without any cell, which people leave between others.</summary>
    bool IsBlank { get; }

    /// <summary>Bytes of the file read so far; 0 where that is not known.</summary>
    long Position { get; }

    /// <summary>The reason why the cells of a column cannot be read as text; null where they can.</summary>
    string? FindProblem(int column) => null;

    /// <summary>Goes to the next row; false after the last.</summary>
    /// <exception cref="RefusedException">The file is not of the format that its name says.</exception>
    bool Read();

    /// <summary>A cell of this row; empty when the cell is empty or missing. Valid until the next call of any method.</summary>
    ReadOnlySpan<char> Cell(int column);
}
