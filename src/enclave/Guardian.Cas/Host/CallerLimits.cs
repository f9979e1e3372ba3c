using System.Threading.RateLimiting;
using Guardian.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

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

    // Each large body is a mebibyte of the enclave's memory until it is answered.
    private const long LargeBody = 64 * 1024;
    private const int LargeBodies = 64;
    private const int LargeBodiesOfAddress = 16;

    private readonly PartitionedRateLimiter<HttpContext> limiter;
    private readonly PartitionedRateLimiter<HttpContext> large;

    /// <param name="calls">Concurrent calls of one caller, 1 to <see cref="MaxCalls"/>; one address has four times as many.</param>
    public CallerLimits(int calls)
    {
        limiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetConcurrencyLimiter(
                CallerOf(context), _ => new ConcurrencyLimiterOptions { PermitLimit = calls, QueueLimit = 0 })),
            PeerAddress.Limit(calls * CallersOfAddress)
                .WithTranslatedKey<HttpContext>(context => context.Connection.RemoteIpAddress, leaveOpen: false));
        large = PartitionedRateLimiter.CreateChained(
            PeerAddress.Limit(LargeBodiesOfAddress)
                .WithTranslatedKey<HttpContext>(context => context.Connection.RemoteIpAddress, leaveOpen: false),
            PartitionedRateLimiter.Create<HttpContext, string>(_ => RateLimitPartition.GetConcurrencyLimiter(
                "all", _ => new ConcurrencyLimiterOptions { PermitLimit = LargeBodies, QueueLimit = 0 })));
    }

    /// <summary>Acquires a lease if the call may be answered now. The call counts until the lease is disposed.</summary>
    public RateLimitLease Acquire(HttpContext context) => limiter.AttemptAcquire(context);

    /// <summary>Whether a call brings a large body, or one of unknown size.</summary>
    public static bool IsLarge(HttpContext context) => context.Request.ContentLength is { } size
        ? size > LargeBody
        : context.Request.Headers.TransferEncoding.Count > 0
            || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

    /// <summary>As <see cref="Acquire"/>, for a large body besides.</summary>
    public RateLimitLease AcquireLarge(HttpContext context) => large.AttemptAcquire(context);

    /// <inheritdoc/>
    public void Dispose()
    {
        limiter.Dispose();
        large.Dispose();
    }

    private static string CallerOf(HttpContext context) =>
        context.Connection.ClientCertificate?.GetPublicKeyString() ?? PeerAddress.Of(context.Connection.RemoteIpAddress).ToString();
}
