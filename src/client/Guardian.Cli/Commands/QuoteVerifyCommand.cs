using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Quotes;
using Guardian.Documents;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Reports;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian quote verify</c>: every link, every status, and what to do about it.</summary>
internal static partial class QuoteVerifyCommand
{
    public static Command Create()
    {
        var quote = QuoteCommands.QuoteArgument();
        var collateral = new Option<string?>("--collateral") { Description = "Collateral: a folder or a packed file. Without it, what 'collateral fetch' has kept.", HelpName = "PATH" };
        var at = new Option<DateTimeOffset?>("--at") { Description = "The instant at which everything must be valid, RFC 3339. Without it, now.", CustomParser = ParseInstant, HelpName = "INSTANT" };
        var root = new Option<string?>("--root") { Description = "Certificate of the root of trust, PEM, in place of Intel's.", HelpName = "FILE" };
        var accept = new Option<string[]>("--accept") { Description = "A TCB status that is accepted besides UpToDate; several may follow.", AllowMultipleArgumentsPerToken = true, HelpName = "STATUS" };
        var policy = new Option<string?>("--policy") { Description = "Policy that says which enclaves are accepted, YAML: attestation, platforms, debug, tcb (docs/how-to/attestation.md).", HelpName = "FILE" };
        var debug = new Option<bool>("--allow-debug") { Description = "Accept debug enclaves, whose memory is open to the host." };
        var simulated = new Option<bool>("--simulated") { Description = "Accept simulated platforms, which protect nothing." };
        var noRevocation = new Option<bool>("--insecure-no-revocation") { Description = "Accept collateral without revocation lists." };
        var pck = new Option<string?>("--pck-chain") { Description = "The platform's PCK certificate chain, PEM, for quotes that do not carry it.", HelpName = "FILE" };
        var ear = new Option<string?>("--ear") { Description = "Write the result as a signed token (EAR, JWT) for others to rely on; needs --key.", HelpName = "FILE" };
        var key = new Option<string?>("--key") { Description = "The key that signs the token.", HelpName = "FILE" };
        var command = new Command("verify", "Verify a quote against Intel's collateral, offline, and appraise it.")
        {
            quote, collateral, at, root, accept, policy, debug, simulated, noRevocation, pck, ear, key,
        };
        command.Runs((arguments, terminal) =>
        {
            var bytes = QuoteFile.Read(arguments.GetRequiredValue(quote));
            var options = new VerifierOptions
            {
                Anchors = ReadAnchors(arguments.GetValue(root), arguments.GetValue(simulated)),
                RequireRevocationLists = !arguments.GetValue(noRevocation),
                PckChain = arguments.GetValue(pck) is { } chain ? File.ReadAllBytes(chain) : default,
            };
            var wanted = ReadPolicy(arguments.GetValue(policy), arguments.GetValue(simulated));
            wanted = wanted with
            {
                AllowDebug = wanted.AllowDebug || arguments.GetValue(debug),
                Statuses = [.. wanted.Statuses, .. (arguments.GetValue(accept) ?? []).SelectMany(list => list.Split(',')).Select(ParseStatus)],
            };
            var (found, unreadable) = FindCollateral(arguments.GetValue(collateral), bytes);
            var outcome = unreadable is null
                ? QuoteVerifier.Verify(bytes, found, arguments.GetValue(at) ?? TimeProvider.System.GetUtcNow(), options)
                : unreadable;
            var appraisal = outcome.Value is { } verified ? wanted.Appraise(verified) : null;
            if (appraisal is not null && arguments.GetValue(ear) is { } tokenPath)
            {
                using var signer = IdentityKey.Load(arguments.GetValue(key) ?? throw new CliException(ExitCode.Usage, "no-key", "a token needs a key", hint: "add --key FILE"));
                File.WriteAllText(tokenPath, AttestationToken.Sign(outcome.Value!, appraisal, signer));
            }
            Show(terminal, outcome, appraisal);
            return appraisal?.IsAccepted == true ? ExitCode.Done : ExitCode.Refused;
        });
        return command;
    }

