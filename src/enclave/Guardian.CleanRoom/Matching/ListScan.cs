using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;

namespace Guardian.CleanRoom.Matching;

/// <summary>Copies the tags of matched persons, and padding for all other elements.</summary>
internal sealed class ListScan<TLanes, T>(RoomLayout layout, int sides) : IScan<List<Tag>>
    where TLanes : struct, ILanes<T> where T : struct
{
    private const int Lanes = RoomLayout.BucketsPerGroup;

    private readonly List<Tag> tags = [];
    private readonly AlignedBytes row = new(2 * Lanes * sizeof(ulong));

    /// <inheritdoc/>
    public bool ReadsRests => true;

    /// <inheritdoc/>
    public void Add(MergeBuffers merged)
    {
        ref var words = ref merged.Word(0);
        var (payload, padding) = (TLanes.All(merged.Payload.Mask), TLanes.All(Elements.Empty));
        for (var index = sides - 1; index < merged.Rows; index++)
        {
            var at = (nuint)(index * Lanes);
            var isMatch = Matches<TLanes, T>.Of(ref words, at, sides, merged.Payload);
            var rest = TLanes.Load(ref merged.Value(merged.Planes - 1, index), 0);
            var word = TLanes.Or(TLanes.AndNot(TLanes.Load(ref words, at), payload), TLanes.And(rest, payload));
            TLanes.Store(TLanes.Select(isMatch, word, padding), ref row.FirstWord, 0);
            TLanes.Store(TLanes.Select(isMatch, TLanes.AndNot(rest, TLanes.All(Elements.PayloadMask)), padding), ref row.FirstWord, Lanes);
            for (var lane = 0; lane < Lanes; lane++)
            {
                tags.Add(layout.TagOf((merged.Group * Lanes) + lane, row.Words[lane], row.Words[Lanes + lane]));
            }
        }
    }

    /// <inheritdoc/>
    public List<Tag> Total() => tags;
}

/// <summary>
/// Sorts tags by Batcher's odd-even merge sort, which touches addresses that depend on the number of tags alone, and writes the first of
/// them.
/// </summary>
internal static class TagList
{
    /// <summary>Bytes of a tag in a list.</summary>
    public const int TagSize = 14;

    /// <summary>Computes the bytes of a list of a number of tags.</summary>
    public static int SizeOf(int count) => count * TagSize;

    /// <summary>Sorts tags with the padding last, and writes a number of them.</summary>
    /// <param name="tags">The tags, in any order.</param>
    /// <param name="count">Tags to write; missing ones are written as padding.</param>
    /// <returns><see cref="TagSize"/> bytes for each tag.</returns>
    public static byte[] Write(IReadOnlyList<Tag> tags, int count)
    {
        var high = tags.Select(tag => tag.High).ToArray();
        var low = tags.Select(tag => tag.Low).ToArray();
        Sort(high, low);
        var list = new byte[SizeOf(count)];
        list.AsSpan().Fill(0xFF);
        Span<byte> word = stackalloc byte[2 * sizeof(ulong)];
        for (var i = 0; i < Math.Min(count, high.Length); i++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(word, high[i]);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(word[sizeof(ulong)..], low[i]);
            word[..TagSize].CopyTo(list.AsSpan(i * TagSize));
        }
        return list;
    }

    private static void Sort(ulong[] high, ulong[] low)
    {
        var count = high.Length;
        for (var run = 1; run < count; run *= 2)
        {
            for (var stride = run; stride > 0; stride /= 2)
            {
                for (var start = stride % run; start + stride < count; start += 2 * stride)
                {
                    for (var i = start; i < Math.Min(start + stride, count - stride); i++)
                    {
                        if (i / (2 * run) == (i + stride) / (2 * run))
                        {
                            CompareExchange(ref high[i], ref high[i + stride], ref low[i], ref low[i + stride]);
                        }
                    }
                }
            }
        }
    }

    private static void CompareExchange(ref ulong highOne, ref ulong highTwo, ref ulong lowOne, ref ulong lowTwo)
    {
        unchecked
        {
            // All ones when the first is greater: the borrow of second minus first.
            var mask = 0UL - (((~highTwo & highOne) | (~(highTwo ^ highOne) & (highTwo - highOne))) >> 63);
            var (high, low) = ((highOne ^ highTwo) & mask, (lowOne ^ lowTwo) & mask);
            (highOne, highTwo) = (highOne ^ high, highTwo ^ high);
            (lowOne, lowTwo) = (lowOne ^ low, lowTwo ^ low);
        }
    }
}
