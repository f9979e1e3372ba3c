using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Lets a condition over several data sets decide which matched persons count: where it does not hold, the person's last element gets the fail bit. Then another scan looks at what
/// is left. Every part of the condition is evaluated for every element.
/// </summary>
/// <param name="fields">Where the condition's columns lie, in their order.</param>
internal sealed class AcrossScan<TLanes, T, TResult>(int sides, CodeCondition condition, IReadOnlyList<ValueField> fields, IScan<TResult> next) : IScan<TResult>
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
            // Only where a person ends: what lies elsewhere may be the first element of another.
            var dropped = TLanes.AndNot(Matches<TLanes, T>.Of(ref words, index, sides, merged.Payload), Holds(condition, merged, index));
            TLanes.Store(TLanes.Or(TLanes.Load(ref words, index), TLanes.And(dropped, TLanes.All(merged.Payload.FailBit))), ref words, index);
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
                    within = TLanes.Or(within, TLanes.And(TLanes.Greater(code, TLanes.All(first - 1UL)), TLanes.Greater(TLanes.All(last + 1UL), code)));
                }
                return within;
            default:
                throw new ArgumentException("no such condition", nameof(node));
        }
    }
}
