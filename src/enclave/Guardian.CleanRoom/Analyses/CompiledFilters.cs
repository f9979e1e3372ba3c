using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// The conditions of a question in canonical form, separated by when they are evaluated: a condition on one data set filters its rows
/// before they are matched; a condition on several data sets is evaluated on matched persons.
/// </summary>
internal sealed class CompiledFilters
{
    private readonly IReadOnlyList<DataSet> dataSets;
    private readonly IReadOnlyList<CodeCondition> parts;

    /// <param name="dataSets">The data sets that take part.</param>
    /// <param name="conditions">The conditions, all of which must hold. <see cref="NumberOf"/> numbers their columns.</param>
    public CompiledFilters(IReadOnlyList<DataSet> dataSets, IReadOnlyList<CodeCondition> conditions)
    {
        this.dataSets = dataSets;
        parts = conditions.Count == 0
            ? []
            : CanonicalCondition.Of(new CodeAll(conditions)) switch { CodeAll all => all.Parts, var one => [one] };
        var mixed = parts.Where(part => SidesOf(part).Count() > 1).ToList();
        var columns = mixed.SelectMany(part => part.Leaves()).Select(leaf => leaf.Column).Distinct().Order().ToList();
        Across = mixed.Count == 0 ? null : new AcrossCondition(
            [.. columns.Select(Find).Select(found => new Measure(found.Side, found.Column))],
            Renumbered(new CodeAll(mixed), columns.IndexOf));
    }

    /// <summary>The conditions on matched persons; null for none.</summary>
    public AcrossCondition? Across { get; }

    /// <summary>The filters as text, equal for equal filters however they are written.</summary>
    public string Text => string.Join('&', parts.Select(CanonicalCondition.Text));

    /// <summary>Adds further conditions.</summary>
    public CompiledFilters With(IEnumerable<CodeCondition> further) => new(dataSets, [.. parts, .. further]);

    /// <summary>Leaves out conditions that a column has any value.</summary>
    /// <param name="isLeftOut">Tells whether such a condition on a column is left out.</param>
    public CompiledFilters WithoutAnyValue(Func<DataSet, int, bool> isLeftOut)
    {
        bool IsLeftOut(CodeRanges leaf, uint last)
        {
            var (side, column) = Find(leaf.Column);
            return last >= LastCodeOf(dataSets[side].Columns[column]) && isLeftOut(dataSets[side], column);
        }
        return new(dataSets, [.. parts.Where(part => part is not CodeRanges { Ranges: [(1, var last)] } leaf || !IsLeftOut(leaf, last))]);
    }

    /// <summary>Selects the conditions on the rows of one data set.</summary>
    public IReadOnlyList<CodeCondition> Of(DataSet dataSet) =>
    [
        .. parts.Where(part => SidesOf(part).SequenceEqual([IndexOf(dataSet)]))
            .Select(part => Renumbered(part, number => Find(number).Column)),
    ];

    /// <summary>Writes the conditions as terms of a set.</summary>
    /// <param name="members">The data sets that its persons are in, with their versions.</param>
    /// <param name="nameOf">Names the version of a data set.</param>
    public SetTerms TermsOf(IReadOnlyList<string> members, Func<DataSet, string> nameOf)
    {
        var columns = parts.SelectMany(part => part.Leaves()).Select(leaf => leaf.Column).Distinct().ToList();
        return new SetTerms(
            members,
            [.. columns.Select(Find).Select(found => new TermColumn(
                $"{nameOf(dataSets[found.Side])}.{found.Column}", LastCodeOf(dataSets[found.Side].Columns[found.Column])))],
            parts.Count == 0 ? null : Renumbered(new CodeAll(parts), columns.IndexOf));
    }

    private static uint LastCodeOf(Column column) => (uint)(column.Maximum - column.Minimum + 1);

    /// <summary>Computes the number of a column among the columns of all data sets that take part.</summary>
    public static int NumberOf(IReadOnlyList<DataSet> dataSets, FoundColumn column) =>
        dataSets.TakeWhile(dataSet => dataSet != column.DataSet).Sum(dataSet => dataSet.Columns.Count) + column.Index;

    private int IndexOf(DataSet dataSet) => dataSets.ToList().IndexOf(dataSet);

    private IEnumerable<int> SidesOf(CodeCondition condition) =>
        condition.Leaves().Select(leaf => Find(leaf.Column).Side).Distinct();

    private (int Side, int Column) Find(int number)
    {
        var side = 0;
        for (; number >= dataSets[side].Columns.Count; side++)
        {
            number -= dataSets[side].Columns.Count;
        }
        return (side, number);
    }

    private static CodeCondition Renumbered(CodeCondition condition, Func<int, int> number) => condition switch
    {
        CodeRanges ranges => ranges with { Column = number(ranges.Column) },
        CodeAll all => new CodeAll([.. all.Parts.Select(part => Renumbered(part, number))]),
        CodeAny any => new CodeAny([.. any.Parts.Select(part => Renumbered(part, number))]),
        _ => throw new ArgumentException("no such condition", nameof(condition)),
    };
}
