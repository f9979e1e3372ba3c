using System.Threading.RateLimiting;
using Guardian.Hosting;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas;

/// <summary>How many calls of one caller are answered at once, so that none keeps others out. Thread-safe.</summary>
/// <remarks>
/// Calls under way are counted and not calls a second: what nobody else needs a caller may have, and nobody waits behind more than this. A caller is the key of its certificate. Keys cost
/// nothing to make, so the callers of one address share a bound as well.
/// </remarks>
internal sealed class CallerLimits : IDisposable
{
    /// <summary>Calls of one caller at once, unless the operator says otherwise.</summary>
    public const int DefaultCalls = 512;

    /// <summary>As many as wait for the store: more would be refused there.</summary>
    public const int MaxCalls = 4096;

    private const int CallersOfAddress = 4;

    private readonly PartitionedRateLimiter<HttpContext> limiter;

    /// <param name="calls">Calls of one caller at once, 1 to <see cref="MaxCalls"/>; of one address four times as many.</param>
    public CallerLimits(int calls)
    {
        limiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(
                context => RateLimitPartition.GetConcurrencyLimiter(CallerOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = calls, QueueLimit = 0 })),
            PeerAddress.Limit(calls * CallersOfAddress).WithTranslatedKey<HttpContext>(context => context.Connection.RemoteIpAddress, leaveOpen: false));
    }

    /// <summary>Asks whether a call may be answered now; it counts until the lease is disposed.</summary>
    public RateLimitLease Ask(HttpContext context) => limiter.AttemptAcquire(context);

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    private static string CallerOf(HttpContext context) =>
        context.Connection.ClientCertificate?.GetPublicKeyString() ?? PeerAddress.Of(context.Connection.RemoteIpAddress).ToString();
}
