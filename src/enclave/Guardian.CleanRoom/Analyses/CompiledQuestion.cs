using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Analyses;

/// <summary>A question as the engine runs it.</summary>
/// <param name="DataSets">Those that take part, in the order of the contract.</param>
/// <param name="Filters">What a person has to satisfy.</param>
/// <param name="Cells">The columns that make the cells, with the stride each has in a cell's number.</param>
/// <param name="Measured">The column of a sum.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyList<DataSet> DataSets, CompiledFilters Filters, IReadOnlyList<CellColumn> Cells, FoundColumn? Measured = null)
{
    /// <summary>Cells in all.</summary>
    public int CellCount => Cells.Aggregate(1, (count, cell) => count * cell.Size);

    /// <summary>
    /// Names question and versions: equal for the same question however its conditions were written or ordered, and on the same data.
    /// </summary>
    public string Key(IReadOnlyDictionary<string, DataVersion> versions) =>
        HashOf($"{Question.Kind}|{string.Join(',', Question.By)}|{Question.Column}|{Versions(versions)}|{Filters.Text}");

    /// <summary>
    /// The persons of some cells in words: equal when data sets, their versions, conditions and cells are, and for a cell the same as for a question with its values as condition. Who has no
    /// value in the cells' columns makes no difference.
    /// </summary>
    public string Describe(IReadOnlyDictionary<string, DataVersion> versions, IReadOnlyCollection<int> cells)
    {
        var values = Cells.Select(column => cells.Select(column.ValueOf).Distinct().ToList()).ToList();
        var isProduct = values.Aggregate(1, (count, chosen) => count * chosen.Count) == cells.Count;
        IEnumerable<CodeCondition> further = isProduct
            ? Cells.Zip(values).Where(pair => pair.Second.Count < pair.First.Size).Select(pair => pair.First.In(DataSets, pair.Second))
            : [new CodeAny([.. cells.Select(cell => new CodeAll([.. Cells.Select(column => column.In(DataSets, [column.ValueOf(cell)]))]))])];
        return HashOf($"{Versions(versions)}|{Filters.With(further).Text}");
    }

    private string Versions(IReadOnlyDictionary<string, DataVersion> versions) => string.Join('|', DataSets.Select(dataSet => $"{dataSet.Name}={versions[dataSet.Name].Digest}"));

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>A column of a crosstab.</summary>
internal sealed record CellColumn(DataSet DataSet, int Column, int Size, int Stride)
{
    /// <summary>The value that a cell's number has in this column.</summary>
    public long ValueOf(int cell) => (cell / Stride % Size) + DataSet.Columns[Column].Minimum;

    /// <summary>The condition that this column has one of the values.</summary>
    public CodeRanges In(IReadOnlyList<DataSet> dataSets, IEnumerable<long> values) => new(
        CompiledFilters.NumberOf(dataSets, new FoundColumn(DataSet, Column)),
        [.. values.Select(value => (uint)(value - DataSet.Columns[Column].Minimum + 1)).Select(code => (code, code))]);
}
