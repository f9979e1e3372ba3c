using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Checks questions against the contract and compiles them. What a contract does not allow cannot be asked.</summary>
internal sealed class QuestionCompiler(RoomContract contract)
{
    /// <summary>The most cells of a crosstab.</summary>
    public const int MaxCells = 1_000;

    /// <summary>Compiles a question.</summary>
    public Outcome<CompiledQuestion> Compile(Question question)
    {
        if (!IsAllowed(question.Kind))
        {
            return Refuse("analysis-not-allowed", $"the contract does not allow {Name(question.Kind)}; it allows {AllowedNames()}");
        }
        if ((question.By.Count > 0 && question.Kind != QuestionKind.Crosstab) || (question.Column is not null && question.Kind != QuestionKind.Sum))
        {
            return Refuse("by-not-here", "only a crosstab is by columns, and only a sum is of a column");
        }
        var dataSets = FindDataSets(question);
        if (dataSets.Refusal is not null)
        {
            return dataSets.Refusal;
        }
        var filters = CompileFilters(question, dataSets.Value!);
        if (filters.Refusal is not null)
        {
            return filters.Refusal;
        }
        var compiled = new CompiledQuestion(question, dataSets.Value!, filters.Value!, []);
        return question.Kind switch
        {
            QuestionKind.Crosstab => WithCells(compiled),
            QuestionKind.Sum => WithMeasure(compiled),
            QuestionKind.Reach => WithFrequency(compiled),
            QuestionKind.Lift => WithDesign(compiled),
            QuestionKind.Activation => WithActivation(compiled),
            _ => compiled,
        };
    }

    private Outcome<List<DataSet>> FindDataSets(Question question)
    {
        if (question.Kind == QuestionKind.Lift)
        {
            var design = contract.Analyses.Lift!;
            return question.DataSets.Count == 0
                ? new List<DataSet> { contract.FindDataSet(design.Assignment.DataSet)!, contract.FindDataSet(design.Outcomes[0].DataSet)! }
                : Refuse("design-fixed", "lift is over the data sets of its design; leave them out");
        }
        var unknown = question.DataSets.FirstOrDefault(name => contract.FindDataSet(name) is null);
        if (unknown is not null)
        {
            return Refuse("no-dataset", $"the contract has no data set '{unknown}'; it has {string.Join(", ", contract.DataSets.Select(each => each.Name))}");
        }
        var chosen = contract.DataSets.Where(dataSet => question.DataSets.Count == 0 || question.DataSets.Contains(dataSet.Name)).ToList();
        // One data set alone needs no room, and nobody to hide anything from but its owner.
        return chosen.Count > 1 ? chosen : Refuse("one-dataset", "a question is about persons in at least two data sets");
    }

    private Outcome<CompiledFilters> CompileFilters(Question question, List<DataSet> dataSets)
    {
        var predicates = question.Where.SelectMany(condition => condition.Predicates());
        var crowded = predicates.GroupBy(predicate => predicate.Column.Split('.')[0]).FirstOrDefault(group => group.Count() > contract.Privacy.MaxFilters);
        if (crowded is not null)
        {
            return Refuse("too-many-filters", $"a question may make {contract.Privacy.MaxFilters} comparisons on a data set, not {crowded.Count()} on '{crowded.Key}'");
        }
        var compile = new PredicateCompiler(name => FindFilterable(name, dataSets), column => CompiledFilters.NumberOf(dataSets, column));
        var conditions = new List<CodeCondition>();
        foreach (var condition in question.Where)
        {
            var compiled = compile.Compile(condition);
            if (compiled.Refusal is not null)
            {
                return compiled.Refusal;
            }
            conditions.Add(compiled.Value!);
        }
        return new CompiledFilters(dataSets, conditions);
    }

