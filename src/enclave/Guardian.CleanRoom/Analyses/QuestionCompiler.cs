using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Checks questions against the contract and compiles them. It refuses every question that the contract does not allow.</summary>
internal sealed class QuestionCompiler(RoomContract contract)
{
    /// <summary>Compiles a question.</summary>
    public Outcome<CompiledQuestion> Compile(Question question)
    {
        if (!IsAllowed(question.Kind))
        {
            return RoomReasons.AnalysisNotAllowed.Because(
                $"the contract does not allow {NameOf(question.Kind)}; it allows {ListAllowed()}");
        }
        if ((question.By.Count > 0 && question.Kind is not (QuestionKind.Crosstab or QuestionKind.Lift))
            || (question.Column is not null && question.Kind != QuestionKind.Sum))
        {
            return RoomReasons.ByNotHere.Because("only a crosstab and lift are by columns, and only a sum is of a column");
        }
        if (question.Kind == QuestionKind.Program == contract.Analyses.FindProgram(question.Program) is null)
        {
            return RoomReasons.NoProgram.Because(
                $"name one of the contract's programs: {string.Join(", ", contract.Analyses.Programs.Select(program => program.Name))}");
        }
        var dataSets = FindDataSets(question);
        if (dataSets.Refusal is not null)
        {
            return dataSets.Refusal;
        }
        if (contract.Persons is { } persons && dataSets.Value!.All(dataSet => dataSet.Name != persons))
        {
            return RoomReasons.PersonsMissing.Because($"name '{persons}' too: rows of other data sets match only through its persons");
        }
        var filters = CompileFilters(question, dataSets.Value!);
        if (filters.Refusal is not null)
        {
            return filters.Refusal;
        }
        var compiled = new CompiledQuestion(question, dataSets.Value!, filters.Value!, []);
        return question.Kind switch
        {
            QuestionKind.Crosstab => CompileCrosstab(compiled),
            QuestionKind.Sum => CompileSum(compiled),
            QuestionKind.Reach => CompileReach(compiled),
            QuestionKind.Lift => CompileLift(compiled),
            QuestionKind.Activation => CompileActivation(compiled),
            QuestionKind.Program => CompileProgram(compiled),
            _ => compiled,
        };
    }

    private Outcome<List<DataSet>> FindDataSets(Question question)
    {
        if (question.Kind == QuestionKind.Lift)
        {
            var design = contract.Analyses.Lift!;
            // The assignment comes first and the outcomes last; a condition or segments of another data set let that one take part too.
            string[] ends = [design.Assignment.DataSet, design.Outcomes[0].DataSet];
            var named = question.Where.SelectMany(condition => condition.Predicates()).Select(each => each.Column)
                .Concat(question.By).Select(column => column.Split('.')[0]).ToHashSet();
            var others = contract.DataSets.Where(dataSet => named.Contains(dataSet.Name) && !ends.Contains(dataSet.Name));
            return question.DataSets.Count == 0
                ? new List<DataSet>([contract.FindDataSet(ends[0])!, .. others, contract.FindDataSet(ends[1])!])
                : RoomReasons.DesignFixed.Because(
                    "lift is over the data sets of its design, of its conditions and of its segments; leave them out");
        }
        var unknown = question.DataSets.FirstOrDefault(name => contract.FindDataSet(name) is null);
        if (unknown is not null)
        {
            return RoomReasons.NoDataSet.Because($"the contract has no data set '{unknown}'; it has {contract.DataSetNames}");
        }
        var chosen = contract.DataSets
            .Where(dataSet => question.DataSets.Count == 0 || question.DataSets.Contains(dataSet.Name)).ToList();
        // One data set alone needs no room, because only its owner sees it anyway.
        return chosen.Count > 1
            ? Inclusions.Reduce(contract, chosen, FindConcerned(question))
            : RoomReasons.OneDataSet.Because("a question is about persons in at least two data sets");
    }

    // The data sets of the columns that a question names, directly or by the contract's design.
    private HashSet<string> FindConcerned(Question question)
    {
        var columns = question.Where.SelectMany(condition => condition.Predicates()).Select(predicate => predicate.Column)
            .Concat(question.By).Append(question.Column)
            .Append(question.Kind == QuestionKind.Reach ? contract.Analyses.Reach!.Frequency.ToString() : null)
            .Concat(contract.Analyses.FindProgram(question.Program)?.Inputs.Select(input => input.ToString()) ?? [])
            .Append(question.Kind == QuestionKind.Activation ? $"{contract.Analyses.Activation!.DataSet}." : null);
        return [.. columns.OfType<string>().Select(column => column.Split('.')[0])];
    }

