using System.Numerics;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Privacy;

/// <summary>
/// A set of persons in a few hundred bytes, of which one thing can be told: by how many persons it differs from another set, while these are few. Each person
/// flips one bit, chosen by a keyed hash of its tag; so the exclusive or of two sketches has a bit for each person who is in one set alone.
/// </summary>
/// <remarks>
/// Two persons who share a bit cancel out, so the count is never too high, and too low by d²/bits of d: differences below k are always seen, and some a little above
/// are taken for smaller ones. Sketches are the same whatever version a tag came from, and tell nothing without the key.
/// </remarks>
internal readonly record struct SetSketch(ulong[] Words)
{
    /// <summary>The persons who are in exactly one of two sets; for sets without common persons, their union.</summary>
    public static SetSketch operator ^(SetSketch left, SetSketch right) => new([.. left.Words.Zip(right.Words, (one, other) => one ^ other)]);

    /// <summary>Persons in exactly one of the sets, at most; exact while they are few.</summary>
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

/// <summary>How a room's sketches are laid out, from public sizes alone.</summary>
/// <param name="Slots">Groups share a slot when their number is the same modulo this.</param>
/// <param name="WordsPerBucket">Words that a person's bit may lie in; a power of two.</param>
internal readonly record struct SketchLayout(int Slots, int WordsPerBucket)
{
    private const int LeastSize = 4096;

    // A quarter of all bits is set at random in the difference of sets that have little in common; k must be well below that.
    private const int BitsPerPerson = 32;

    /// <summary>Words of a sketch.</summary>
    public int WordCount => Slots * WordsPerBucket * RoomLayout.BucketsPerGroup;

    /// <summary>The layout that tells differences below k.</summary>
    public static SketchLayout For(int minimumAudience, int groupCount)
    {
        var bits = Math.Max(LeastSize, (int)BitOperations.RoundUpToPowerOf2((uint)(BitsPerPerson * minimumAudience)));
        var groups = bits / (64 * RoomLayout.BucketsPerGroup);
        var slots = Math.Min(groups, 1 << BitOperations.Log2((uint)groupCount));
        return new SketchLayout(slots, groups / slots);
    }
}
