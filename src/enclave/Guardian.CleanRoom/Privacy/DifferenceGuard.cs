using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.CleanRoom.Analyses;

namespace Guardian.CleanRoom.Privacy;

/// <summary>A set of persons, and in what words it was asked about.</summary>
/// <param name="Description">Equal for the same words on the same versions of the data, and so for the very same set (<see cref="CompiledQuestion.Describe"/>).</param>
internal sealed record PersonSet(SetSketch Sketch, string Description);

/// <summary>
/// Remembers every set of persons that an answer was about, and tells when another set is nearly one of them: the two answers together would be about the few who are in one alone.
/// Over all questions and all versions of the data. Not thread-safe.
/// </summary>
/// <remarks>
/// A set in other words, or on other versions, is refused also when it is the very same: that all of a group have a property is as telling as that all but one have it, and if only one of the
/// two were refused, the refusal itself would name her.
/// </remarks>
/// <param name="key">Of the threshold's part that nobody outside knows.</param>
internal sealed class DifferenceGuard(int minimumAudience, byte[] key)
{
    // Memory is scarce inside. With k = 100 these are half a million sets.
    private const long MaxSize = 256L * 1024 * 1024;

    private readonly List<PersonSet> answered = [];
    private long size;

    /// <summary>Whether there is room for the sets of one more answer.</summary>
    public bool IsFull => size > MaxSize;

    /// <summary>Whether an answer about this set would be safe beside all that were given.</summary>
    public bool Allows(PersonSet set) => answered.TrueForAll(earlier =>
        earlier.Description == set.Description || !IsNear(set.Sketch.DifferenceTo(earlier.Sketch), set.Sketch ^ earlier.Sketch));

    /// <summary>Remembers the sets of an answer.</summary>
    public void Remember(IEnumerable<PersonSet> sets)
    {
        foreach (var set in sets)
        {
            // A set that is there already teaches nothing new.
            if (!answered.Exists(earlier => earlier.Description == set.Description))
            {
                answered.Add(set);
                size += (sizeof(ulong) * set.Sketch.Words.Length) + (sizeof(char) * set.Description.Length);
            }
        }
    }

    // The threshold lies between k and one and a half times k, and depends on the difference in a way that nobody outside can tell: who exchanges k - 1 known persons and one
    // target does not learn from the refusal whether she counted.
    private bool IsNear(int difference, SetSketch between)
    {
        var spread = minimumAudience / 2;
        if (difference < minimumAudience || difference >= minimumAudience + spread)
        {
            return difference < minimumAudience;
        }
        var hash = HMACSHA256.HashData(key, MemoryMarshal.AsBytes(between.Words.AsSpan()));
        return difference < minimumAudience + (int)(BinaryPrimitives.ReadUInt32LittleEndian(hash) % (uint)spread) + 1;
    }
}
