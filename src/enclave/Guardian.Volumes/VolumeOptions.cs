using Guardian.Volumes.Freshness;

namespace Guardian.Volumes;

/// <summary>How a volume is opened.</summary>
public sealed record VolumeOptions
{
    /// <summary>Only reads: nothing of the container changes, and others may read at the same time.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Bytes of content to keep decrypted in memory; at least 4 MiB.</summary>
    public long CacheSize { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long changes that nobody synced stay in memory alone.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Who keeps the freshness tag; null: nobody (ephemeral).</summary>
    public IFreshness? Freshness { get; init; }

    /// <summary>How often the tag is replaced.</summary>
    public FreshnessMode FreshnessMode { get; init; }

    /// <summary>For <see cref="FreshnessMode.Interval"/>: the least time between two replacements.</summary>
    public TimeSpan FreshnessInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time of files, and of the intervals.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets what went wrong in words, once each time that a call fails because of the container; never a secret, name or content.</summary>
    public Action<string>? OnProblem { get; init; }
}
