namespace Guardian.CleanRoom;

/// <summary>
/// The public shape of a room's stored data. Every data set is split by tag into the same <see cref="BucketCount"/> buckets, each
/// padded to the data set's capacity; eight buckets lie interleaved in a group, which is one encrypted chunk.
/// </summary>
/// <remarks>
/// Group plaintext, little-endian, with C = capacity, slot e of bucket q at index e*8+q:
/// <code>
///   uint64 tagHigh[C*8] | uint64 tagLow[C*8] | for each column: code[C*8] of CodeSize bytes
/// </code>
/// Tags are 112 bits: the low 16 bits of tagLow are zero. Rows ascend by (tagHigh, tagLow); empty slots follow with
/// tagHigh = tagLow = 2^64-1 and all codes 0. Bucket of a tag: floor(tagHigh * BucketCount / 2^64).
/// </remarks>
public sealed partial class RoomLayout
{
    /// <summary>Buckets that lie interleaved in one group.</summary>
    public const int BucketsPerGroup = 8;

    /// <summary>Buckets in the room, a multiple of <see cref="BucketsPerGroup"/>.</summary>
    public required int BucketCount { get; init; }

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
}
