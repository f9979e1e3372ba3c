using System.Globalization;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Brings conditions into a canonical form, in which equal conditions look alike: nested "and" and "or" of one kind are joined, adjacent
/// comparisons of one column become one, and parts are sorted.
/// </summary>
internal static class CanonicalCondition
{
    /// <summary>Computes the canonical form of a condition; it is true for the same rows.</summary>
    public static CodeCondition Of(CodeCondition condition) => condition switch
    {
        CodeRanges ranges => ranges with { Ranges = Merged(ranges.Ranges) },
        CodeAll all => Join(
            all.Parts, part => part is CodeAll inner ? inner.Parts : [part], Intersection, parts => new CodeAll(parts)),
        CodeAny any => Join(
            any.Parts, part => part is CodeAny inner ? inner.Parts : [part],
            (one, other) => Merged([.. one, .. other]), parts => new CodeAny(parts)),
        _ => throw new ArgumentException("no such condition", nameof(condition)),
    };

    /// <summary>Writes a condition as text, which differs for different conditions.</summary>
    public static string Text(CodeCondition condition) => condition switch
    {
        CodeRanges ranges => string.Create(
            CultureInfo.InvariantCulture,
            $"{ranges.Column}[{string.Join(' ', ranges.Ranges.Select(range => $"{range.First}-{range.Last}"))}]"),
        CodeAll all => $"({string.Join('&', all.Parts.Select(Text))})",
        CodeAny any => $"({string.Join('/', any.Parts.Select(Text))})",
        _ => throw new ArgumentException("no such condition", nameof(condition)),
    };

    private static CodeCondition Join(
        IReadOnlyList<CodeCondition> parts, Func<CodeCondition, IReadOnlyList<CodeCondition>> flatten,
        Func<IReadOnlyList<(uint First, uint Last)>, IReadOnlyList<(uint First, uint Last)>, List<(uint First, uint Last)>> joinRanges,
        Func<IReadOnlyList<CodeCondition>, CodeCondition> create)
    {
        var flat = parts.Select(Of).SelectMany(flatten).ToList();
        var leaves = flat.OfType<CodeRanges>().GroupBy(leaf => leaf.Column)
            .Select(group => (CodeCondition)new CodeRanges(group.Key, group.Select(leaf => leaf.Ranges).Aggregate(joinRanges)));
        var joined = leaves.Concat(flat.Where(part => part is not CodeRanges))
            .DistinctBy(Text).OrderBy(Text, StringComparer.Ordinal).ToList();
        return joined.Count == 1 ? joined[0] : create(joined);
    }

    // Sorts ranges, and joins those that overlap or touch.
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

    private static List<(uint First, uint Last)> Intersection(
        IReadOnlyList<(uint First, uint Last)> left, IReadOnlyList<(uint First, uint Last)> right) => Merged([
        .. from one in left
           from other in right
           let common = (First: Math.Max(one.First, other.First), Last: Math.Min(one.Last, other.Last))
           where common.First <= common.Last
           select common]);
}