    private Outcome<CompiledFilters> CompileFilters(Question question, List<DataSet> dataSets)
    {
        var predicates = question.Where.SelectMany(condition => condition.Predicates());
        var most = contract.Privacy.MaxFilters;
        if (predicates.GroupBy(predicate => predicate.Column.Split('.')[0]).FirstOrDefault(group => group.Count() > most) is { } crowded)
        {
            return RoomReasons.TooManyFilters.Because(
                $"a question may make {most} comparisons on a data set, not {crowded.Count()} on '{crowded.Key}'");
        }
        var compiler = new PredicateCompiler(
            name => FindFilterable(name, dataSets), column => CompiledFilters.NumberOf(dataSets, column));
        var conditions = new List<CodeCondition>();
        foreach (var condition in question.Where)
        {
            var compiled = compiler.Compile(condition);
            if (compiled.Refusal is not null)
            {
                return compiled.Refusal;
            }
            conditions.Add(compiled.Value!);
        }
        return new CompiledFilters(dataSets, conditions);
    }

    private Outcome<CompiledQuestion> CompileCrosstab(CompiledQuestion compiled)
    {
        var by = compiled.Question.By;
        if (by.Count is < 1 or > 2 || by.Distinct().Count() != by.Count)
        {
            return RoomReasons.BadCrosstab.Because("a crosstab is by one column, or by two different ones");
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
            if (FindGroupProblem(name, column) is { } problem)
            {
                return problem;
            }
            var size = (int)(column.Maximum - column.Minimum + 1);
            cells.Insert(0, new CellColumn(found.Value.DataSet, found.Value.Index, size, stride));
            if ((long)stride * size > RoomAnalyses.MaxCells)
            {
                return RoomReasons.TooManyCells.Because(
                    $"this crosstab would have more than {RoomAnalyses.MaxCells} cells; use columns with fewer values");
            }
            stride *= size;
        }
        return compiled with { Cells = cells };
    }

    private Outcome<CompiledQuestion> CompileSum(CompiledQuestion compiled)
    {
        var found = Find(compiled.Question.Column ?? "", compiled.DataSets);
        if (found.Refusal is not null)
        {
            return found.Refusal;
        }
        return found.Value!.Column.Sum
            ? compiled with { Measured = found.Value }
            : RoomReasons.NotSummable.Because(
                $"{found.Value.DataSet.Owner} did not open '{compiled.Question.Column}' to sums; "
                + $"opened are {ListColumns(compiled.DataSets, column => column.Sum)}");
    }

    private Outcome<CompiledQuestion> CompileReach(CompiledQuestion compiled)
    {
        var found = Find(contract.Analyses.Reach!.Frequency.ToString(), compiled.DataSets);
        if (found.Refusal is not null)
        {
            return found.Refusal;
        }
        var column = found.Value!;
        return compiled with
        {
            Cells = [new CellColumn(column.DataSet, column.Index, (int)column.Column.Maximum + 1, 1, IsEmptyLeast: true)],
        };
    }

    private Outcome<CompiledQuestion> CompileLift(CompiledQuestion compiled)
    {
        if (LiftDesignRules.FindProblem(contract, compiled) is { } refusal)
        {
            return refusal;
        }
        var segments = FindSegments(compiled);
        if (segments.Refusal is not null)
        {
            return segments.Refusal;
        }
        var plan = segments.Value!;
        compiled = compiled with { Cells = plan.Cells };
        if (plan.Clusters is not { } clusters)
        {
            return compiled;
        }
        // A person without a cluster was not assigned with anybody, and does not count.
        var found = new FoundColumn(compiled.DataSets[0], clusters.Column);
        var last = (uint)(found.Column.Maximum - found.Column.Minimum + 1);
        return compiled with
        {
            Filters = compiled.Filters.With([new CodeRanges(CompiledFilters.NumberOf(compiled.DataSets, found), [(1, last)])]),
        };
    }

