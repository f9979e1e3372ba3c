using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// Tests whether a set can be computed from other sets by adding and subtracting multiples of them, whatever the rows are: all regions
/// together are everybody with a region. An answer about such a set tells nothing that the others do not tell.
/// </summary>
/// <remarks>
/// It goes through all classes of persons that the conditions distinguish, as if each had somebody in it, and looks for a factor of each
/// set with which the sets that contain a class add up to zero, in every class. A class that in truth is empty can only make the test
/// fail. The work is bounded; a relation that needs more counts as none.
/// </remarks>
internal sealed class LogicalRelation
{
    // Evaluations of a condition. A table of 1,000 cells and its total need a few hundred thousand.
    private const int MostEvaluations = 4_000_000;

    // 2^61 - 1. The determinants that matter here are far smaller than would be needed to be a multiple of it by design.
    private const long Prime = 2_305_843_009_213_693_951;

    private readonly List<Variable> variables = [];
    private readonly List<Formula> formulas = [];
    private readonly Dictionary<string, List<int>> classes = [];
    private int evaluations;

    private LogicalRelation(IReadOnlyList<SetTerms> sets, IReadOnlySet<string> complete)
    {
        var starts = new Dictionary<string, SortedSet<uint>>();
        foreach (var set in sets)
        {
            foreach (var leaf in set.Condition?.Leaves() ?? [])
            {
                var column = set.Columns[leaf.Column];
                if (!starts.TryGetValue(column.Name, out var known))
                {
                    // An empty cell is a class of its own, unless the version has none in this column.
                    starts[column.Name] = known = complete.Contains(column.Name) ? [1] : [0, 1];
                }
                foreach (var (first, last) in leaf.Ranges)
                {
                    known.Add(first);
                    if (last < column.LastCode)
                    {
                        known.Add(last + 1);
                    }
                }
            }
        }
        var numbers = new Dictionary<string, int>();
        foreach (var (name, codes) in starts)
        {
            numbers[name] = variables.Count;
            variables.Add(new Variable([.. codes]));
        }
        foreach (var name in sets.SelectMany(set => set.DataSets).Distinct())
        {
            numbers[name] = variables.Count;
            variables.Add(new Variable([0, 1]));
        }
        formulas.AddRange(sets.Select(set => Compile(set, numbers)));
    }

    /// <summary>Tests whether a set follows from others.</summary>
    /// <param name="sets">The set, then the others.</param>
    /// <param name="complete">Names of the columns that have no empty cell.</param>
    public static bool Holds(IReadOnlyList<SetTerms> sets, IReadOnlySet<string> complete)
    {
        var relation = new LogicalRelation(sets, complete);
        return relation.FindClasses([.. Enumerable.Range(0, sets.Count)], [], new int?[relation.variables.Count])
            && relation.HasFactors();
    }

    // Divides the persons by one variable after the other, until each condition is certain.
    private bool FindClasses(List<int> open, List<int> inside, int?[] values)
    {
        var (still, found) = (new List<int>(), new List<int>(inside));
        int? next = null;
        foreach (var number in open)
        {
            if (++evaluations > MostEvaluations)
            {
                return false;
            }
            var (truth, doubtful) = formulas[number].Evaluate(values);
            if (truth is null)
            {
                still.Add(number);
                next ??= doubtful;
            }
            else if (truth == true)
            {
                found.Add(number);
            }
        }
        if (next is not { } variable)
        {
            found.Sort();
            if (found.Count > 0)
            {
                classes.TryAdd(string.Join(',', found), found);
            }
            return true;
        }
        for (var value = 0; value < variables[variable].Starts.Count; value++)
        {
            values[variable] = value;
            if (!FindClasses(still, found, values))
            {
                return false;
            }
        }
        values[variable] = null;
        return true;
    }

