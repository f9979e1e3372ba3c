namespace Guardian.CleanRoom;

/// <summary>
/// Remembers every set of persons that an answer was about, and tells when another set differs from one of them by fewer than k persons: the two answers together
/// would be about these few. Over all questions and all versions of the data. Not thread-safe.
/// </summary>
internal sealed class DifferenceGuard(int minimumAudience)
{
    // Memory is scarce inside. With k = 100 these are half a million sets.
    private const long MaxSize = 256L * 1024 * 1024;

    private readonly List<SetSketch> answered = [];
    private long size;

    /// <summary>Whether there is room for the sets of one more answer.</summary>
    public bool IsFull => size > MaxSize;

    /// <summary>Whether an answer about this set would be safe beside all that were given, and beside the other sets of the same answer.</summary>
    public bool Allows(SetSketch set, IReadOnlyList<SetSketch>? beside = null) =>
        !answered.Concat(beside ?? []).Any(earlier => set.DifferenceTo(earlier) is var difference && difference > 0 && difference < minimumAudience);

    /// <summary>Remembers the sets of an answer.</summary>
    public void Remember(IEnumerable<SetSketch> sets)
    {
        foreach (var set in sets)
        {
            // A set that is there already teaches nothing new.
            if (!answered.Any(earlier => earlier.DifferenceTo(set) == 0))
            {
                answered.Add(set);
                size += sizeof(ulong) * set.Words.Length;
            }
        }
    }
}
