using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Commit;

/// <summary>Gives the freshness tag of each state to its keeper, and frees the slots of the state before (docs/spec/volume.md,
/// "Freshness").</summary>
/// <param name="options">The keeper, and how often it is asked.</param>
/// <param name="allocator">The slots of the container.</param>
/// <param name="kept">The tag that the keeper has; null when it has none.</param>
internal sealed class TagPublisher(VolumeOptions options, SlotAllocator allocator, FreshnessTag? kept)
{
    // The slots that become free when the keeper acknowledges Attempted.
    private List<Extent> heldBack = [];

    // The timestamp of the last replacement; 0 when the next state's tag must be published at once.
    private long lastReplaced;

    /// <summary>The tag that the keeper acknowledged last.</summary>
    public FreshnessTag? Acknowledged { get; private set; } = kept;

    /// <summary>A later tag that was offered to the keeper, which did not answer.</summary>
    public FreshnessTag? Attempted { get; private set; }

    /// <summary>Why no further tag can be published; null while none was superseded.</summary>
    public RefusedException? Superseded { get; private set; }

    private bool IsStrict => options is { Freshness: not null, FreshnessMode: FreshnessMode.Strict };

    /// <summary>In strict mode, offers an unanswered tag again: no state may be overwritten that the keeper may or may not know.</summary>
    /// <exception cref="RefusedException">The keeper does not answer, or has the tag of another writer.</exception>
    public void RetryUnanswered()
    {
        if (IsStrict && Attempted is { } unanswered)
        {
            Replace(unanswered);
        }
    }

    /// <summary>Sets the tag of a volume that has none, so that nobody can exchange the volume after its first opening.</summary>
    /// <exception cref="RefusedException">The keeper does not answer, or has the tag of another writer.</exception>
    public void PublishFirst(FreshnessTag tag)
    {
        if (options.Freshness is not null && Acknowledged is null)
        {
            Replace(tag);
        }
    }

    /// <summary>Publishes the tag of a new state, when it is due.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="freed">The slots that only the state before refers to.</param>
    /// <exception cref="RefusedException">The keeper has the tag of another writer; or, in strict mode, it does not answer.</exception>
    public void Publish(FreshnessTag tag, List<Extent> freed)
    {
        if (IsStrict)
        {
            heldBack = freed;
            Replace(tag);
            return;
        }
        allocator.Release(freed);
        if (options.Freshness is null || (lastReplaced != 0 && options.Time.GetElapsedTime(lastReplaced) < options.FreshnessInterval))
        {
            return;
        }
        try
        {
            if (Attempted is { } unanswered)
            {
                Replace(unanswered);
            }
            Replace(tag);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == VolumeReasons.Unreachable)
        {
            // The next commit retries. Until then the host can roll back more than it should, so somebody must know.
            options.OnProblem?.Invoke(failure.Message);
        }
    }

    /// <summary>Publishes the tag of the next state without waiting for the interval to end.</summary>
    public void ExpectLastState() => lastReplaced = 0;

    private void Replace(FreshnessTag tag)
    {
        Attempted = tag;
        bool isReplaced;
        try
        {
            isReplaced = options.Freshness!.TryReplace(Acknowledged, tag) || options.Freshness.Read() == tag;
        }
        catch (IOException failure)
        {
            var refusal = VolumeReasons.Unreachable.Because($"the freshness tag could not be replaced: {failure.Message}");
            throw new RefusedException(refusal, failure);
        }
        if (!isReplaced)
        {
            Superseded = new RefusedException(VolumeReasons.Superseded.Because("another writer replaced the volume's freshness tag"));
            throw Superseded;
        }
        Acknowledged = tag;
        Attempted = null;
        lastReplaced = Math.Max(1, options.Time.GetTimestamp());
        allocator.Release(heldBack);
        heldBack = [];
    }
}
