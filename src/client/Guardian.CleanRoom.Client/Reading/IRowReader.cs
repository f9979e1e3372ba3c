using Guardian.CleanRoom.Client.Sorting;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Turns the cells of a file's row into the content of a <see cref="RowFormat"/> row.</summary>
internal interface IRowReader
{
    /// <summary>Headers of the columns it reads besides the identifier, each once.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="file">The file, at the row.</param>
    /// <param name="number">The row's number in the file, from 0.</param>
    /// <param name="columns">The positions of the columns of <see cref="Names"/>.</param>
    /// <param name="row">Receives the row in the format of <see cref="RowFormat"/>, without the tag.</param>
    /// <param name="report">Receives the header of a bad cell's column, and the problem.</param>
    void Read(IRows file, int number, ReadOnlySpan<int> columns, Span<byte> row, Action<string, string> report);
}
