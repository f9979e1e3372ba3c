using System.Numerics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>Makes a sketch of the matched persons of each cell. It touches every word that a group may change for every element.</summary>
internal sealed class SketchScan<TLanes, T>(int sides, int cells, SketchLayout layout, SketchKey key) : IScan<ulong[]>
    where TLanes : struct, ILanes<T> where T : struct
{
    private const nuint Lanes = RoomLayout.BucketsPerGroup;

    // Bits that number the bits of a word.
    private const int BitBits = 6;

    private readonly int wordBits = BitOperations.Log2((uint)layout.WordsPerBucket);
    private readonly AlignedBytes buckets = new(sizeof(ulong) * RoomLayout.BucketsPerGroup);
    private readonly AlignedBytes sketches = Zeroed(cells * layout.WordCount);

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        for (var lane = 0; lane < RoomLayout.BucketsPerGroup; lane++)
        {
            buckets.Words[lane] = ((ulong)merged.Group * RoomLayout.BucketsPerGroup) + (ulong)lane;
        }
        var bucket = TLanes.Load(ref buckets.FirstWord, 0);
        ref var words = ref merged.Word(0);
        var payload = merged.Payload;
        for (var row = sides - 1; row < merged.Rows; row++)
        {
            var index = (nuint)row * Lanes;
            var isMatch = Matches<TLanes, T>.Of(ref words, index, sides, payload);
            var code = Matches<TLanes, T>.CellOf(ref words, index, sides, payload);
            var hash = Hash(bucket, TLanes.Load(ref words, index));
            var flip = TLanes.And(isMatch, OneHot(TLanes.ShiftRight(hash, 64 - BitBits)));
            for (var word = 0; word < layout.WordsPerBucket; word++)
            {
                Flip(merged.Group % layout.Slots, word, TLanes.And(flip, IsWord(hash, word)), code);
            }
        }
    }

    /// <inheritdoc/>
    public ulong[] Total() => sketches.Words.ToArray();

    // Multiply-shift with secret factors over the bucket and the bits of the word that never hold a payload.
    private T Hash(T bucket, T word)
    {
        var tag = TLanes.AndNot(word, TLanes.All(Elements.PayloadMask));
        var mixed = TLanes.Add(TLanes.Multiply(bucket, TLanes.All(key.First)), TLanes.Multiply(tag, TLanes.All(key.Second)));
        return TLanes.Multiply(TLanes.Xor(mixed, TLanes.ShiftRight(mixed, 32)), TLanes.All(key.Third));
    }

    // Sets only the bit of a number of six bits: shifts a one by 1, 2, 4, … for each bit of the number.
    private static T OneHot(T number)
    {
        var bit = TLanes.All(1);
        for (var shift = 1; shift < 1 << BitBits; shift *= 2)
        {
            var wanted = TLanes.Equal(TLanes.And(number, TLanes.All((ulong)shift)), TLanes.All((ulong)shift));
            bit = TLanes.Select(wanted, TLanes.ShiftLeft(bit, shift), bit);
        }
        return bit;
    }

    private T IsWord(T hash, int word) => wordBits == 0
        ? TLanes.All(ulong.MaxValue)
        : TLanes.Equal(
            TLanes.And(TLanes.ShiftRight(hash, 64 - BitBits - wordBits), TLanes.All((ulong)layout.WordsPerBucket - 1)),
            TLanes.All((ulong)word));

    private void Flip(int slot, int word, T flip, T code)
    {
        for (var cell = 0; cell < cells; cell++)
        {
            var target = (nuint)((((cell * layout.Slots) + slot) * layout.WordsPerBucket) + word) * Lanes;
            var inCell = cells == 1 ? flip : TLanes.And(flip, TLanes.Equal(code, TLanes.All((ulong)cell)));
            TLanes.Store(TLanes.Xor(TLanes.Load(ref sketches.FirstWord, target), inCell), ref sketches.FirstWord, target);
        }
    }

    private static AlignedBytes Zeroed(int count)
    {
        var bytes = new AlignedBytes(count * sizeof(ulong));
        bytes.Span.Clear();
        return bytes;
    }
}
