namespace Guardian.CleanRoom.Privacy;

/// <summary>Judges the sets of one answer, each together with those before it. The guard forgets them again when the trial ends.</summary>
internal sealed class GuardTrial : IDisposable
{
    private readonly DifferenceGuard guard;
    private readonly SetAuditor? auditor;
    private readonly int before;
    private readonly bool isReserved;
    private bool isOver;

    /// <param name="guard">The guard.</param>
    /// <param name="auditor">The sets of the answers that count for this one; null where noise protects combinations.</param>
    /// <param name="isReserved">Whether the contract promises the answer.</param>
    public GuardTrial(DifferenceGuard guard, SetAuditor? auditor, bool isReserved)
    {
        (this.guard, this.auditor, this.isReserved) = (guard, auditor, isReserved);
        before = auditor?.Count ?? 0;
    }

    /// <summary>Tests whether a set differs by enough persons from the set of each earlier answer.</summary>
    public bool Allows(PersonSet set) => isReserved ? guard.AllowsReserved(set) : guard.Allows(set);

    /// <summary>
    /// Tests whether an answer about a set is safe together with all earlier answers, and with the accepted sets of this one; if so, it is
    /// one of these from now on.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="isWanted">Whether no other rule withholds the set. If one does, the result is false after the same comparisons: the
    /// time of a refusal must not tell which rule it was.</param>
    public bool Accept(PersonSet set, bool isWanted)
    {
        var isAllowed = Allows(set) & isWanted;
        if (auditor is null || guard.Knows(set))
        {
            return isAllowed;
        }
        isAllowed &= auditor.Allows(set, guard.CompleteColumns);
        if (isAllowed)
        {
            auditor.Add(set);
        }
        return isAllowed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isOver)
        {
            auditor?.Truncate(before);
        }
        isOver = true;
    }
}
