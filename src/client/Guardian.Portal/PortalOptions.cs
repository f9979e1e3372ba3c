using Guardian.Refusals;

namespace Guardian.Portal;

/// <summary>The settings of a portal.</summary>
public sealed record PortalOptions
{
    /// <summary>The port on loopback; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The time without a request of the user after which the page locks.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called when the page locks: keys leave the memory.</summary>
    public Action OnLock { get; init; } = () => { };

    /// <summary>Turns a failure into a refusal that is shown; null for a bug, which must stay visible.</summary>
    public required Func<Exception, Refusal?> Explain { get; init; }
}
