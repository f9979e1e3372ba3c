using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Applies a condition over several data sets to matched persons: where it does not hold, the person's last element gets the fail bit.
/// Then another scan processes the result. Every part of the condition is evaluated for every element.
/// </summary>
/// <param name="fields">The fields of the condition's columns, in their order.</param>
internal sealed class AcrossScan<TLanes, T, TResult>(
    int sides, CodeCondition condition, IReadOnlyList<ValueField> fields, IScan<TResult> next) : IScan<TResult>
    where TLanes : struct, ILanes<T> where T : struct
{
    /// <inheritdoc/>
    public bool ReadsRests => next.ReadsRests;

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        ref var words = ref merged.Word(0);
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            var index = (nuint)row * RoomLayout.BucketsPerGroup;
            // Only where a person ends: another element may be the first one of another person.
            var dropped = TLanes.AndNot(
                Matches<TLanes, T>.Of(ref words, index, sides, merged.Payload), Holds(condition, merged, index));
            var failed = TLanes.And(dropped, TLanes.All(merged.Payload.FailBit));
            TLanes.Store(TLanes.Or(TLanes.Load(ref words, index), failed), ref words, index);
        }
        next.Add(merged);
    }

    /// <inheritdoc/>
    public TResult Total() => next.Total();

    private T Holds(CodeCondition node, MergeBuffers merged, nuint index)
    {
        switch (node)
        {
            case CodeAll all:
                var everywhere = TLanes.All(ulong.MaxValue);
                foreach (var part in all.Parts)
                {
                    everywhere = TLanes.And(everywhere, Holds(part, merged, index));
                }
                return everywhere;
            case CodeAny any:
                var anywhere = TLanes.All(0);
                foreach (var part in any.Parts)
                {
                    anywhere = TLanes.Or(anywhere, Holds(part, merged, index));
                }
                return anywhere;
            case CodeRanges ranges:
                var field = fields[ranges.Column];
                var code = Matches<TLanes, T>.CodeOf(ref merged.Value(field.Plane, 0), index, sides, field);
                var within = TLanes.All(0);
                foreach (var (first, last) in ranges.Ranges)
                {
                    var isFromFirst = TLanes.Greater(code, TLanes.All(first - 1UL));
                    within = TLanes.Or(within, TLanes.And(isFromFirst, TLanes.Greater(TLanes.All(last + 1UL), code)));
                }
                return within;
            default:
                throw new ArgumentException("no such condition", nameof(node));
        }
    }
}
