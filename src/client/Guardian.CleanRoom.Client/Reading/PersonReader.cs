using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Client.Reading;

/// <summary>Reads rows that are persons: a code for each column, and in changes the code that keeps the person. Not thread-safe.</summary>
internal sealed class PersonReader(DataSet dataSet, RowFormat format, UploadForm form) : IRowReader
{
    // Most columns have few different texts, so most cells can skip parsing.
    private const int MaxKnownTexts = 4_096;

    private readonly Dictionary<string, uint>.AlternateLookup<ReadOnlySpan<char>>[] known =
        [.. dataSet.Columns.Select(_ => new Dictionary<string, uint>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>())];

    private readonly FileCell cells = new(dataSet.File);

    public IReadOnlyList<string> Names { get; } = [.. dataSet.Columns.Select(column => column.Name)];

    public void Read(IRows file, int number, ReadOnlySpan<int> columns, Span<byte> row, Action<string, string> report)
    {
        RowFormat.WriteNumber(row, number);
        for (var i = 0; i < columns.Length; i++)
        {
            format.WriteCode(row, i, ReadCode(i, file.Cell(columns[i]), report));
        }
        if (form == UploadForm.Changes)
        {
            format.WriteCode(row, columns.Length, RemovalReader.IsKept);
        }
    }

    private uint ReadCode(int index, ReadOnlySpan<char> text, Action<string, string> report)
    {
        if (known[index].TryGetValue(text, out var code))
        {
            return code;
        }
        var column = dataSet.Columns[index];
        if (!cells.IsEmpty(text))
        {
            if (!cells.TryRead(column, text, out var value, out var problem))
            {
                report(column.Name, problem!);
                return 0;
            }
            code = value is { } read ? (uint)(read - column.Minimum + 1) : 0;
        }
        if (known[index].Dictionary.Count < MaxKnownTexts)
        {
            known[index][text] = code;
        }
        return code;
    }
}
