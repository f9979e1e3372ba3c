using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads rows that are persons to remove: only their identifier matters.</summary>
internal sealed class RemovalReader(DataSet dataSet, RowFormat format) : IRowReader
{
    /// <summary>The last code of a person whom the changes add or replace.</summary>
    public const uint IsKept = 1;

    private const uint IsRemoved = 2;

    public IReadOnlyList<string> Names => [];

    public void Read(IRows file, int number, ReadOnlySpan<int> columns, Span<byte> row, Action<string, string> report)
    {
        row.Clear();
        RowFormat.WriteNumber(row, number);
        format.WriteCode(row, dataSet.Columns.Count, IsRemoved);
    }
}