    private Outcome<LiftPlan> FindSegments(CompiledQuestion compiled)
    {
        if (compiled.Question.By is not [var name, ..] by)
        {
            return new LiftPlan(contract, null);
        }
        if (by.Count > 1)
        {
            return RoomReasons.BadCrosstab.Because("lift is by one column");
        }
        var found = FindFilterable(name, compiled.DataSets);
        if ((found.Refusal ?? FindGroupProblem(name, found.Value!.Column)) is { } problem)
        {
            return problem;
        }
        var plan = new LiftPlan(contract, found.Value);
        return plan.IsTooLarge
            ? RoomReasons.TooManyCells.Because(
                $"lift by '{name}' would have {plan.CellCount} cells of segments, arms and clusters, and {plan.ComparisonCount} "
                + "comparisons; use a column with fewer values, or filter by them")
            : plan;
    }

    private static Refusal? FindGroupProblem(string name, Column column) => column.Kind is ColumnKind.Category or ColumnKind.Flag
        ? null
        : RoomReasons.NotGroupable.Because(
            $"'{name}' is neither a category nor a flag, so nothing can be grouped by it; filter by ranges of it instead");

    private Outcome<CompiledQuestion> CompileActivation(CompiledQuestion compiled)
    {
        var listed = contract.Analyses.Activation!.DataSet;
        return compiled.DataSets.Any(dataSet => dataSet.Name == listed)
            ? compiled
            : RoomReasons.ListNeedsDataSet.Because($"the list has persons of '{listed}'; let it take part");
    }

    private Outcome<CompiledQuestion> CompileProgram(CompiledQuestion compiled)
    {
        // The members opened the columns to the program when they signed its inputs.
        var missing = contract.Analyses.FindProgram(compiled.Question.Program)!.Inputs
            .FirstOrDefault(input => compiled.DataSets.All(dataSet => dataSet.Name != input.DataSet));
        return missing is null
            ? compiled
            : RoomReasons.NotTakingPart.Because($"the program reads '{missing}', of a data set that takes no part in this question");
    }

    private Outcome<FoundColumn> FindFilterable(string name, IReadOnlyList<DataSet> dataSets)
    {
        var found = Find(name, dataSets);
        return found.Refusal is null && !found.Value!.Column.Filter ? RefuseFilter(name, found.Value.DataSet) : found;
    }

    private Outcome<FoundColumn> Find(string name, IReadOnlyList<DataSet> dataSets)
    {
        if (!ColumnReference.TryParse(name, out var reference) || contract.FindDataSet(reference!.DataSet) is not { } dataSet)
        {
            return RoomReasons.NoColumn.Because(
                $"there is no column '{name}'; columns are written dataset.column, and the data sets are {contract.DataSetNames}");
        }
        if (!dataSets.Contains(dataSet))
        {
            return RoomReasons.NotTakingPart.Because($"'{name}' is of a data set that takes no part in this question");
        }
        var index = dataSet.Columns.ToList().FindIndex(column => column.Name == reference.Column);
        // Identifiers are not columns of a contract, so they are refused here too.
        return index < 0 ? RefuseFilter(name, dataSet) : new FoundColumn(dataSet, index);
    }

    private static Refusal RefuseFilter(string name, DataSet dataSet) => RoomReasons.NotFilterable.Because(
        $"'{name}' may not be filtered or grouped by; {dataSet.Owner} opened {ListColumns([dataSet], column => column.Filter)}");

    private static string ListColumns(IEnumerable<DataSet> dataSets, Func<Column, bool> isListed)
    {
        var names = dataSets.SelectMany(dataSet => dataSet.Columns.Where(isListed).Select(column => $"{dataSet.Name}.{column.Name}"));
        return string.Join(", ", names.DefaultIfEmpty("nothing"));
    }

    private bool IsAllowed(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => contract.Analyses.Overlap,
        QuestionKind.Crosstab => contract.Analyses.Crosstab,
        QuestionKind.Sum => contract.Analyses.Sum,
        QuestionKind.Reach => contract.Analyses.Reach is not null,
        QuestionKind.Lift => contract.Analyses.Lift is not null,
        QuestionKind.Program => contract.Analyses.Programs.Count > 0,
        _ => contract.Analyses.Activation is not null,
    };

    private string ListAllowed() =>
        string.Join(", ", Enum.GetValues<QuestionKind>().Where(IsAllowed).Select(NameOf).DefaultIfEmpty("nothing"));

    private static string NameOf(QuestionKind kind) => kind switch
    {
        QuestionKind.Overlap => "overlap",
        QuestionKind.Crosstab => "crosstab",
        QuestionKind.Sum => "sum",
        QuestionKind.Reach => "reach",
        QuestionKind.Lift => "lift",
        QuestionKind.Program => "program",
        _ => "activation",
    };
}
