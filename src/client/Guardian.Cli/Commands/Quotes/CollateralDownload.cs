using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>Fetches collateral from a provisioning certification service.</summary>
internal static class CollateralDownload
{
    // The longest answer is a revocation list of some hundred KiB.
    private const int MaxAnswerSize = 8 * 1024 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>Intel's service.</summary>
    public static Uri IntelService { get; } = new("https://api.trustedservices.intel.com/");

    /// <summary>Makes the client of a service. The caller disposes it.</summary>
    public static HttpClient CreateClient(Uri service) => new(
        new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All })
    {
        BaseAddress = CollateralService.BaseAddress(service),
        Timeout = Timeout,
        MaxResponseContentBufferSize = MaxAnswerSize,
    };

    /// <summary>Fetches the collateral of a platform. A malformed answer must not replace collateral that is good.</summary>
    /// <exception cref="RefusedException">The service does not answer, or gives something else.</exception>
    public static async Task<(QuoteCollateral Collateral, CollateralSummary Summary)> FetchAsync(
        CollateralService client, PlatformId platform, bool early, CancellationToken cancellation)
    {
        try
        {
            var collateral = await client.FetchAsync(platform, early, cancellation).ConfigureAwait(false);
            var (summary, refusal) = CollateralSummary.TryRead(collateral);
            return summary is not null && summary.Fmspc == platform.Fmspc
                ? (collateral, summary)
                : throw CliReasons.BadCollateralAnswer.Refuse(
                    $"the service gave something else than collateral for {platform.Fmspc}: {refusal?.Detail}");
        }
        catch (HttpRequestException failure)
        {
            throw new RefusedException(CliReasons.NoCollateralService.Because(failure.Message), failure);
        }
        catch (TaskCanceledException failure) when (!cancellation.IsCancellationRequested)
        {
            throw new RefusedException(CliReasons.NoCollateralService.Because("the service did not answer in time"), failure);
        }
    }
}
