using Guardian.Attestation.Collateral;
using Guardian.Refusals;

namespace Guardian.Attestation.Keeping;

/// <summary>Fetches collateral of a platform, as an outcome instead of exceptions.</summary>
public static class CollateralDownload
{
    /// <summary>Intel's service.</summary>
    public static Uri IntelService { get; } = new("https://api.trustedservices.intel.com/");

    /// <summary>Fetches collateral of a platform from one service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="platform">The platform.</param>
    /// <param name="edition">The edition; null for <see cref="EvaluationSet.Standard"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The collateral, which is about the platform and not verified; or a reason of <see cref="KeepingReasons"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public static async Task<Outcome<QuoteCollateral>> FetchAsync(
        CollateralService service, PlatformId platform, EvaluationSet? edition = null, CancellationToken cancellation = default) =>
        (await TryFetchAsync(service, platform, edition, cancellation).ConfigureAwait(false)).Outcome;

    /// <summary>Fetches, and passes on the wait that the service asks for; null when it asks for none.</summary>
    internal static async Task<(Outcome<QuoteCollateral> Outcome, TimeSpan? RetryAfter)> TryFetchAsync(
        CollateralService service, PlatformId platform, EvaluationSet? edition, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(platform);
        try
        {
            var collateral = await service.FetchAsync(platform, edition, cancellation).ConfigureAwait(false);
            var (summary, refusal) = CollateralSummary.TryRead(collateral);
            return summary is not null && summary.Fmspc == platform.Fmspc
                ? (collateral, null)
                : (KeepingReasons.BadAnswer.Because(
                    $"the service gave something else than collateral for {platform.Fmspc}: "
                    + (refusal?.Detail ?? $"it is for {summary!.Fmspc}")), null);
        }
        catch (CollateralServiceException failure)
        {
            return (KeepingReasons.Unreachable.Because(failure.Message), failure.RetryAfter);
        }
        catch (HttpRequestException failure)
        {
            return (KeepingReasons.Unreachable.Because(Explain(failure)), null);
        }
        catch (InvalidDataException failure)
        {
            return (KeepingReasons.BadAnswer.Because(failure.Message), null);
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (KeepingReasons.Unreachable.Because($"{service.Name} did not answer in time"), null);
        }
    }

    // The outer exception of a failed handshake says only that there is an inner one.
    private static string Explain(HttpRequestException failure) =>
        failure.InnerException is { } inner ? $"{failure.Message} ({inner.Message})" : failure.Message;
}
