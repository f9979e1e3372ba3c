using Guardian.Attestation.Collateral;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Keeping;

/// <summary>The state of stored collateral after an update.</summary>
/// <param name="Summary">The stored collateral's content.</param>
/// <param name="Path">The file that was written; null when the stored collateral stays, because nothing newer was given.</param>
public sealed record CollateralUpdate(CollateralSummary Summary, string? Path);

/// <summary>
/// Renews stored collateral from several services, in order. It stores only what is signed, valid now and about the platform, and never
/// replaces collateral by older collateral. Serves one thread at a time.
/// </summary>
/// <param name="services">The services; the next one is asked when one fails, or gives older collateral than the stored one.</param>
/// <param name="store">The store, with its edition.</param>
/// <param name="options">The roots of trust.</param>
public sealed class CollateralUpdater(IReadOnlyList<CollateralService> services, CollateralStore store, VerifierOptions options)
{
    // A service that is asked to rest for days would otherwise silence itself for good by one wrong header.
    private static readonly TimeSpan LongestRest = TimeSpan.FromHours(6);

    private readonly Dictionary<CollateralService, DateTimeOffset> resting = [];

    /// <summary>The edition that is kept.</summary>
    public EvaluationSet Edition => store.Edition;

    /// <summary>Finds stored collateral that is signed; it may have expired.</summary>
    /// <param name="platform">The platform.</param>
    /// <returns>Its content; null when there is none, or when it was altered where it is stored.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public CollateralSummary? FindStored(PlatformId platform) =>
        store.Find(platform) is { } stored ? CollateralVerifier.Verify(stored, platform, now: null, options).Value : null;

    /// <summary>Renews the collateral of a platform.</summary>
    /// <param name="platform">The platform.</param>
    /// <param name="now">The instant at which new collateral must be valid.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The state of the stored collateral; or a refusal of the first service, with a line for each other service.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="platform"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public async Task<Outcome<CollateralUpdate>> UpdateAsync(
        PlatformId platform, DateTimeOffset now, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(platform);
        var known = FindStored(platform);
        var refusals = new List<Refusal>();
        var isAnswered = false;
        foreach (var service in services)
        {
            if (resting.TryGetValue(service, out var until) && until > now)
            {
                refusals.Add(KeepingReasons.Unreachable.Because($"{service.Name} asked to be left alone until {until:u}"));
                continue;
            }
            var (collateral, refusal) = await FetchAsync(service, platform, now, cancellation).ConfigureAwait(false);
            (var summary, refusal) = collateral is null ? new Outcome<CollateralSummary>(null, refusal) : Check(collateral, platform, now);
            if (summary is null)
            {
                refusals.Add(refusal!);
            }
            else if (known is null || summary.Supersedes(known))
            {
                return new CollateralUpdate(summary, store.Write(platform, collateral!));
            }
            else
            {
                isAnswered = true;
                // The same documents: nothing newer is expected elsewhere.
                if (summary.Pieces.SequenceEqual(known.Pieces))
                {
                    break;
                }
            }
        }
        return isAnswered ? new CollateralUpdate(known!, null) : refusals[0] with
        {
            Problems = [.. refusals.Skip(1).Select(each => each.Detail)],
        };
    }

    private async Task<Outcome<QuoteCollateral>> FetchAsync(
        CollateralService service, PlatformId platform, DateTimeOffset now, CancellationToken cancellation)
    {
        var (outcome, retryAfter) =
            await CollateralDownload.TryFetchAsync(service, platform, Edition, cancellation).ConfigureAwait(false);
        if (retryAfter is { } wait)
        {
            resting[service] = now + (wait < LongestRest ? wait : LongestRest);
        }
        return outcome;
    }

    private Outcome<CollateralSummary> Check(QuoteCollateral collateral, PlatformId platform, DateTimeOffset now)
    {
        var (summary, refusal) = CollateralVerifier.Verify(collateral, platform, now, options);
        if (refusal is not null)
        {
            return KeepingReasons.BadAnswer.Because($"what the service gave does not verify: {refusal.Detail}");
        }
        return Edition.Number is { } number && summary!.EvaluationDataNumber != number
            ? KeepingReasons.BadAnswer.Because(
                $"the service gave TCB evaluation data number {summary.EvaluationDataNumber} in place of {number}")
            : summary!;
    }
}
