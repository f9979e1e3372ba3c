using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Privacy;

/// <summary>A set of persons, and the words in which a question described it.</summary>
/// <param name="Sketch">The persons.</param>
/// <param name="Description">A hash of the words and of the data versions: equal descriptions mean the very same set.</param>
/// <param name="Sides">The data sets of the question that the set is about, a bit for each.</param>
/// <param name="Cells">The cells of the question that are in the set: a bit for each, little-endian, in base64.</param>
internal sealed record PersonSet(SetSketch Sketch, string Description, int Sides = 0, string Cells = "")
{
    /// <summary>The words; null when they are not known. They follow from the question, the versions, sides and cells.</summary>
    [JsonIgnore]
    public SetTerms? Terms { get; init; }
}

/// <summary>
/// Remembers every set of persons that an answer was about, and finds a set that is nearly one of them: the two answers together would
/// describe the few persons who are in only one of both. It covers all questions and all versions of the data. Not thread-safe.
/// </summary>
/// <remarks>
/// A set in other words, or on other versions, is refused even when it is the very same: "all of a group have a property" tells as much as
/// "all but one have it". If only one of the two were refused, the refusal itself would identify that person.
/// </remarks>
internal sealed class DifferenceGuard
{
    // Enclave memory is scarce. With k = 100 this is enough for half a million sets.
    private const long MaxSize = 256L * 1024 * 1024;

    private readonly int minimumAudience;
    private readonly byte[] key;

    // In a room without noise: the sets of all answers, and the same with the reserved ones before them, if there are any.
    private readonly SetAuditor? auditor;
    private SetAuditor? auditorWithReserved;
    private readonly List<PersonSet> answered = [];

    // Sets of answers that the contract promises, on the current versions. Other questions must not block them.
    private IReadOnlyList<PersonSet> reserved = [];
    private long size;

    /// <param name="minimumAudience">k of the contract.</param>
    /// <param name="key">The secret key of the threshold's random part.</param>
    /// <param name="auditedWords">Words of a sketch in a room without noise, where combinations of answers are examined; null with
    /// noise.</param>
    public DifferenceGuard(int minimumAudience, byte[] key, int? auditedWords = null)
    {
        (this.minimumAudience, this.key) = (minimumAudience, key);
        auditor = auditedWords is { } words ? CreateAuditor(words) : null;
    }

    /// <summary>Names of the columns that have no empty cell, of current versions.</summary>
    public HashSet<string> CompleteColumns { get; } = [];

    /// <summary>Whether combinations of answers are examined.</summary>
    public bool AuditsCombinations => auditor is not null;

    /// <summary>Tests whether there is memory for the sets of one more answer.</summary>
    /// <param name="sets">The most sets that it describes.</param>
    public bool HasSpaceFor(int sets) =>
        size <= MaxSize && ((auditorWithReserved ?? auditor) is not { } audited || audited.Count + sets <= audited.MostSets);

    /// <summary>Begins to judge the sets of an answer.</summary>
    /// <param name="isReserved">Whether the contract promises the answer.</param>
    public GuardTrial Begin(bool isReserved) => new(this, isReserved ? auditor : auditorWithReserved ?? auditor, isReserved);

    /// <summary>Tests whether an answer about this set, in the same words, was given before.</summary>
    public bool Knows(PersonSet set) => answered.Exists(earlier => earlier.Description == set.Description);

    /// <summary>Tests whether an answer about this set is safe together with each earlier answer, and with the reserved ones.</summary>
    public bool Allows(PersonSet set) => AllowsReserved(set) & AreSafe(set, reserved);

    /// <summary>Tests whether a reserved answer about this set is safe together with each earlier answer.</summary>
    public bool AllowsReserved(PersonSet set) => AreSafe(set, answered);

    /// <summary>Reserves sets for answers that the contract promises, in place of those reserved before.</summary>
    public void Reserve(IReadOnlyList<PersonSet> sets)
    {
        reserved = sets;
        auditorWithReserved = auditor is null || sets.Count == 0 ? null : CreateAuditor(auditor.Words);
        Add(auditorWithReserved, [.. sets, .. answered]);
    }

    /// <summary>Remembers the sets of an answer.</summary>
    public void Remember(IEnumerable<PersonSet> sets)
    {
        foreach (var set in sets)
        {
            // A set that is already known adds nothing.
            if (!Knows(set))
            {
                answered.Add(set);
                size += (sizeof(ulong) * set.Sketch.Words.Length) + (sizeof(char) * set.Description.Length);
                Add(auditor, [set]);
                Add(auditorWithReserved, [set]);
            }
        }
    }

    private static void Add(SetAuditor? auditor, IEnumerable<PersonSet> sets)
    {
        foreach (var set in sets)
        {
            auditor?.Add(set);
        }
    }

    private SetAuditor CreateAuditor(int words) => new(
        words, minimumAudience + (minimumAudience / 2),
        residue => IsNear(residue.Sum(word => BitOperations.PopCount(word)), new SetSketch(residue)));

    // All are compared in any case: the time must not tell which of them is near.
    private bool AreSafe(PersonSet set, IReadOnlyList<PersonSet> others)
    {
        var areSafe = true;
        foreach (var other in others)
        {
            areSafe &= IsSafe(set, other);
        }
        return areSafe;
    }

    private bool IsSafe(PersonSet set, PersonSet other) =>
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
