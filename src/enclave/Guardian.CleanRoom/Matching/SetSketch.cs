using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Matching;

/// <summary>
/// A set of persons in a few hundred bytes. It tells one thing: by how many persons it differs from another set, while these are few.
/// Each person flips one bit, chosen by a keyed hash of its tag, so the exclusive or of two sketches has a bit for each person who is in
/// one set alone.
/// </summary>
/// <remarks>
/// Two persons who share a bit cancel out. So the count is never too high, and for a difference d it is too low by about d²/bits:
/// differences below k are always seen, and some that are a little larger are taken for smaller ones. Sketches do not depend on the
/// version that a tag came from, and tell nothing without the key.
/// </remarks>
[JsonConverter(typeof(SetSketchConverter))]
internal readonly record struct SetSketch(ulong[] Words)
{
    /// <summary>Computes the sketch of the persons who are in exactly one of two sets; for disjoint sets, of their union.</summary>
    public static SetSketch operator ^(SetSketch left, SetSketch right) =>
        new([.. left.Words.Zip(right.Words, (one, other) => one ^ other)]);

    /// <summary>Counts the persons in exactly one of the sets: never too high, and exact while they are few.</summary>
    public int DifferenceTo(SetSketch other)
    {
        var count = 0;
        for (var i = 0; i < Words.Length; i++)
        {
            count += BitOperations.PopCount(Words[i] ^ other.Words[i]);
        }
        return count;
    }
}

/// <summary>Writes a sketch as base64 of its words, little-endian: its size tells nothing about its bits.</summary>
internal sealed class SetSketchConverter : JsonConverter<SetSketch>
{
    public override SetSketch Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var bytes = reader.GetBytesFromBase64();
        return bytes.Length % sizeof(ulong) == 0
            ? new SetSketch(MemoryMarshal.Cast<byte, ulong>(bytes).ToArray())
            : throw new JsonException("a sketch is a number of words");
    }

    public override void Write(Utf8JsonWriter writer, SetSketch value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(MemoryMarshal.AsBytes(value.Words.AsSpan()));
}

/// <summary>The layout of a room's sketches, from public sizes alone.</summary>
/// <param name="Slots">Groups share a slot when their numbers are equal modulo this.</param>
/// <param name="WordsPerBucket">Words that may hold a person's bit; a power of two.</param>
internal readonly record struct SketchLayout(int Slots, int WordsPerBucket)
{
    private const int LeastSize = 4096;

    // Combinations of many sets need more bits than there are sets.
    private const int LeastAuditedSize = 16_384;

    // The difference of unrelated sets has a quarter of all bits set at random; k must be well below that.
    private const int BitsPerPerson = 32;

    /// <summary>Words of a sketch.</summary>
    public int WordCount => Slots * WordsPerBucket * RoomLayout.BucketsPerGroup;

    /// <summary>Computes the layout that shows all differences below k.</summary>
    /// <param name="minimumAudience">k of the contract.</param>
    /// <param name="isAudited">Whether combinations of answers are examined too, because there is no noise.</param>
    /// <param name="groupCount">Groups of the room.</param>
    public static SketchLayout For(int minimumAudience, bool isAudited, int groupCount)
    {
        var bits = Math.Max(
            isAudited ? LeastAuditedSize : LeastSize, (int)BitOperations.RoundUpToPowerOf2((uint)(BitsPerPerson * minimumAudience)));
        var groups = bits / (64 * RoomLayout.BucketsPerGroup);
        var slots = Math.Min(groups, 1 << BitOperations.Log2((uint)groupCount));
        return new SketchLayout(slots, groups / slots);
    }
}

/// <summary>The secret factors by which tags choose their bit of a sketch.</summary>
internal readonly record struct SketchKey(ulong First, ulong Second, ulong Third);
