using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Privacy;

/// <summary>A set of persons, and the words in which a question described it.</summary>
/// <param name="Sketch">The persons.</param>
/// <param name="Description">A hash of the words and of the data versions: equal descriptions mean the very same set.</param>
internal sealed record PersonSet(SetSketch Sketch, string Description);

/// <summary>
/// Remembers every set of persons that an answer was about, and finds a set that is nearly one of them: the two answers together would
/// describe the few persons who are in only one of both. It covers all questions and all versions of the data. Not thread-safe.
/// </summary>
/// <remarks>
/// A set in other words, or on other versions, is refused even when it is the very same: "all of a group have a property" tells as much as
/// "all but one have it". If only one of the two were refused, the refusal itself would identify that person.
/// </remarks>
/// <param name="minimumAudience">k of the contract.</param>
/// <param name="key">The secret key of the threshold's random part.</param>
internal sealed class DifferenceGuard(int minimumAudience, byte[] key)
{
    // Enclave memory is scarce. With k = 100 this is enough for half a million sets.
    private const long MaxSize = 256L * 1024 * 1024;

    private readonly List<PersonSet> answered = [];

    // Sets of answers that the contract promises, on the current versions. Other questions must not block them.
    private IReadOnlyList<PersonSet> reserved = [];
    private long size;

    /// <summary>Whether the memory for answered sets is used up.</summary>
    public bool IsFull => size > MaxSize;

    /// <summary>Tests whether an answer about this set is safe together with all earlier answers, and with the reserved ones.</summary>
    public bool Allows(PersonSet set) => AllowsReserved(set) && reserved.All(other => AreSafe(set, other));

    /// <summary>Tests whether a reserved answer about this set is safe together with all earlier answers.</summary>
    public bool AllowsReserved(PersonSet set) => answered.TrueForAll(earlier => AreSafe(set, earlier));

    /// <summary>Reserves sets for answers that the contract promises, in place of those reserved before.</summary>
    public void Reserve(IReadOnlyList<PersonSet> sets) => reserved = sets;

    /// <summary>Remembers the sets of an answer.</summary>
    public void Remember(IEnumerable<PersonSet> sets)
    {
        foreach (var set in sets)
        {
            // A set that is already known adds nothing.
            if (!answered.Exists(earlier => earlier.Description == set.Description))
            {
                answered.Add(set);
                size += (sizeof(ulong) * set.Sketch.Words.Length) + (sizeof(char) * set.Description.Length);
            }
        }
    }

    private bool AreSafe(PersonSet set, PersonSet other) =>
        other.Description == set.Description || !IsNear(set.Sketch.DifferenceTo(other.Sketch), set.Sketch ^ other.Sketch);

    // The threshold is between k and one and a half times k, and depends on the difference in a way that nobody outside can compute. A
    // member who exchanges k - 1 known persons and one target does not learn from the refusal whether the target counted.
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
