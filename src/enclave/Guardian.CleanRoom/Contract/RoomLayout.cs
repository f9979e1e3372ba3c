using System.Numerics;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The public shape of a room's stored data. Every data set is split by tag into the same <see cref="BucketCount"/> buckets, each
/// padded to the data set's capacity; eight buckets lie interleaved in a group, which is one encrypted chunk.
/// </summary>
/// <remarks>
/// Group plaintext, little-endian, with C = capacity, slot e of bucket q at index e*8+q:
/// <code>
///   uint64 word[C*8] | uint64 rest[C*8] | for each column: code[C*8] of CodeSize bytes
/// </code>
/// Bucket of a tag: floor(tagHigh * BucketCount / 2^64). Its words in a bucket that begins at F, with s = <see cref="CommonBits"/>:
/// word = (tagHigh - F) * 2^s + floor(tagLow / 2^(64-s)), rest = tagLow * 2^s modulo 2^64. Tags are 112 bits, so the low 16 + s bits of rest are zero.
/// Rows ascend by word, and no two of a bucket agree in all but the lowest 16 bits of theirs; empty slots follow with
/// word = rest = 2^64-1 and all codes 0. In an upload in any order, which has no buckets yet, the words are tagHigh and tagLow.
/// </remarks>
public sealed partial class RoomLayout
{
    /// <summary>Buckets that lie interleaved in one group.</summary>
    public const int BucketsPerGroup = 8;

    /// <summary>Buckets in the room, a multiple of <see cref="BucketsPerGroup"/>.</summary>
    public required int BucketCount { get; init; }

    /// <summary>Bits, 3 to 16, that all tags of a bucket have in common, or as good as: the base 2 logarithm of the number of buckets.</summary>
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
}
