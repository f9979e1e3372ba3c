using Guardian.CleanRoom.Client.Sorting;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Turns the cells of a file's row into what is kept of it until rows are sorted.</summary>
internal interface IRowReader
{
    /// <summary>Headers of the columns it reads besides the identifier, each once.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Reads a row.</summary>
    /// <param name="number">Of the row in the file, from 0.</param>
    /// <param name="columns">Where the columns of <see cref="Names"/> stand.</param>
    /// <param name="row">As <see cref="RowFormat"/> says, without the tag.</param>
    /// <param name="report">Is told a column's header and what is wrong in it.</param>
    void Read(IRows file, int number, ReadOnlySpan<int> columns, Span<byte> row, Action<string, string> report);
}
