using System.Numerics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Layout;

/// <summary>
/// The public shape of a room's stored data. Every data set is split by tag into the same <see cref="BucketCount"/> buckets, each padded
/// to the data set's capacity. Eight interleaved buckets are a group, and a group is one encrypted chunk.
/// </summary>
/// <remarks>
/// Group plaintext, little-endian, with C = capacity, slot e of bucket q at index e*8+q:
/// <code>
///   uint64 word[C*8] | uint64 rest[C*8] | for each column: code[C*8] of CodeSize bytes
/// </code>
/// Bucket of a tag: floor(tagHigh * BucketCount / 2^64). Its words in a bucket that begins at F, with s = <see cref="CommonBits"/>:
/// word = (tagHigh - F) * 2^s + floor(tagLow / 2^(64-s)), rest = tagLow * 2^s modulo 2^64. Tags have 112 bits, so the low 16 + s bits of
/// rest are zero. Rows ascend by word, and no two words of a bucket agree in all but their lowest 16 bits. Empty slots follow, with
/// word = rest = 2^64-1 and all codes 0. An upload in any order has no buckets yet; there the words are tagHigh and tagLow.
/// </remarks>
public sealed class RoomLayout
{
    /// <summary>Buckets that are interleaved in one group.</summary>
    public const int BucketsPerGroup = 8;

    // Slots per bucket of the largest data set: the merge buffers of a group of both sides stay in the processor's cache.
    private const int LargestCapacity = 2048;

    private const int WordBits = 64;

    // The probability that any bucket of any data set overflows; its owner then prepares the data set again under another room.
    private const double OverflowProbability = 1e-9;

    /// <summary>Buckets in the room, a multiple of <see cref="BucketsPerGroup"/>.</summary>
    public required int BucketCount { get; init; }

    /// <summary>
    /// Bits, 3 to 16, that a tag need not store because its bucket implies them: the base 2 logarithm of the number of buckets.
    /// </summary>
    public int CommonBits => Math.Min(Elements.PayloadBits, BitOperations.Log2((uint)BucketCount));

    /// <summary>Groups in the room; also the number of chunks of every upload.</summary>
    public int GroupCount => BucketCount / BucketsPerGroup;

    /// <summary>Slots per bucket, by data set name.</summary>
    public required IReadOnlyDictionary<string, int> Capacities { get; init; }

