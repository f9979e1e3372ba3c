using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Compiles conditions to code conditions. It pushes negation down to the comparisons (De Morgan), so that an empty cell never satisfies
/// anything.
/// </summary>
/// <param name="find">Finds a column that may be filtered.</param>
/// <param name="numberOf">Computes the number by which a code condition names a column.</param>
internal sealed class PredicateCompiler(Func<string, Outcome<FoundColumn>> find, Func<FoundColumn, int> numberOf)
{
    // Each value costs a pass over the column.
    private const int MaxValues = 100;

    /// <summary>Compiles a condition on columns that may be filtered.</summary>
    public Outcome<CodeCondition> Compile(Condition condition) => Compile(condition, isNegated: false);

    private Outcome<CodeCondition> Compile(Condition condition, bool isNegated) => condition switch
    {
        Predicate predicate => CompilePredicate(predicate, isNegated),
        NotOf not => Compile(not.Condition, !isNegated),
        AllOf all => CompileParts(all.Conditions, isNegated, isAll: !isNegated),
        AnyOf any => CompileParts(any.Conditions, isNegated, isAll: isNegated),
        _ => RoomReasons.BadFilter.Because("a condition is a comparison, or 'all', 'any' or 'not' of conditions"),
    };

    private Outcome<CodeCondition> CompileParts(IReadOnlyList<Condition> conditions, bool isNegated, bool isAll)
    {
        if (conditions.Count == 0)
        {
            return RoomReasons.BadFilter.Because("'all' and 'any' need at least one condition");
        }
        var parts = new List<CodeCondition>();
        foreach (var condition in conditions)
        {
            var part = Compile(condition, isNegated);
            if (part.Refusal is not null)
            {
                return part.Refusal;
            }
            parts.Add(part.Value!);
        }
        return isAll ? new CodeAll(parts) : new CodeAny(parts);
    }

    private Outcome<CodeCondition> CompilePredicate(Predicate predicate, bool isNegated)
    {
        var found = find(predicate.Column);
        if (found.Refusal is not null)
        {
            return found.Refusal;
        }
        var column = found.Value!.Column;
        var wanted = predicate.Operator switch
        {
            "between" => 2,
            "in" => Math.Clamp(predicate.Values.Count, 1, MaxValues),
            _ => 1,
        };
        if (predicate.Values.Count != wanted)
        {
            return Refuse(predicate, $"needs one value, for 'between' two, or for 'in' up to {MaxValues}");
        }
        var values = new List<long>();
        foreach (var text in predicate.Values)
        {
            if (!CellText.TryRead(column, text, out var value, out var problem))
            {
                return Refuse(predicate, problem!);
            }
            if (!column.IsOpen(value))
            {
                var open = string.Join(", ", column.OpenValues!.Take(20).Select(each => CellText.Write(column, each)));
                return RoomReasons.ValueNotOpen.Because(
                    $"'{predicate.Column}' may be compared only with the values that its owner opened: {open}");
            }
            values.Add(value);
        }
        var isOrdered = column.Kind is ColumnKind.Integer or ColumnKind.Decimal or ColumnKind.Date;
        if (!isOrdered && predicate.Operator is "<" or "<=" or ">" or ">=" or "between")
        {
            return Refuse(predicate, "has an order only for numbers and dates; use =, != or in");
        }
        var (least, greatest, first) = (column.Minimum, column.Maximum, values[0]);
        (long First, long Last)[]? ranges = predicate.Operator switch
        {
            "=" => [(first, first)],
            "in" => [.. values.Distinct().Select(value => (value, value))],
            "!=" => [(least, first - 1), (first + 1, greatest)],
            "<" => [(least, first - 1)],
            "<=" => [(least, first)],
            ">" => [(first + 1, greatest)],
            ">=" => [(first, greatest)],
            "between" => [(first, values[1])],
            _ => null,
        };
        if (ranges is null)
        {
            return Refuse(predicate, "has no such operator; there are =, !=, <, <=, >, >=, in, between");
        }
        IEnumerable<(long First, long Last)> wantedRanges = isNegated ? Complement(ranges, least, greatest) : ranges;
        return new CodeRanges(
            numberOf(found.Value),
            [
                .. wantedRanges.Where(range => range.First <= range.Last)
                    .Select(range => ((uint)(range.First - least + 1), (uint)(range.Last - least + 1))),
            ]);
    }

    private static List<(long First, long Last)> Complement((long First, long Last)[] ranges, long least, long greatest)
    {
        var gaps = new List<(long First, long Last)>();
        var next = least;
        foreach (var (first, last) in ranges.Where(range => range.First <= range.Last).OrderBy(range => range.First))
        {
            gaps.Add((next, first - 1));
            next = Math.Max(next, last + 1);
        }
        gaps.Add((next, greatest));
        return gaps;
    }

    private static Refusal Refuse(Predicate predicate, string problem) => RoomReasons.BadFilter.Because(
        $"filter '{predicate with { Values = [.. predicate.Values.Take(5)] }}': {problem}");
}

/// <summary>A column that a question may name.</summary>
internal sealed record FoundColumn(DataSet DataSet, int Index)
{
    public Column Column => DataSet.Columns[Index];
}
