using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.CleanRoom;

/// <summary>A question as the engine runs it.</summary>
/// <param name="DataSets">Those that take part, in the order of the contract.</param>
/// <param name="Filters">By data set name.</param>
/// <param name="Cells">The columns that make the cells, with the stride each has in a cell's number.</param>
/// <param name="Measured">The column of a sum.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyList<DataSet> DataSets, IReadOnlyDictionary<string, IReadOnlyList<CodeCondition>> Filters,
    IReadOnlyList<CellColumn> Cells, FoundColumn? Measured = null)
{
    /// <summary>Cells in all.</summary>
    public int CellCount => Cells.Aggregate(1, (count, cell) => count * cell.Size);

    /// <summary>
    /// Names question and versions: equal for the same question however its conditions were written or ordered, and on the same data.
    /// </summary>
    public string Key(IReadOnlyDictionary<string, DataVersion> versions)
    {
        var text = new StringBuilder().Append(Question.Kind).Append('|').AppendJoin(',', Question.By).Append('|').Append(Question.Column);
        foreach (var dataSet in DataSets)
        {
            text.Append(CultureInfo.InvariantCulture, $"|{dataSet.Name}={versions[dataSet.Name].Digest}:").AppendJoin('&', Filters[dataSet.Name].Select(Canonical).Order(StringComparer.Ordinal).Distinct());
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private static string Canonical(CodeCondition condition) => condition switch
    {
        CodeRanges ranges => string.Create(CultureInfo.InvariantCulture, $"{ranges.Column}[{string.Join(' ', Merged(ranges.Ranges).Select(range => $"{range.First}-{range.Last}"))}]"),
        CodeAll all => $"({string.Join('&', all.Parts.Select(Canonical).Order(StringComparer.Ordinal).Distinct())})",
        // "a or b" on one column is "in a, b".
        CodeAny any when any.Leaves().Select(leaf => leaf.Column).Distinct().Count() == 1 && any.Parts.All(part => part is CodeRanges) =>
            Canonical(new CodeRanges(any.Leaves().First().Column, [.. any.Leaves().SelectMany(leaf => leaf.Ranges)])),
        CodeAny any => $"({string.Join('/', any.Parts.Select(Canonical).Order(StringComparer.Ordinal).Distinct())})",
        _ => throw new ArgumentException("no such condition", nameof(condition)),
    };

    // Ascending; ranges that touch become one.
    private static List<(uint First, uint Last)> Merged(IReadOnlyList<(uint First, uint Last)> ranges)
    {
        var merged = new List<(uint First, uint Last)>();
        foreach (var range in ranges.OrderBy(range => range.First))
        {
            if (merged.Count > 0 && range.First <= (ulong)merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }
        return merged;
    }
}

/// <summary>A column of a crosstab.</summary>
internal sealed record CellColumn(DataSet DataSet, int Column, int Size, int Stride)
{
    /// <summary>The value that a cell's number has in this column.</summary>
    public long ValueOf(int cell) => (cell / Stride % Size) + DataSet.Columns[Column].Minimum;
}