    /// <summary>Bytes of one group's plaintext.</summary>
    public int GroupSize(DataSet dataSet)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        return Capacities[dataSet.Name] * BucketsPerGroup * (16 + dataSet.Columns.Sum(column => column.CodeSize));
    }

    /// <summary>Computes the layout of a contract's data from its public sizes alone.</summary>
    public static RoomLayout For(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var bucketCount = CountBuckets(contract.DataSets.Max(dataSet => dataSet.MaxRows));
        return new RoomLayout
        {
            BucketCount = bucketCount,
            Capacities = contract.DataSets.SelectMany(dataSet => Enum.GetValues<UploadForm>().Select(dataSet.InForm))
                .ToDictionary(dataSet => dataSet.Name, dataSet => FindCapacity(dataSet.MaxRows, bucketCount)),
        };
    }

    /// <summary>
    /// Computes a layout for rows of two data sets together, of which two at a time may have the same tag. Each data set alone may fill its
    /// part of a bucket.
    /// </summary>
    internal static RoomLayout ForPairs(DataSet both, int rows, int otherRows)
    {
        var bucketCount = CountBuckets(Math.Max(rows, otherRows));
        return new RoomLayout
        {
            BucketCount = bucketCount,
            Capacities = new Dictionary<string, int>
            {
                [both.Name] = FindCapacity(rows, bucketCount) + (otherRows == 0 ? 0 : FindCapacity(otherRows, bucketCount)),
            },
        };
    }

    private static int CountBuckets(int largest)
    {
        // The fewest buckets at which the largest data set needs at most LargestCapacity slots: full buckets have the least padding.
        var (tooFew, bucketCount) = (0, BucketsPerGroup);
        while (FindCapacity(largest, bucketCount) > LargestCapacity)
        {
            (tooFew, bucketCount) = (bucketCount, 2 * bucketCount);
        }
        while (bucketCount - tooFew > BucketsPerGroup)
        {
            var middle = (tooFew + bucketCount) / 2 / BucketsPerGroup * BucketsPerGroup;
            (tooFew, bucketCount) = FindCapacity(largest, middle) > LargestCapacity ? (middle, bucketCount) : (tooFew, middle);
        }
        return bucketCount;
    }

    /// <summary>Finds the bucket of a tag.</summary>
    public int BucketOf(ulong tagHigh) => (int)Math.BigMul(tagHigh, (ulong)BucketCount, out _);

    /// <summary>Computes the least high word of a bucket.</summary>
    public ulong FirstOf(int bucket)
    {
        // bucket * 2^64 / BucketCount, rounded up, without dividing 128 bits: this runs for each row.
        var (number, count) = ((ulong)bucket, (ulong)BucketCount);
        var (whole, rest) = Math.DivRem(ulong.MaxValue, count);
        return (number * whole) + (((number * (rest + 1)) + count - 1) / count);
    }

    /// <summary>Computes the greatest high word of a bucket.</summary>
    public ulong LastOf(int bucket) => bucket == BucketCount - 1 ? ulong.MaxValue : FirstOf(bucket + 1) - 1;

    /// <summary>
    /// Computes the words of a tag in its bucket: the 64 bits after those that the bucket implies, and the rest, whose lowest bits are
    /// zero.
    /// </summary>
    public (ulong First, ulong Second) WordsOf(int bucket, Tag tag)
    {
        unchecked
        {
            var word = ((tag.High - FirstOf(bucket)) << CommonBits) | (tag.Low >> (WordBits - CommonBits));
            // All ones mark an empty slot; the one tag in 2^64 that has them becomes its neighbour.
            return (word == Elements.Empty ? word - 1 : word, tag.Low << CommonBits);
        }
    }

    /// <summary>Computes the tag with these words in a bucket; padding when both are all ones.</summary>
    public Tag TagOf(int bucket, ulong word, ulong rest)
    {
        unchecked
        {
            // All ones where the slot has a row, zero where it has none.
            var isRow = 0UL - (((word ^ Elements.Empty) | (0UL - (word ^ Elements.Empty))) >> 63);
            var high = ((FirstOf(bucket) + (word >> CommonBits)) & isRow) | ~isRow;
            var low = (((word << (WordBits - CommonBits)) | (rest >> CommonBits)) & isRow) | ~isRow;
            return new Tag(high, low);
        }
    }

    /// <summary>
    /// Whether two tags of one data set are taken for one person: they are in the same bucket, and their words agree in all but the lowest
    /// 16 bits.
    /// </summary>
    public bool AreOnePerson(ulong tagHigh, ulong otherHigh)
    {
        var bits = Elements.PayloadBits - CommonBits;
        if ((Math.Max(tagHigh, otherHigh) - Math.Min(tagHigh, otherHigh)) >> bits != 0)
        {
            return false;
        }
        var bucket = BucketOf(tagHigh);
        var first = FirstOf(bucket);
        return BucketOf(otherHigh) == bucket && (((tagHigh - first) ^ (otherHigh - first)) >> bits) == 0;
    }

    /// <summary>
    /// Counts the slots of a group that an upload in any order may fill, in whole rows of eight: its rows are spread evenly over the
    /// chunks.
    /// </summary>
    public int UnsortedSlots(DataSet dataSet)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        var buckets = GroupCount * BucketsPerGroup;
        return (int)(((long)dataSet.MaxRows + buckets - 1) / buckets) * BucketsPerGroup;
    }

    // The least capacity that some bucket exceeds with at most OverflowProbability.
    private static int FindCapacity(int rows, int bucketCount) =>
        FindCapacity(rows, (double)rows / bucketCount, OverflowProbability / bucketCount);

    /// <summary>Finds the least number of slots that a bucket's load exceeds with at most a given probability.</summary>
    /// <param name="rows">The most rows that may meet in the bucket.</param>
    /// <param name="mean">The expected load.</param>
    /// <param name="allowed">The probability.</param>
    /// <remarks>The load is a sum of independent draws, and a Poisson tail of the same mean bounds it (Hoeffding 1956).</remarks>
    internal static int FindCapacity(int rows, double mean, double allowed)
    {
        // log P(X = k), from the mean upwards; beyond k the tail is less than a geometric series.
        for (var k = (int)mean + 1; ; k++)
        {
            var log = (k * Math.Log(mean)) - mean - Distributions.LogGamma(k + 1.0);
            var tail = Math.Exp(log) / (1 - (mean / (k + 1)));
            if (tail < allowed || k > rows)
            {
                // P(X >= k) is small enough, so k - 1 slots suffice; and no more than all rows can meet in one bucket.
                return Math.Clamp(k - 1, 1, rows);
            }
        }
    }
}