    private static void Show(Terminal terminal, Outcome<VerifiedQuote> outcome, Appraisal? appraisal)
    {
        var json = new JsonObject { ["verified"] = outcome.Value is not null, ["accepted"] = appraisal?.IsAccepted ?? false };
        var refused = appraisal?.Checks.Where(check => !check.Passed).ToList() ?? [];
        if (outcome.Value is { } quote)
        {
            QuoteView.AddTcb(json, quote);
            var report = quote.Tee == TeeType.Sgx ? quote.Report : null;
            foreach (var (name, value) in QuoteView.Identity(quote.Tee, report, quote.TdReport).ToList())
            {
                json[name] = value?.DeepClone();
            }
            json["checks"] = QuoteView.Checks(appraisal!);
        }
        else
        {
            // The claims of an unverified quote prove nothing, so they are not repeated.
            foreach (var name in new[] { "status", "tee", "mrEnclave", "mrSigner", "isvProdId", "isvSvn", "debug", "reportData" })
            {
                json[name] = null;
            }
            json["status"] = outcome.Refusal is { Code: "revoked", Location.Part: nameof(QuoteStage.Tcb) } ? nameof(TcbStatus.Revoked) : null;
            json["advisoryIds"] = new JsonArray();
        }
        if (outcome.Refusal is { } refusal)
        {
            (json["stage"], json["reason"], json["detail"]) = (refusal.Location?.Part, refusal.Code, refusal.Detail);
            json["offset"] = refusal.Location?.Offset;
        }
        else if (refused.Count > 0)
        {
            (json["stage"], json["reason"], json["detail"]) = ("Policy", refused[0].Rule, string.Join("; ", refused));
        }
        terminal.Show(json, people =>
        {
            json.Remove("checks");
            if (refused.Count > 0)
            {
                // It stands below, a line for each rule.
                json.Remove("detail");
            }
            QuoteView.Show(people, json);
            foreach (var check in refused)
            {
                people.WriteLine($"not accepted: {check}");
                people.WriteLine($"  to fix it: {check.Advice}");
            }
        });
    }

    private static Outcome<QuoteCollateral> FindCollateral(string? path, byte[] bytes)
    {
        if (path is null)
        {
            var platform = Quote.TryParse(bytes).Value is { } quote ? PlatformId.Of(quote) : null;
            return new Outcome<QuoteCollateral>(platform is null ? null : CollateralCommands.Store(null).Find(platform), null);
        }
        return Path.Exists(path) ? CollateralFiles.Read(path) : throw new FileNotFoundException($"{path} does not exist");
    }

    private static List<TrustAnchor> ReadAnchors(string? root, bool simulated)
    {
        var anchor = root is null ? TrustAnchor.Intel : TrustAnchor.FromCertificate(File.ReadAllBytes(root))
            ?? throw new CliException(ExitCode.Usage, "bad-root", $"{root} holds no certificate with a P-256 key", hint: "give the root's certificate in PEM");
        return simulated ? [anchor, .. BuiltPlatforms.Support.Anchors.Where(known => known.Platform == PlatformKind.Simulated)] : [anchor];
    }

    private static AttestationPolicy ReadPolicy(string? path, bool simulated)
    {
        if (path is null)
        {
            return new AttestationPolicy
            {
                Identities = [AcceptedIdentity.Anyone],
                Platforms = simulated ? [PlatformKind.Hardware, PlatformKind.Simulated] : [PlatformKind.Hardware],
            };
        }
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(File.ReadAllBytes(path), problems);
        var policy = map is null ? null : AttestationPolicy.Read(map);
        map?.End();
        return policy is not null && !problems.Any
            ? policy
            : throw new CliException(ExitCode.Usage, "bad-policy", $"{path} is no valid policy", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }

    private static TcbStatus ParseStatus(string text) => Enum.TryParse<TcbStatus>(text, ignoreCase: false, out var status) && status.ToString() == text
        ? status
        : throw new CliException(ExitCode.Usage, "bad-status", $"'{text}' is no TCB status", hint: $"there are {string.Join(", ", Enum.GetNames<TcbStatus>())}");

    // RFC 3339; an instant without offset, and a date alone, are UTC.
    private static DateTimeOffset? ParseInstant(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var parts = Rfc3339().Match(text);
        if (parts.Success)
        {
            // Digits beyond the seventh are less than this clock counts.
            var (fraction, time, offset) = (parts.Groups["fraction"].Value, parts.Groups["time"].Value, parts.Groups["offset"].Value.ToUpperInvariant());
            var exact = $"{parts.Groups["date"].Value}T{(time.Length > 0 ? time : "00:00:00")}{fraction[..Math.Min(fraction.Length, 8)]}{(offset is "" or "Z" ? "+00:00" : offset)}";
            if (DateTimeOffset.TryParseExact(exact, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
            {
                return instant;
            }
        }
        result.AddError($"'{text}' is no instant like 2026-01-31T12:00:00Z");
        return null;
    }

    [GeneratedRegex(@"^(?<date>\d{4}-\d\d-\d\d)([Tt ](?<time>\d\d:\d\d:\d\d)(?<fraction>\.\d+)?(?<offset>[Zz]|[+-]\d\d:\d\d)?)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
