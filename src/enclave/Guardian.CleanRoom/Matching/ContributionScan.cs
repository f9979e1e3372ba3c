using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// Sums the parts of matched persons. Each run of as many rows as there are sides has one person at most, because a person fills as many;
/// so the runs are the places, and their number is public.
/// </summary>
/// <param name="sides">The number of data sets.</param>
/// <param name="fields">The fields of the columns, in their order.</param>
/// <param name="contributions">Makes the parts.</param>
internal sealed class ContributionScan<TLanes, T>(int sides, IReadOnlyList<ValueField> fields, IContributions contributions)
    : IScan<long[]>
    where TLanes : struct, ILanes<T> where T : struct
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    private readonly long[] totals = new long[contributions.Count];
    private readonly ulong[] codes = new ulong[fields.Count];

    // The mask of the place, then the code of each column: eight words each.
    private readonly AlignedBytes place = new((1 + fields.Count) * Lanes * sizeof(ulong));

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        ref var words = ref merged.Word(0);
        for (var first = 0; first < merged.Rows; first += sides)
        {
            place.Span.Clear();
            for (var row = Math.Max(first, sides - 1); row < Math.Min(first + sides, merged.Rows); row++)
            {
                var index = (nuint)row * Lanes;
                var isMatch = Matches<TLanes, T>.Of(ref words, index, sides, merged.Payload);
                Join(0, isMatch);
                for (var field = 0; field < fields.Count; field++)
                {
                    var code = Matches<TLanes, T>.CodeOf(ref merged.Value(fields[field].Plane, 0), index, sides, fields[field]);
                    Join(1 + field, TLanes.And(code, isMatch));
                }
            }
            for (var lane = 0; lane < Lanes; lane++)
            {
                for (var field = 0; field < codes.Length; field++)
                {
                    codes[field] = place.Words[((1 + field) * Lanes) + lane];
                }
                contributions.Add(codes, unchecked((long)place.Words[lane]), totals);
            }
        }
    }

    /// <inheritdoc/>
    public long[] Total() => totals;

    private void Join(int word, T value)
    {
        var index = (nuint)(word * Lanes);
        TLanes.Store(TLanes.Or(TLanes.Load(ref place.FirstWord, index), value), ref place.FirstWord, index);
    }
}
