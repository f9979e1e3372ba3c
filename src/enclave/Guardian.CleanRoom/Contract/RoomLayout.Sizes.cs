using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Contract;

public sealed partial class RoomLayout
{
    // Slots per bucket of the largest data set: a group of both sides' merge buffers stays in the processor's cache.
    private const int LargestCapacity = 2048;

    private const int WordBits = 64;

    // That any bucket of any data set overflows; an owner who meets it prepares again under another room.
    private const double OverflowProbability = 1e-9;

    /// <summary>The layout of a contract's data, from its public sizes alone.</summary>
    public static RoomLayout For(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        var largest = contract.DataSets.Max(dataSet => dataSet.MaxRows);
        // The fewest buckets at which the largest data set needs no more slots: padding is least when buckets are full.
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
        return new RoomLayout
        {
            BucketCount = bucketCount,
            Capacities = contract.DataSets.SelectMany(dataSet => Enum.GetValues<UploadForm>().Select(dataSet.InForm))
                .ToDictionary(dataSet => dataSet.Name, dataSet => FindCapacity(dataSet.MaxRows, bucketCount)),
        };
    }

    /// <summary>The bucket of a tag.</summary>
    public int BucketOf(ulong tagHigh) => (int)Math.BigMul(tagHigh, (ulong)BucketCount, out _);

    /// <summary>The least high word of a bucket.</summary>
    public ulong FirstOf(int bucket)
    {
        // bucket * 2^64 / BucketCount, rounded up, without dividing 128 bits: this is asked for each row.
        var (number, count) = ((ulong)bucket, (ulong)BucketCount);
        var (whole, rest) = Math.DivRem(ulong.MaxValue, count);
        return (number * whole) + (((number * (rest + 1)) + count - 1) / count);
    }

    /// <summary>The greatest high word of a bucket.</summary>
    public ulong LastOf(int bucket) => bucket == BucketCount - 1 ? ulong.MaxValue : FirstOf(bucket + 1) - 1;

    /// <summary>The words of a tag in its bucket: those 64 bits that follow what all tags of the bucket have in common, and the rest, whose lowest bits are zero.</summary>
    public (ulong First, ulong Second) WordsOf(int bucket, Tag tag)
    {
        unchecked
        {
            var word = ((tag.High - FirstOf(bucket)) << CommonBits) | (tag.Low >> (WordBits - CommonBits));
            // All ones means an empty slot; the one tag in 2^64 that has them becomes its neighbour.
            return (word == Elements.Empty ? word - 1 : word, tag.Low << CommonBits);
        }
    }

    /// <summary>The tag with these words in a bucket; padding, when both are all ones.</summary>
    public Tag TagOf(int bucket, ulong word, ulong rest)
    {
        unchecked
        {
            // The bucket's first high word where the slot has a row, all ones where it has none.
            var isRow = 0UL - (((word ^ Elements.Empty) | (0UL - (word ^ Elements.Empty))) >> 63);
            return new Tag(((FirstOf(bucket) + (word >> CommonBits)) & isRow) | ~isRow, (((word << (WordBits - CommonBits)) | (rest >> CommonBits)) & isRow) | ~isRow);
        }
    }

    /// <summary>Whether two tags of one data set are taken to be of one person: of the same bucket, with words that agree but for the lowest 16 bits.</summary>
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

    /// <summary>Slots of a group that an upload in any order may fill, in whole rows of eight: rows are spread evenly over the chunks.</summary>
    public int UnsortedSlots(DataSet dataSet)
    {
        ArgumentNullException.ThrowIfNull(dataSet);
        var places = GroupCount * BucketsPerGroup;
        return (int)(((long)dataSet.MaxRows + places - 1) / places) * BucketsPerGroup;
    }

    // The least capacity that all buckets keep to but for OverflowProbability.
    private static int FindCapacity(int rows, int bucketCount) => FindCapacity(rows, (double)rows / bucketCount, OverflowProbability / bucketCount);

    /// <summary>The least number of slots that a load of so many rows at most keeps to, but for a probability.</summary>
    /// <remarks>The load is a sum of independent draws, and a Poisson tail of the same mean bounds it (Hoeffding 1956).</remarks>
    internal static int FindCapacity(int rows, double mean, double allowed)
    {
        // log P(X = k), from the mean upwards; beyond it the tail is less than a geometric series.
        for (var k = (int)mean + 1; ; k++)
        {
            var log = (k * Math.Log(mean)) - mean - Distributions.LogGamma(k + 1.0);
            var tail = Math.Exp(log) / (1 - (mean / (k + 1)));
            if (tail < allowed || k > rows)
            {
                // P(X >= k) is small enough, so k - 1 slots are; but no more rows than there are can meet in one bucket.
                return Math.Clamp(k - 1, 1, rows);
            }
        }
    }
}
