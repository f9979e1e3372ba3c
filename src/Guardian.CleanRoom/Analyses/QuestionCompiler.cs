namespace Guardian.CleanRoom;

/// <summary>A question as the engine runs it: the filters of each data set, and the cells of a crosstab.</summary>
/// <param name="Filters">By data set name.</param>
/// <param name="Cells">The columns of a crosstab, with the stride each has in a cell's number.</param>
internal sealed record CompiledQuestion(
    Question Question, IReadOnlyDictionary<string, IReadOnlyList<CodeCondition>> Filters, IReadOnlyList<CellColumn> Cells)
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

    private const int MaxDataSets = 8;

    /// <summary>Compiles a question.</summary>
    public Outcome<CompiledQuestion> Compile(Question question)
    {
        if (!IsAllowed(question.Kind))
        {
            return Refuse("analysis-not-allowed", $"the contract does not allow {Name(question.Kind)}; it allows {AllowedNames()}");
        }
        var filters = CompileFilters(question);
        if (filters.Refusal is not null)
        {
            return filters.Refusal;
        }
        if (question.Kind != QuestionKind.Crosstab)
        {
            return question.By.Count == 0
                ? new CompiledQuestion(question, filters.Value!, [])
                : Refuse("by-not-here", "only a crosstab is by columns");
        }
        var cells = CompileCells(question.By);
        return cells.Refusal is null ? new CompiledQuestion(question, filters.Value!, cells.Value!) : cells.Refusal;
    }

    private Outcome<Dictionary<string, IReadOnlyList<CodeCondition>>> CompileFilters(Question question)
    {
        var predicates = question.Where.SelectMany(condition => condition.Predicates()).Take((MaxDataSets * contract.Privacy.MaxFilters) + 1).ToList();
        var crowded = predicates.GroupBy(predicate => predicate.Column.Split('.')[0]).FirstOrDefault(group => group.Count() > contract.Privacy.MaxFilters);
        if (crowded is not null)
        {
            return Refuse("too-many-filters", $"a question may make {contract.Privacy.MaxFilters} comparisons on a data set, not {crowded.Count()} on '{crowded.Key}'");
        }
        var filters = contract.DataSets.ToDictionary(dataSet => dataSet.Name, _ => new List<CodeCondition>());
        var compile = new PredicateCompiler(FindFilterable);
        foreach (var condition in question.Where)
        {
            var compiled = compile.Compile(condition);
            if (compiled.Refusal is not null)
            {
                return compiled.Refusal;
            }
            filters[compiled.Value!.DataSet.Name].Add(compiled.Value.Codes);
        }
        return filters.ToDictionary(filter => filter.Key, filter => (IReadOnlyList<CodeCondition>)filter.Value);
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
}
