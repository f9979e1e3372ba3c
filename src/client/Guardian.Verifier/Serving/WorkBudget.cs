using System.Net;
using System.Threading.RateLimiting;
using Guardian.Hosting;

namespace Guardian.Verifier.Serving;

/// <summary>Bounds the requests of each address, and the verifications at a time. Thread-safe.</summary>
internal sealed class WorkBudget : IDisposable
{
    // A verification is processor time alone; more at a time would only wait longer and hold more bodies in memory.
    private const int WaitingVerifications = 64;
    private const int RequestsOfAddress = 16;

    private readonly PartitionedRateLimiter<IPAddress?> requests;
    private readonly ConcurrencyLimiter verifications = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = Environment.ProcessorCount, QueueLimit = WaitingVerifications,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <param name="perSecond">The requests of one address in a second.</param>
    public WorkBudget(int perSecond) => requests = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<IPAddress?, IPAddress>(address => RateLimitPartition.GetTokenBucketLimiter(
            PeerAddress.Of(address), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = perSecond, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0,
            })),
        PeerAddress.Limit(RequestsOfAddress));

    /// <summary>Takes a request of an address, unless it asks too often. The request counts until the lease is disposed.</summary>
    public RateLimitLease TakeRequest(IPAddress? address) => requests.AttemptAcquire(address);

    /// <summary>Waits for a place among the verifications, unless too many wait.</summary>
    public ValueTask<RateLimitLease> TakeVerificationAsync(CancellationToken cancellation) =>
        verifications.AcquireAsync(1, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        requests.Dispose();
        verifications.Dispose();
    }
}
