using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>A question as the engine runs it.</summary>
/// <param name="Question">The question.</param>
/// <param name="DataSets">The data sets that take part, in the order of the contract.</param>
/// <param name="Filters">The conditions on persons.</param>
/// <param name="Cells">The columns of the cells, with the stride of each in a cell's number.</param>
/// <param name="Measured">The column of a sum.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyList<DataSet> DataSets, CompiledFilters Filters, IReadOnlyList<CellColumn> Cells,
    FoundColumn? Measured = null)
{
    /// <summary>Whether the contract promises the answer: its own measurement, of all persons.</summary>
    public bool IsReserved => Question is { Kind: QuestionKind.Lift, Where.Count: 0, By.Count: 0 };

    /// <summary>The column of lift's segments; null without segments.</summary>
    public FoundColumn? Segments => Question is { Kind: QuestionKind.Lift, By.Count: > 0 }
        ? new FoundColumn(Cells[0].DataSet, Cells[0].Column)
        : null;

    /// <summary>Cells in all.</summary>
    public int CellCount => Cells.Aggregate(1, (count, cell) => count * cell.Size);

    /// <summary>
    /// Identifies question and versions: equal for the same question on the same data, however its conditions are written or ordered.
    /// </summary>
    public string KeyOf(IReadOnlyDictionary<string, DataVersion> versions) => KeyOf(NamesOf(versions));

    /// <summary>The same from the public names of versions.</summary>
    public string KeyOf(IReadOnlyDictionary<string, string> versions) =>
        HashOf($"{Question.Kind}|{string.Join(',', Question.By)}|{Question.Column ?? Question.Program}|{TextOf(versions)}|{Filters.Text}");

    /// <summary>The words that describe the persons of all cells, without versions.</summary>
    public string Words => $"{string.Join('|', DataSets.Select(dataSet => dataSet.Name))}|{Filters.Text}";

    /// <summary>
    /// Identifies the persons of some cells: equal when data sets, versions, conditions and cells are. A cell of a crosstab has the same
    /// identity as a question with its values as condition.
    /// </summary>
    /// <param name="versions">The version of each data set.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="hasNoEmptyCell">Tells the columns of cells where a person without a value makes no difference.</param>
    /// <param name="isNoCondition">Tells the columns where the condition that there is a value makes none.</param>
    public string Describe(
        IReadOnlyDictionary<string, string> versions, IReadOnlyCollection<int> cells, Func<DataSet, int, bool> hasNoEmptyCell,
        Func<DataSet, int, bool> isNoCondition) =>
        HashOf($"{TextOf(versions)}|{FiltersOf(cells, hasNoEmptyCell).WithoutAnyValue(isNoCondition).Text}");

    /// <summary>Writes the persons of some cells as terms.</summary>
    /// <param name="versions">The version of each data set.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="dataSets">All data sets of the contract; they know which lies within which.</param>
    public SetTerms TermsOf(
        IReadOnlyDictionary<string, string> versions, IReadOnlyCollection<int> cells, IReadOnlyList<DataSet> dataSets)
    {
        // A data set that contains another one of the set adds nothing.
        var least = DataSets.Where(outer => !DataSets.Any(inner => Inclusions.IsWithin(dataSets, inner, outer)));
        return FiltersOf(cells, (_, _) => false).TermsOf(
            [.. least.Select(dataSet => NameOf(dataSet, versions))], dataSet => NameOf(dataSet, versions));
    }

    /// <summary>Writes the name of a column of a version.</summary>
    public static string NameOf(DataSet dataSet, IReadOnlyDictionary<string, string> versions, int column) =>
        $"{NameOf(dataSet, versions)}.{column}";

    private static string NameOf(DataSet dataSet, IReadOnlyDictionary<string, string> versions) =>
        $"{dataSet.Name}={versions[dataSet.Name]}";

    // All values of a column are a condition too: that there is a value.
    private CompiledFilters FiltersOf(IReadOnlyCollection<int> cells, Func<DataSet, int, bool> hasNoEmptyCell)
    {
        var values = Cells.Select(column => cells.Select(column.ValueOf).Distinct().ToList()).ToList();
        var isProduct = values.Aggregate(1, (count, chosen) => count * chosen.Count) == cells.Count;
        bool IsAlwaysTrue(CellColumn column) => column.IsEmptyLeast || hasNoEmptyCell(column.DataSet, column.Column);
        return Filters.With(isProduct
            ? Cells.Zip(values).Where(pair => pair.Second.Count < pair.First.Size || !IsAlwaysTrue(pair.First))
                .Select(pair => pair.First.In(DataSets, pair.Second))
            : [new CodeAny([.. cells.Select(ConditionOf)])]);
    }

    /// <summary>Writes the values of a cell, one for each column.</summary>
    public IReadOnlyList<string> ValuesOf(int cell) =>
        [.. Cells.Select(column => CellText.Write(column.Definition, column.ValueOf(cell)))];

    private CodeAll ConditionOf(int cell) => new([.. Cells.Select(column => column.In(DataSets, [column.ValueOf(cell)]))]);

    /// <summary>The data sets with their versions, as text.</summary>
    public string TextOf(IReadOnlyDictionary<string, string> versions) =>
        string.Join('|', DataSets.Select(dataSet => $"{dataSet.Name}={versions[dataSet.Name]}"));

    /// <summary>Selects the public names of the versions of the data sets that take part.</summary>
    public Dictionary<string, string> NamesOf(IReadOnlyDictionary<string, DataVersion> versions) =>
        DataSets.ToDictionary(dataSet => dataSet.Name, dataSet => versions[dataSet.Name].Version);

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>A column of a crosstab.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Column">Index of the column in its data set.</param>
/// <param name="Size">The number of values.</param>
/// <param name="Stride">The difference between the cells of neighbouring values.</param>
/// <param name="IsEmptyLeast">Whether an empty cell counts as the least value.</param>
internal sealed record CellColumn(DataSet DataSet, int Column, int Size, int Stride, bool IsEmptyLeast = false)
{
    /// <summary>The column.</summary>
    public Column Definition => DataSet.Columns[Column];

    /// <summary>Computes the value of a cell in this column.</summary>
    public long ValueOf(int cell) => (cell / Stride % Size) + Definition.Minimum;

    /// <summary>Makes the condition that this column has one of some values.</summary>
    public CodeRanges In(IReadOnlyList<DataSet> dataSets, IEnumerable<long> values) => new(
        CompiledFilters.NumberOf(dataSets, new FoundColumn(DataSet, Column)),
        [.. values.Select(value => (uint)(value - Definition.Minimum + 1))
            .Select(code => (IsEmptyLeast && code == 1 ? 0 : code, code))]);
}
