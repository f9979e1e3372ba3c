namespace Guardian.Volumes.Contract;

/// <summary>Keeps the freshness tag of one volume in a place where the host cannot roll it back, for example at the CAS.</summary>
/// <remarks>A volume calls its keeper from one thread at a time, under the volume's lock. A keeper that gets no answer throws
/// <see cref="IOException"/>; the volume then acknowledges nothing.</remarks>
public interface IFreshness
{
    /// <summary>Reads the tag.</summary>
    /// <returns>The tag; null when none was ever set.</returns>
    /// <exception cref="IOException">The keeper does not answer.</exception>
    FreshnessTag? Read();

    /// <summary>Replaces the tag if it is the expected one, atomically.</summary>
    /// <param name="expected">The tag that must be there; null when there must be none.</param>
    /// <param name="next">The new tag.</param>
    /// <returns>False when another tag is there, which then stays.</returns>
    /// <exception cref="IOException">The keeper does not answer. The tag may have been replaced all the same.</exception>
    bool TryReplace(FreshnessTag? expected, FreshnessTag next);
}

/// <summary>How much of a volume's history the host can roll back unnoticed.</summary>
public enum FreshnessMode
{
    /// <summary>Nothing that was acknowledged: every commit replaces the tag first.</summary>
    Strict,

    /// <summary>The changes since the tag was last replaced, which is at most once per
    /// <see cref="VolumeOptions.FreshnessInterval"/>.</summary>
    Interval,
}
