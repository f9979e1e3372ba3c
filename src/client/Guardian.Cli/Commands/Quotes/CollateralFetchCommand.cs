using System.CommandLine;
using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote collateral fetch</c>.</summary>
internal sealed class CollateralFetchCommand : CliCommand
{
    // The longest answer is a revocation list of some hundred KiB.
    private const int MaxAnswerSize = 8 * 1024 * 1024;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly Uri IntelService = new("https://api.trustedservices.intel.com/");

    private readonly Argument<string[]> quotes = new("QUOTE")
    {
        Description = "Quotes of the platforms whose collateral you need.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<Uri> service = new("--service")
    {
        Description = "The provisioning certification service, or a caching one (PCCS).",
        DefaultValueFactory = _ => IntelService,
        CustomParser = Addresses.ParseWeb,
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> store = new("--store")
    {
        Description = "Folder to store it in. Without it, the folder that 'quote verify' reads.",
        HelpName = "DIR",
    };
    private readonly Option<int> ahead = new("--ahead")
    {
        Description = "Fetch only collateral that expires within so many days; 0 fetches always.",
        DefaultValueFactory = _ => 0,
        HelpName = "DAYS",
    };
    private readonly Option<bool> early = new("--early")
    {
        Description = "Fetch the values that Intel will apply soon, to see which platforms will need an update.",
    };
    private readonly Option<Uri?> rootList = new("--root-crl")
    {
        Description =
            "Address of the root's revocation list, for a service that does not have it. Without it, the address where Intel publishes it.",
        CustomParser = Addresses.ParseWeb,
        HelpName = "ADDRESS",
    };

    public CollateralFetchCommand() : base("fetch", "Fetch collateral and store it for offline use.") =>
        AddSymbols(quotes, service, store, ahead, early, rootList);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var stored = UserFolders.OpenCollateral(arguments.GetValue(store));
        using var http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All })
        {
            BaseAddress = CollateralService.BaseAddress(arguments.GetRequiredValue(service)),
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxAnswerSize,
        };
        var client = new CollateralService(http, arguments.GetValue(rootList));
        var fetched = new List<FetchedPlatform>();
        foreach (var platform in arguments.GetRequiredValue(quotes).Select(ReadPlatform).Distinct())
        {
            var known = stored.Find(platform) is { } old ? CollateralSummary.TryRead(old).Value : null;
            var isCurrent = arguments.GetValue(ahead) > 0
                && known?.Expires > TimeProvider.System.GetUtcNow().AddDays(arguments.GetValue(ahead));
            if (!isCurrent)
            {
                (var collateral, known) = await FetchAsync(client, platform, arguments.GetValue(early), cancellation).ConfigureAwait(false);
                terminal.Note($"wrote {stored.Write(platform, collateral)}");
            }
            fetched.Add(new FetchedPlatform(
                platform.Fmspc, QuoteIdentity.Name(platform.Tee), Fetched: !isCurrent, known!.EvaluationDataNumber,
                Format.Instant(known.Expires)));
        }
        terminal.Show(new CollateralFetchResult(fetched), QuotesJson.Default.CollateralFetchResult, people =>
        {
            foreach (var platform in fetched)
            {
                people.WriteLine(
                    $"{platform.Tee} {platform.Fmspc}: {(platform.Fetched ? "fetched" : "still current")}, expires {platform.Expires}");
            }
        });
        return ExitCode.Done;
    }

    private static PlatformId ReadPlatform(string path) => PlatformId.Of(QuoteFile.Parse(path))
        ?? throw CliReasons.NoPlatform.Refuse($"{path} contains no PCK certificate, so its platform is unknown");

    // A malformed answer must not replace collateral that is good.
    private static async Task<(QuoteCollateral Collateral, CollateralSummary Summary)> FetchAsync(
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

/// <summary>The result of <c>quote collateral fetch</c>.</summary>
internal sealed record CollateralFetchResult(IReadOnlyList<FetchedPlatform> Platforms);

/// <summary>A platform whose collateral is stored now.</summary>
/// <param name="Fetched">Whether it was fetched; false when the stored collateral is still current.</param>
internal sealed record FetchedPlatform(string Fmspc, string Tee, bool Fetched, int TcbEvaluationDataNumber, string Expires);