    // Solves for the factors: in each class, those of the sets that contain it and the factor 1 of the first set add up to zero. Rows in
    // echelon form, modulo a prime; the first column is the constant.
    private bool HasFactors()
    {
        var rows = new Dictionary<int, SortedDictionary<int, long>>();
        foreach (var sets in classes.Values)
        {
            var row = new SortedDictionary<int, long>();
            foreach (var set in sets)
            {
                row[set] = 1;
            }
            for (var column = FirstFactor(row); column is { } known && rows.TryGetValue(known, out var pivot); column = FirstFactor(row))
            {
                evaluations += pivot.Count;
                if (evaluations > MostEvaluations)
                {
                    return false;
                }
                Subtract(row, pivot, row[known]);
            }
            if (FirstFactor(row) is { } fresh)
            {
                Scale(row, Inverse(row[fresh]));
                rows[fresh] = row;
            }
            else if (row.Count > 0)
            {
                return false;
            }
        }
        return true;
    }

    private static int? FirstFactor(SortedDictionary<int, long> row)
    {
        foreach (var column in row.Keys)
        {
            if (column > 0)
            {
                return column;
            }
        }
        return null;
    }

    private static void Subtract(SortedDictionary<int, long> row, SortedDictionary<int, long> pivot, long factor)
    {
        foreach (var (column, value) in pivot)
        {
            var rest = (long)((row.GetValueOrDefault(column) + Prime - Multiply(value, factor)) % Prime);
            if (rest == 0)
            {
                row.Remove(column);
            }
            else
            {
                row[column] = rest;
            }
        }
    }

    private static void Scale(SortedDictionary<int, long> row, long factor)
    {
        foreach (var column in row.Keys.ToList())
        {
            row[column] = Multiply(row[column], factor);
        }
    }

    private static long Multiply(long one, long other) => (long)((Int128)one * other % Prime);

    // Fermat: x^(p-2).
    private static long Inverse(long number)
    {
        var (result, power) = (1L, number);
        for (var exponent = Prime - 2; exponent > 0; exponent /= 2)
        {
            result = exponent % 2 == 1 ? Multiply(result, power) : result;
            power = Multiply(power, power);
        }
        return result;
    }

    private Junction Compile(SetTerms set, Dictionary<string, int> numbers)
    {
        Formula Membership(string dataSet) => new Leaf(numbers[dataSet], [false, true]);
        Formula Of(CodeCondition condition) => condition switch
        {
            CodeRanges ranges => OfRanges(ranges, numbers[set.Columns[ranges.Column].Name]),
            CodeAll all => new Junction([.. all.Parts.Select(Of)], IsAll: true),
            CodeAny any => new Junction([.. any.Parts.Select(Of)], IsAll: false),
            _ => throw new ArgumentException("no such condition", nameof(set)),
        };
        return new Junction(
            [.. set.DataSets.Select(Membership), .. set.Condition is { } condition ? [Of(condition)] : Array.Empty<Formula>()],
            IsAll: true);
    }

    private Leaf OfRanges(CodeRanges ranges, int variable) => new(
        variable,
        [.. variables[variable].Starts.Select(start => ranges.Ranges.Any(range => range.First <= start && start <= range.Last))]);

    // A column's codes, or membership, in classes that the conditions do not divide further; each begins with one of these codes.
    private sealed record Variable(IReadOnlyList<uint> Starts);

    private abstract record Formula
    {
        // Null when it depends on a variable without a value; then one of those.
        public abstract (bool? Truth, int? Doubtful) Evaluate(int?[] values);
    }

    private sealed record Leaf(int Number, bool[] Truths) : Formula
    {
        private readonly bool? constant = Truths.Distinct().Count() == 1 ? Truths[0] : null;

        public override (bool? Truth, int? Doubtful) Evaluate(int?[] values) =>
            values[Number] is { } value ? (Truths[value], null) : (constant, constant is null ? Number : null);
    }

    private sealed record Junction(IReadOnlyList<Formula> Parts, bool IsAll) : Formula
    {
        public override (bool? Truth, int? Doubtful) Evaluate(int?[] values)
        {
            int? doubtful = null;
            foreach (var part in Parts)
            {
                var (truth, variable) = part.Evaluate(values);
                if (truth == !IsAll)
                {
                    return (truth, null);
                }
                doubtful ??= variable;
            }
            return doubtful is null ? (IsAll, null) : (null, doubtful);
        }
    }
}
