using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
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
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<string[]> platforms = new("--platform")
    {
        Description = "A platform without a quote: its FMSPC, the CA of its PCK certificates (processor or platform), and sgx or tdx.",
        HelpName = "FMSPC:CA:TEE",
    };
    private readonly ServiceOptions services = new();
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
    private readonly Option<int?> number = new("--evaluation")
    {
        Description = "Fetch the values with this tcbEvaluationDataNumber, and store them beside the others.",
        HelpName = "NUMBER",
        CustomParser = ParseNumber,
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
        AddSymbols([quotes, platforms, .. services.All, store, ahead, early, number, at, root, rootList]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var wanted = ReadPlatforms(arguments);
        var now = arguments.GetValue(at) ?? TimeProvider.System.GetUtcNow();
        var options = new VerifierOptions { Anchors = [AppraisalOptions.ReadAnchor(arguments.GetValue(root))] };
        using var connected = services.Connect(arguments, arguments.GetValue(rootList));
        var updater = new CollateralUpdater(
            connected.Services, UserFolders.OpenCollateral(arguments.GetValue(store), FindEdition(arguments)), options);
        var exitCode = ExitCode.Done;
        var fetched = new List<FetchedPlatform>();
        foreach (var platform in wanted)
        {
            var summary = arguments.GetValue(ahead) > 0 ? updater.FindStored(platform) : null;
            var isCurrent = summary?.Expires > now.AddDays(arguments.GetValue(ahead));
            if (!isCurrent)
            {
                var (update, refusal) = await updater.UpdateAsync(platform, now, cancellation).ConfigureAwait(false);
                summary = update?.Summary ?? throw new RefusedException(refusal!);
                isCurrent = update.Path is null;
                terminal.Note(isCurrent
                    ? $"kept the stored collateral of {platform.Fmspc}: the service's is not newer"
                    : $"wrote {update.Path}");
                exitCode = summary.Expires >= now ? exitCode : ExitCode.Failed;
            }
            fetched.Add(new FetchedPlatform(
                platform.Fmspc, QuoteIdentity.Name(platform.Tee), Fetched: !isCurrent, summary!.EvaluationDataNumber,
                Format.Instant(summary.Expires)));
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

    private EvaluationSet FindEdition(ParseResult arguments)
    {
        var chosen = arguments.GetValue(number);
        return (chosen, arguments.GetValue(early)) switch
        {
            ({ } _, true) => throw CliReasons.Usage.Refuse("--early and --evaluation name two editions", "give one of them"),
            ({ } wanted, false) => EvaluationSet.Numbered(wanted),
            (null, true) => EvaluationSet.Early,
            _ => EvaluationSet.Standard,
        };
    }

    private List<PlatformId> ReadPlatforms(ParseResult arguments)
    {
        List<PlatformId> found =
        [
            .. (arguments.GetValue(quotes) ?? []).Select(ReadPlatform),
            .. (arguments.GetValue(platforms) ?? []).Select(text => PlatformId.TryParse(text)
                ?? throw CliReasons.Usage.Refuse($"'{text}' is no platform", "give it as 00606a000000:platform:sgx")),
        ];
        return found.Count > 0
            ? [.. found.Distinct()]
            : throw CliReasons.Usage.Refuse(
                "quote collateral fetch needs a QUOTE, or --platform", "guardian quote collateral fetch --help");
    }

    private static PlatformId ReadPlatform(string path) =>
        PlatformId.Of(QuoteFile.Parse(path))
        ?? throw CliReasons.NoPlatform.Refuse($"{path} contains no PCK certificate, so its platform is unknown");

    private static int? ParseNumber(ArgumentResult result)
    {
        if (result.Tokens.Count == 1 && EvaluationSet.TryParse(result.Tokens[0].Value)?.Number is { } read)
        {
            return read;
        }
        result.AddError("--evaluation takes a number from 1");
        return null;
    }
}

/// <summary>The result of <c>quote collateral fetch</c>.</summary>
internal sealed record CollateralFetchResult(IReadOnlyList<FetchedPlatform> Platforms);

/// <summary>A platform whose collateral is stored now.</summary>
/// <param name="Fetched">Whether it was fetched; false when the stored collateral is still current.</param>
internal sealed record FetchedPlatform(string Fmspc, string Tee, bool Fetched, int TcbEvaluationDataNumber, string Expires);
