namespace Guardian.Volumes.Contract;

/// <summary>How a volume is opened.</summary>
public sealed record VolumeOptions
{
    /// <summary>Opens the volume for reading only: the container does not change, and other processes may read it at the same
    /// time.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Bytes of decrypted content to keep in memory. A value below 4 MiB counts as 4 MiB; the default is 64 MiB.</summary>
    public long CacheSize { get; init; } = 64L * 1024 * 1024;

    /// <summary>The longest time that changes stay in memory alone when no call syncs them; the default is 5 seconds.
    /// With <see cref="TimeSpan.Zero"/> or less, nothing is committed but by a call that syncs, and by closing.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The keeper of the freshness tag. Null keeps no tag: an older copy of the whole volume then opens unnoticed.</summary>
    public IFreshness? Freshness { get; init; }

    /// <summary>How often the tag is replaced; the default is <see cref="FreshnessMode.Strict"/>.</summary>
    public FreshnessMode FreshnessMode { get; init; }

    /// <summary>The least time between two replacements of the tag, for <see cref="FreshnessMode.Interval"/>; the default is 10
    /// seconds.</summary>
    public TimeSpan FreshnessInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock for the times of files and for the intervals.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives a sentence each time a call fails because of the container or of the tag's keeper; null drops it.
    /// The text holds no secret, no name and no content. It is called under the volume's lock and must not call the volume.</summary>
    public Action<string>? OnProblem { get; init; }
}
