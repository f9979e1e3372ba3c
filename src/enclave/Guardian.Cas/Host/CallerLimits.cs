using System.Threading.RateLimiting;
using Guardian.Hosting;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cas.Host;

/// <summary>Limits the concurrent calls of one caller, so that no caller keeps others out. Thread-safe.</summary>
/// <remarks>
/// The limit counts calls under way, not calls per second: a single caller may use an idle CAS, and nobody waits behind more calls than
/// the limit. A caller is the key of its certificate. Keys cost nothing to make, so the callers of one address share a limit too.
/// </remarks>
internal sealed class CallerLimits : IDisposable
{
    /// <summary>The default limit.</summary>
    public const int DefaultCalls = 512;

    /// <summary>The largest limit: the length of the store's queue.</summary>
    public const int MaxCalls = 4096;

    private const int CallersOfAddress = 4;

    private readonly PartitionedRateLimiter<HttpContext> limiter;

    /// <param name="calls">Concurrent calls of one caller, 1 to <see cref="MaxCalls"/>; one address has four times as many.</param>
    public CallerLimits(int calls)
    {
        limiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetConcurrencyLimiter(
                CallerOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = calls, QueueLimit = 0 })),
            PeerAddress.Limit(calls * CallersOfAddress)
                .WithTranslatedKey<HttpContext>(context => context.Connection.RemoteIpAddress, leaveOpen: false));
    }

    /// <summary>Acquires a lease if the call may be answered now. The call counts until the lease is disposed.</summary>
    public RateLimitLease Acquire(HttpContext context) => limiter.AttemptAcquire(context);

    /// <inheritdoc/>
    public void Dispose() => limiter.Dispose();

    private static string CallerOf(HttpContext context) =>
        context.Connection.ClientCertificate?.GetPublicKeyString() ?? PeerAddress.Of(context.Connection.RemoteIpAddress).ToString();
}
