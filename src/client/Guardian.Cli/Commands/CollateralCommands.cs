using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Cli.Quotes;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian quote collateral</c>: what Intel says of platforms, fetched, kept and exchanged.</summary>
internal static class CollateralCommands
{
    // The longest answer is a revocation list of some hundred KiB.
    private const int MaxAnswerSize = 8 * 1024 * 1024;

    private static readonly Uri IntelService = new("https://api.trustedservices.intel.com/");

    public static Command Create() => new("collateral", "Fetch, show and pack what Intel says of platforms.") { CreateFetch(), CreateShow(), CreatePack() };

    /// <summary>Where fetched collateral is kept.</summary>
    public static CollateralStore Store(string? directory) => new(StorePath(directory));

    /// <summary>The folder of <see cref="Store"/>.</summary>
    public static string StorePath(string? directory) => directory ?? Path.Combine(HostOptions.Home, "collateral");

    private static Command CreateFetch()
    {
        var quotes = new Argument<string[]>("QUOTE") { Description = "Quotes of the platforms that collateral is wanted for.", Arity = ArgumentArity.OneOrMore };
        var service = new Option<Uri>("--service") { Description = "The provisioning certification service, or a caching one (PCCS).", DefaultValueFactory = _ => IntelService, CustomParser = ParseAddress, HelpName = "ADDRESS" };
        var store = new Option<string?>("--store") { Description = "Folder to keep it in. Without it, where 'quote verify' looks.", HelpName = "DIR" };
        var ahead = new Option<int>("--ahead") { Description = "Fetch only what expires within so many days; 0 fetches always.", DefaultValueFactory = _ => 0, HelpName = "DAYS" };
        var early = new Option<bool>("--early") { Description = "Fetch what Intel will apply soon, to see which platforms will need an update." };
        var rootList = new Option<Uri?>("--root-crl") { Description = "Where the root's revocation list is, for a service that does not have it. Without it, where Intel publishes it.", CustomParser = ParseAddress, HelpName = "ADDRESS" };
        var fetch = new Command("fetch", "Fetch collateral and keep it for offline use.") { quotes, service, store, ahead, early, rootList };
        fetch.Runs(async (arguments, terminal, cancellation) =>
        {
            var kept = Store(arguments.GetValue(store));
            using var http = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All })
            {
                BaseAddress = CollateralService.BaseAddress(arguments.GetRequiredValue(service)),
                Timeout = TimeSpan.FromSeconds(60),
                MaxResponseContentBufferSize = MaxAnswerSize,
            };
            var client = new CollateralService(http, arguments.GetValue(rootList));
            var written = new JsonArray();
            foreach (var platform in arguments.GetRequiredValue(quotes).Select(PlatformOf).Distinct())
            {
                var known = kept.Find(platform) is { } old ? CollateralSummary.TryRead(old).Value : null;
                var isCurrent = arguments.GetValue(ahead) > 0 && known is not null && known.Expires > TimeProvider.System.GetUtcNow().AddDays(arguments.GetValue(ahead));
                if (!isCurrent)
                {
                    var fetched = await FetchAsync(client, platform, arguments.GetValue(early), cancellation).ConfigureAwait(false);
                    var path = kept.Write(platform, fetched.Collateral);
                    known = fetched.Summary;
                    terminal.Note($"wrote {path}");
                }
                written.Add((JsonNode)new JsonObject
                {
                    ["fmspc"] = platform.Fmspc,
                    ["tee"] = platform.Tee == TeeType.Tdx ? "tdx" : "sgx",
                    ["fetched"] = !isCurrent,
                    ["tcbEvaluationDataNumber"] = known!.EvaluationDataNumber,
                    ["expires"] = QuoteView.Instant(known.Expires),
                });
            }
            terminal.Show(new JsonObject { ["platforms"] = written }, people =>
            {
                foreach (var line in written)
                {
                    people.WriteLine($"{line!["tee"]} {line["fmspc"]}: {((bool)line["fetched"]! ? "fetched" : "still current")}, expires {line["expires"]}");
                }
            });
            return ExitCode.Done;
        });
        return fetch;
    }

    private static Command CreateShow()
    {
        var path = PathArgument();
        var show = new Command("show", "Show what collateral is for, and when each piece expires.") { path };
        show.Runs((arguments, terminal) =>
        {
            var (summary, refusal) = CollateralSummary.TryRead(Read(arguments.GetRequiredValue(path)));
            if (summary is null)
            {
                throw new CliException(ExitCode.Usage, "bad-collateral", $"{arguments.GetRequiredValue(path)}: {refusal!.Detail}");
            }
            terminal.Show(
                new JsonObject
                {
                    ["tee"] = summary.Tee == TeeType.Tdx ? "tdx" : "sgx",
                    ["fmspc"] = summary.Fmspc,
                    ["tcbEvaluationDataNumber"] = summary.EvaluationDataNumber,
                    ["qeTcbEvaluationDataNumber"] = summary.QeEvaluationDataNumber,
                    ["expires"] = QuoteView.Instant(summary.Expires),
                    ["revokedCertificates"] = summary.RevokedCertificates,
                    ["pieces"] = new JsonArray([.. summary.Pieces.Select(piece => (JsonNode)new JsonObject
                    {
                        ["name"] = piece.Name, ["from"] = QuoteView.Instant(piece.From), ["to"] = QuoteView.Instant(piece.To),
                    })]),
                },
                people =>
                {
                    people.WriteLine($"{summary.Tee} platform {summary.Fmspc}, TCB evaluation data number {summary.EvaluationDataNumber}");
                    var table = new Table().Border(TableBorder.Rounded).AddColumn("piece").AddColumn("from").AddColumn("to");
                    foreach (var piece in summary.Pieces)
                    {
                        table.AddRow(Markup.Escape(piece.Name), QuoteView.Instant(piece.From), QuoteView.Instant(piece.To));
                    }
                    people.Write(table);
                    people.WriteLine(summary.RevokedCertificates is { } count ? $"{count} certificates are revoked" : "a revocation list is missing");
                });
            return ExitCode.Done;
        });
        return show;
    }

    private static Command CreatePack()
    {
        var path = PathArgument();
        var output = new Option<string>("--output") { Description = "The file to write.", Required = true, HelpName = "FILE" };
        var pack = new Command("pack", "Pack collateral into one file, byte for byte as signed.") { path, output };
        pack.Runs((arguments, terminal) =>
        {
            var target = arguments.GetRequiredValue(output);
            File.WriteAllBytes(target, CollateralFiles.Pack(Read(arguments.GetRequiredValue(path))));
            terminal.Show(new JsonObject { ["file"] = target }, people => people.WriteLine($"wrote {target}"));
            return ExitCode.Done;
        });
        return pack;
    }

    private static Uri ParseAddress(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp))
        {
            return address;
        }
        result.AddError($"'{text}' is no address: https://host:port/ or http://host:port/");
        return IntelService;
    }

    private static Argument<string> PathArgument() => new("COLLATERAL") { Description = "A folder with a file for each piece, or a packed file." };

    private static QuoteCollateral Read(string path)
    {
        var (collateral, refusal) = CollateralFiles.Read(path);
        return collateral
            ?? throw new CliException(ExitCode.Usage, refusal!.Code, $"{path} holds no collateral: {refusal.Detail}");
    }

    private static PlatformId PlatformOf(string path) => PlatformId.Of(QuoteCommands.Parse(path))
        ?? throw new CliException(ExitCode.Refused, "no-platform", $"{path} carries no PCK certificate, so its platform is not known", hint: "take a quote with certification data of type 5");

    // What cannot be read is not kept in place of what can.
    private static async Task<(QuoteCollateral Collateral, CollateralSummary Summary)> FetchAsync(CollateralService client, PlatformId platform, bool early, CancellationToken cancellation)
    {
        try
        {
            var collateral = await client.FetchAsync(platform, early, cancellation).ConfigureAwait(false);
            var (summary, refusal) = CollateralSummary.TryRead(collateral);
            return summary is not null && summary.Fmspc == platform.Fmspc
                ? (collateral, summary)
                : throw new CliException(
                    ExitCode.World, "bad-collateral",
                    $"the service gave something else than collateral for {platform.Fmspc}: {refusal?.Detail}");
        }
        catch (HttpRequestException failure)
        {
            throw new CliException(ExitCode.World, "unreachable", failure.Message, hint: "check --service; what was kept before stays in use");
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CliException(ExitCode.World, "unreachable", "the service did not answer in time", hint: "check --service; what was kept before stays in use");
        }
    }
}
