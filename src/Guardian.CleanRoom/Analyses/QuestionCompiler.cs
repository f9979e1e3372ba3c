namespace Guardian.CleanRoom;

/// <summary>A question as the engine runs it: filters of either data set as ranges of codes, and the cells of a crosstab.</summary>
/// <param name="Filters">By data set name.</param>
/// <param name="Cells">The columns of a crosstab, with the stride each has in a cell's number.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyDictionary<string, IReadOnlyList<CodeRanges>> Filters, IReadOnlyList<CellColumn> Cells)
{
    /// <summary>Cells in all.</summary>
    public int CellCount => Cells.Aggregate(1, (count, cell) => count * cell.Size);
}

/// <summary>A column of a crosstab.</summary>
internal sealed record CellColumn(DataSet DataSet, int Column, int Size, int Stride);

/// <summary>Checks questions against the contract and compiles them. What a contract does not allow cannot be asked.</summary>
internal sealed class QuestionCompiler(RoomContract contract)
{
    /// <summary>The most cells of a crosstab.</summary>
    public const int MaxCells = 1_000;

    // A conjunction over more columns than data sets have is no honest question.
    private const int MaxPredicates = 32;

    /// <summary>Compiles a question.</summary>
    public Outcome<CompiledQuestion> Compile(Question question)
    {
        if (!IsAllowed(question.Kind))
        {
            return Refuse("analysis-not-allowed", $"the contract does not allow {Name(question.Kind)}; it allows {AllowedNames()}");
        }
        if (question.Where.Count > MaxPredicates)
        {
            return Refuse("too-many-filters", $"a question may have {MaxPredicates} filters, not {question.Where.Count}");
        }
        var filters = contract.DataSets.ToDictionary(dataSet => dataSet.Name, _ => (IReadOnlyList<CodeRanges>)new List<CodeRanges>());
        foreach (var predicate in question.Where)
        {
            var found = FindFilterable(predicate.Column);
            if (found.Refusal is not null)
            {
                return found.Refusal;
            }
            var ranges = PredicateCompiler.Compile(predicate, found.Value!.DataSet, found.Value.Index);
            if (ranges.Refusal is not null)
            {
                return ranges.Refusal;
            }
            ((List<CodeRanges>)filters[found.Value.DataSet.Name]).Add(ranges.Value!);
        }
        if (question.Kind != QuestionKind.Crosstab)
        {
            return question.By.Count == 0
                ? new CompiledQuestion(question, filters, [])
                : Refuse("by-not-here", "only a crosstab is by columns");
        }
        var cells = CompileCells(question.By);
        return cells.Refusal is null ? new CompiledQuestion(question, filters, cells.Value!) : cells.Refusal;
    }

    private Outcome<List<CellColumn>> CompileCells(IReadOnlyList<string> by)
    {
        if (by.Count is < 1 or > 2 || by.Distinct().Count() != by.Count)
        {
            return Refuse("bad-crosstab", "a crosstab is by one column, or by two different ones");
        }
        var cells = new List<CellColumn>();
        var stride = 1;
        foreach (var name in by.Reverse())
        {
            var found = FindFilterable(name);
            if (found.Refusal is not null)
            {
                return found.Refusal;
            }
            var column = found.Value!.DataSet.Columns[found.Value.Index];
            if (column.Kind is not (ColumnKind.Category or ColumnKind.Flag))
            {
                return Refuse("not-groupable", $"'{name}' is neither a category nor a flag, so a crosstab cannot be by it; filter by ranges of it instead");
            }
            var size = (int)(column.Maximum - column.Minimum + 1);
            cells.Insert(0, new CellColumn(found.Value.DataSet, found.Value.Index, size, stride));
            if ((long)stride * size > MaxCells)
            {
                return Refuse("too-many-cells", $"this crosstab would have more than {MaxCells} cells; use columns with fewer values");
            }
            stride *= size;
        }
        return cells;
    }

    private Outcome<FoundColumn> FindFilterable(string name)
    {
        if (!ColumnReference.TryParse(name, out var reference) || contract.FindDataSet(reference!.DataSet) is not { } dataSet)
        {
            return Refuse("no-column", $"there is no column '{name}'; columns are written dataset.column, and the data sets are {string.Join(", ", contract.DataSets.Select(each => each.Name))}");
        }
        var index = dataSet.Columns.ToList().FindIndex(column => column.Name == reference.Column);
        if (index < 0 || !dataSet.Columns[index].Filter)
        {
            // Identifiers are no columns of a contract, so they end here as well.
            var open = dataSet.Columns.Where(column => column.Filter).Select(column => $"{dataSet.Name}.{column.Name}");
            return Refuse("not-filterable", $"'{name}' may not be filtered or grouped by; {dataSet.Owner} opened {string.Join(", ", open.DefaultIfEmpty("nothing"))}");
        }
        return new FoundColumn(dataSet, index);
    }

    private bool IsAllowed(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => contract.Analyses.Overlap,
        QuestionKind.Crosstab => contract.Analyses.Crosstab,
        _ => contract.Analyses.Lift is not null,
    };

    private string AllowedNames() => string.Join(", ", Enum.GetValues<QuestionKind>().Where(IsAllowed).Select(Name).DefaultIfEmpty("nothing"));

    private static string Name(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => "overlap",
        QuestionKind.Crosstab => "crosstab",
        _ => "lift",
    };

    private static RoomRefusal Refuse(string reason, string detail) => new(RefusalKind.Forbidden, reason, detail);

    private sealed record FoundColumn(DataSet DataSet, int Index);
}