    private Outcome<CompiledQuestion> WithCells(CompiledQuestion compiled)
    {
        var by = compiled.Question.By;
        if (by.Count is < 1 or > 2 || by.Distinct().Count() != by.Count)
        {
            return Refuse("bad-crosstab", "a crosstab is by one column, or by two different ones");
        }
        var cells = new List<CellColumn>();
        var stride = 1;
        foreach (var name in by.Reverse())
        {
            var found = FindFilterable(name, compiled.DataSets);
            if (found.Refusal is not null)
            {
                return found.Refusal;
            }
            var column = found.Value!.Column;
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
        return compiled with { Cells = cells };
    }

    private Outcome<CompiledQuestion> WithMeasure(CompiledQuestion compiled)
    {
        var found = Find(compiled.Question.Column ?? "", compiled.DataSets);
        return found.Refusal ?? (found.Value!.Column.Sum
            ? compiled with { Measured = found.Value }
            : (Outcome<CompiledQuestion>)Refuse("not-summable", $"{found.Value.DataSet.Owner} did not open '{compiled.Question.Column}' to sums; opened are {Listed(compiled.DataSets, column => column.Sum)}"));
    }

    private Outcome<CompiledQuestion> WithFrequency(CompiledQuestion compiled)
    {
        var found = Find(contract.Analyses.Reach!.Frequency.ToString(), compiled.DataSets);
        return found.Refusal ?? (Outcome<CompiledQuestion>)(compiled with
        {
            Cells = [new CellColumn(found.Value!.DataSet, found.Value.Index, (int)found.Value.Column.Maximum + 1, 1)],
        });
    }

    private Outcome<CompiledQuestion> WithDesign(CompiledQuestion compiled) =>
        LiftDesignRules.FindProblem(contract, compiled) ?? (Outcome<CompiledQuestion>)compiled;

    private Outcome<CompiledQuestion> WithActivation(CompiledQuestion compiled) =>
        compiled.DataSets.Any(dataSet => dataSet.Name == contract.Analyses.Activation!.DataSet)
            ? compiled
            : Refuse("list-needs-dataset", $"the list is of persons in '{contract.Analyses.Activation!.DataSet}'; let it take part");

    private Outcome<FoundColumn> FindFilterable(string name, IReadOnlyList<DataSet> dataSets)
    {
        var found = Find(name, dataSets);
        return found.Refusal ?? (found.Value!.Column.Filter ? found : NotFilterable(name, found.Value.DataSet));
    }

    private Outcome<FoundColumn> Find(string name, IReadOnlyList<DataSet> dataSets)
    {
        if (!ColumnReference.TryParse(name, out var reference) || contract.FindDataSet(reference!.DataSet) is not { } dataSet)
        {
            return Refuse("no-column", $"there is no column '{name}'; columns are written dataset.column, and the data sets are {string.Join(", ", contract.DataSets.Select(each => each.Name))}");
        }
        if (!dataSets.Contains(dataSet))
        {
            return Refuse("not-taking-part", $"'{name}' is of a data set that takes no part in this question");
        }
        var index = dataSet.Columns.ToList().FindIndex(column => column.Name == reference.Column);
        // Identifiers are no columns of a contract, so they end here as well.
        return index < 0 ? NotFilterable(name, dataSet) : new FoundColumn(dataSet, index);
    }

    private static RoomRefusal NotFilterable(string name, DataSet dataSet) =>
        Refuse("not-filterable", $"'{name}' may not be filtered or grouped by; {dataSet.Owner} opened {Listed([dataSet], column => column.Filter)}");

    private static string Listed(IEnumerable<DataSet> dataSets, Func<Column, bool> isListed) => string.Join(
        ", ", dataSets.SelectMany(dataSet => dataSet.Columns.Where(isListed).Select(column => $"{dataSet.Name}.{column.Name}")).DefaultIfEmpty("nothing"));

    private bool IsAllowed(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => contract.Analyses.Overlap,
        QuestionKind.Crosstab => contract.Analyses.Crosstab,
        QuestionKind.Sum => contract.Analyses.Sum,
        QuestionKind.Reach => contract.Analyses.Reach is not null,
        QuestionKind.Lift => contract.Analyses.Lift is not null,
        _ => contract.Analyses.Activation is not null,
    };

    private string AllowedNames() => string.Join(", ", Enum.GetValues<QuestionKind>().Where(IsAllowed).Select(Name).DefaultIfEmpty("nothing"));

    private static string Name(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => "overlap",
        QuestionKind.Crosstab => "crosstab",
        QuestionKind.Sum => "sum",
        QuestionKind.Reach => "reach",
        QuestionKind.Lift => "lift",
        _ => "activation",
    };

    private static RoomRefusal Refuse(string reason, string detail) => new(RefusalKind.Forbidden, reason, detail);
}
