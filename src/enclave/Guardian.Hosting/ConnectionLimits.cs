namespace Guardian.Hosting;

/// <summary>The bounds of connections to an enclave program.</summary>
/// <param name="Total">The connections at a time; more are closed at once.</param>
/// <param name="OfAddress">
/// Those of one address, at most <paramref name="Total"/>. Where many peers share one address (source NAT), it is theirs together.
/// </param>
public sealed record ConnectionLimits(int Total, int OfAddress)
{
    /// <summary>The largest bound that makes sense: each connection costs some ten kilobytes and a file descriptor.</summary>
    public const int Max = 100_000;

    /// <summary>The bounds without options.</summary>
    /// <remarks>
    /// A program has a handful of partners and enclaves as peers; more connections are an attempt to exhaust it. One address gets half of
    /// them, so it does not keep all others out, and a load balancer in front has enough.
    /// </remarks>
    public static ConnectionLimits Default { get; } = new(1_000, 500);

    /// <summary>The time that a peer has for the headers of a request.</summary>
    internal static TimeSpan HeadersTimeout { get; } = TimeSpan.FromSeconds(15);

    /// <summary>The time after which a connection is closed that has not made a request.</summary>
    internal static TimeSpan FirstRequest { get; } = TimeSpan.FromSeconds(20);
}
