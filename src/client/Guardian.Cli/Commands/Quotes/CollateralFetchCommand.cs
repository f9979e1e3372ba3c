using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote collateral fetch</c>.</summary>
internal sealed class CollateralFetchCommand : CliCommand
{
    private readonly Argument<string[]> quotes = new("QUOTE")
    {
        Description = "Quotes of the platforms whose collateral you need.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<Uri> service = new("--service")
    {
        Description = "The provisioning certification service, or a caching one (PCCS).",
        DefaultValueFactory = _ => CollateralDownload.IntelService,
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
        Description = "Fetch the values that Intel will apply soon, and store them beside the others: 'quote verify --early' uses them.",
    };
    private readonly Option<DateTimeOffset?> at = new("--at")
    {
        Description = "The instant at which the collateral must be valid, RFC 3339. Without it, now.",
        CustomParser = Instants.ParseRfc3339,
        HelpName = "INSTANT",
    };
    private readonly Option<string?> root = new("--root")
    {
        Description = "Certificate of the root of trust, PEM, in place of Intel's.",
        HelpName = "FILE",
    };
    private readonly Option<Uri?> rootList = new("--root-crl")
    {
        Description =
            "Address of the root's revocation list, for a service that does not have it. Without it, the address where Intel publishes it.",
        CustomParser = Addresses.ParseWeb,
        HelpName = "ADDRESS",
    };

    public CollateralFetchCommand() : base("fetch", "Fetch collateral and store it for offline use.") =>
        AddSymbols(quotes, service, store, ahead, early, at, root, rootList);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var stored = UserFolders.OpenCollateral(arguments.GetValue(store), arguments.GetValue(early));
        var now = arguments.GetValue(at) ?? TimeProvider.System.GetUtcNow();
        var options = new VerifierOptions { Anchors = [AppraisalOptions.ReadAnchor(arguments.GetValue(root))] };
        var exitCode = ExitCode.Done;
        using var http = CollateralDownload.CreateClient(arguments.GetRequiredValue(service));
        var client = new CollateralService(http, arguments.GetValue(rootList));
        var fetched = new List<FetchedPlatform>();
        foreach (var (platform, quote) in arguments.GetRequiredValue(quotes).Select(ReadPlatform).DistinctBy(pair => pair.Platform))
        {
            // Collateral that was altered where it is stored is no reason to keep it.
            var known = stored.Find(platform) is { } old && IsSigned(quote, old, now, options)
                ? CollateralSummary.TryRead(old).Value : null;
            var isCurrent = arguments.GetValue(ahead) > 0
                && known?.Expires > now.AddDays(arguments.GetValue(ahead));
            if (!isCurrent)
            {
                var (collateral, summary) =
                    await CollateralDownload.FetchAsync(client, platform, arguments.GetValue(early), cancellation).ConfigureAwait(false);
                Check(quote, collateral, summary, now, options);
                if (known is null || summary.Supersedes(known))
                {
                    terminal.Note($"wrote {stored.Write(platform, collateral)}");
                    known = summary;
                }
                else
                {
                    terminal.Note($"kept the stored collateral of {platform.Fmspc}: the service's is not newer");
                    isCurrent = true;
                    exitCode = known.Expires >= now ? exitCode : ExitCode.Failed;
                }
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
                    $"{platform.Tee} {platform.Fmspc}: {(platform.Fetched ? "fetched" : "kept")}, expires {platform.Expires}");
            }
        });
        return exitCode;
    }

    // The verdict about the platform may be bad: it may be revoked or too old, and that must become known.
    private static void Check(
        byte[] quote, QuoteCollateral collateral, CollateralSummary summary, DateTimeOffset now, VerifierOptions options)
    {
        var refusal = QuoteVerifier.Verify(quote, collateral, now, options).Refusal;
        if (refusal is not null && !IsAboutPlatform(refusal))
        {
            throw CliReasons.BadCollateralAnswer.Refuse($"what the service gave does not verify: {refusal.Detail}");
        }
        if (summary.Pieces.FirstOrDefault(piece => now < piece.From || now > piece.To) is { } invalid)
        {
            throw CliReasons.BadCollateralAnswer.Refuse(
                $"what the service gave is not valid now: '{invalid.Name}' is valid from {invalid.From:u} to {invalid.To:u}");
        }
    }

    private static bool IsSigned(byte[] quote, QuoteCollateral collateral, DateTimeOffset now, VerifierOptions options) =>
        QuoteVerifier.Verify(quote, collateral, now, options).Refusal is not { } refusal
        || IsAboutPlatform(refusal) || refusal.Reason == QuoteReasons.Expired;

    private static bool IsAboutPlatform(Refusal refusal) =>
        refusal.Location?.Part is nameof(QuoteStage.Tcb) or nameof(QuoteStage.Revocation) || refusal.Reason == QuoteReasons.UnknownQe;

    private static (PlatformId Platform, byte[] Quote) ReadPlatform(string path)
    {
        var bytes = QuoteFile.Read(path);
        return PlatformId.Of(QuoteFile.Parse(path, bytes)) is { } platform
            ? (platform, bytes)
            : throw CliReasons.NoPlatform.Refuse($"{path} contains no PCK certificate, so its platform is unknown");
    }
}

/// <summary>The result of <c>quote collateral fetch</c>.</summary>
internal sealed record CollateralFetchResult(IReadOnlyList<FetchedPlatform> Platforms);

/// <summary>A platform whose collateral is stored now.</summary>
/// <param name="Fetched">Whether it was fetched; false when the stored collateral is still current.</param>
internal sealed record FetchedPlatform(string Fmspc, string Tee, bool Fetched, int TcbEvaluationDataNumber, string Expires);
