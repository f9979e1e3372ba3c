using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Documents;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Quotes;

/// <summary><c>guardian quote verify</c>.</summary>
internal sealed class QuoteVerifyCommand : LocalCommand
{
    private readonly Argument<string> quote = QuoteShowCommand.CreateQuoteArgument();
    private readonly Option<string?> collateral = new("--collateral")
    {
        Description = "Collateral: a folder or a packed file. Without it, the files that 'guardian quote collateral fetch' stored.",
        HelpName = "PATH",
    };
    private readonly Option<DateTimeOffset?> at = new("--at")
    {
        Description = "The instant at which everything must be valid, RFC 3339. Without it, now.",
        CustomParser = Instants.ParseRfc3339,
        HelpName = "INSTANT",
    };
    private readonly Option<string?> root = new("--root")
    {
        Description = "Certificate of the root of trust, PEM, in place of Intel's.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> accept = new("--accept")
    {
        Description = "A TCB status that is accepted besides UpToDate; several may follow.",
        AllowMultipleArgumentsPerToken = true,
        HelpName = "STATUS",
    };
    private readonly Option<string?> policy = new("--policy")
    {
        Description =
            "Policy that says which enclaves are accepted, YAML: attestation, platforms, debug, tcb (docs/how-to/attestation.md).",
        HelpName = "FILE",
    };
    private readonly Option<bool> debug = new("--allow-debug") { Description = "Accept debug enclaves, whose memory the host can read." };
    private readonly Option<bool> simulated = new("--simulated") { Description = "Accept simulated platforms, which protect nothing." };
    private readonly Option<bool> noRevocation = new("--insecure-no-revocation")
    {
        Description = "Accept collateral without revocation lists.",
    };
    private readonly Option<string?> pck = new("--pck-chain")
    {
        Description = "The platform's PCK certificate chain, PEM, for quotes that do not contain it.",
        HelpName = "FILE",
    };
    private readonly Option<bool> early = new("--early")
    {
        Description = "Use the values that Intel will apply soon, as 'guardian quote collateral fetch --early' stored them.",
    };
    private readonly Option<string?> ear = new("--ear")
    {
        Description = "Write the result as a signed token (EAR, JWT) for others to rely on; needs --key.",
        HelpName = "FILE",
    };
    private readonly Option<string?> nonce = new("--ear-nonce")
    {
        Description = "The relying party's nonce, 8 to 88 characters, which the token repeats.",
        HelpName = "NONCE",
    };
    private readonly Option<string?> key = new("--key") { Description = "The key that signs the token.", HelpName = "FILE" };

    public QuoteVerifyCommand() : base("verify", "Verify a quote against Intel's collateral, offline, and appraise it.") =>
        AddSymbols(quote, collateral, at, root, accept, policy, debug, simulated, noRevocation, pck, early, ear, nonce, key);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        RefuseIdleOptions(arguments);
        OutputFile.RequireNew(arguments.GetValue(ear));
        using var signer = arguments.GetValue(ear) is null
            ? null
            : KeyFile.Load(arguments.GetValue(key) ?? throw CliReasons.NoKey.Refuse("a token needs a key"));
        var bytes = QuoteFile.Read(arguments.GetRequiredValue(quote));
        var options = new VerifierOptions
        {
            Anchors = ReadAnchors(arguments.GetValue(root), arguments.GetValue(simulated)),
            RequireRevocationLists = !arguments.GetValue(noRevocation),
            PckChain = arguments.GetValue(pck) is { } chain ? InputFile.ReadBytes(chain) : default,
        };
        var accepted = ReadPolicy(arguments);
        var (found, unreadable) = FindCollateral(arguments.GetValue(collateral), bytes, arguments.GetValue(early));
        var outcome = unreadable is null
            ? QuoteVerifier.Verify(bytes, found, arguments.GetValue(at) ?? TimeProvider.System.GetUtcNow(), options)
            : unreadable;
        var appraisal = outcome.Value is { } verified ? accepted.Appraise(verified) : null;
        if (appraisal is not null && signer is not null)
        {
            var token = AttestationToken.Sign(
                outcome.Value!, accepted, signer, TimeProvider.System.GetUtcNow(), arguments.GetValue(nonce));
            OutputFile.Write(arguments.GetRequiredValue(ear)!, token);
        }
        Show(terminal, QuoteVerifyResult.Of(outcome, accepted, appraisal), appraisal);
        return appraisal?.IsAccepted == true ? ExitCode.Done : ExitCode.Refused;
    }

    // An option without effect would let its user believe in one.
    private void RefuseIdleOptions(ParseResult arguments)
    {
        if (arguments.GetValue(early) && arguments.GetValue(collateral) is not null)
        {
            throw CliReasons.Usage.Refuse(
                "--early chooses among stored collateral, and --collateral names other collateral",
                "omit --early, and give --collateral the early values; or omit --collateral");
        }
        if (arguments.GetValue(ear) is null && (arguments.GetValue(nonce) ?? arguments.GetValue(key)) is not null)
        {
            throw CliReasons.Usage.Refuse("--key and --ear-nonce are for a token", "add --ear FILE");
        }
        if (arguments.GetValue(nonce) is { } text && !AttestationToken.IsNonce(text))
        {
            throw CliReasons.Usage.Refuse("a nonce has 8 to 88 printable characters of ASCII, without blanks");
        }
    }

    private static void Show(Terminal terminal, QuoteVerifyResult result, Appraisal? appraisal) =>
        terminal.Show(result, QuotesJson.Default.QuoteVerifyResult, people =>
    {
        var refused = appraisal?.Checks.Where(check => !check.Passed).ToList() ?? [];
        // The details of a refused policy follow, one line for each rule.
        people.WriteFacts(Facts.Of(refused.Count > 0 ? result with { Detail = null } : result, QuotesJson.Default.QuoteVerifyResult));
        foreach (var check in refused)
        {
            people.WriteLine($"not accepted: {check}");
            people.WriteLine($"  to fix it: {check.Advice}");
        }
    });

    private static Outcome<QuoteCollateral> FindCollateral(string? path, byte[] bytes, bool isEarly)
    {
        if (path is null)
        {
            var platform = Quote.TryParse(bytes).Value is { } parsed ? PlatformId.Of(parsed) : null;
            var stored = platform is null ? null : UserFolders.OpenCollateral(isEarly: isEarly).Find(platform);
            return new Outcome<QuoteCollateral>(stored, null);
        }
        return CollateralFiles.Read(InputFile.Require(path));
    }

    /// <summary>Reads the root of <c>--root</c>; Intel's without it.</summary>
    public static TrustAnchor ReadAnchor(string? root) =>
        root is null ? TrustAnchor.Intel : TrustAnchor.FromCertificate(InputFile.ReadBytes(root))
            ?? throw CliReasons.BadRoot.Refuse($"{root} holds no certificate with a P-256 key");

    private static List<TrustAnchor> ReadAnchors(string? root, bool simulated)
    {
        var anchor = ReadAnchor(root);
        return simulated ? [anchor, .. BuiltPlatforms.Support.Anchors.Where(known => known.Platform == PlatformKind.Simulated)] : [anchor];
    }

    private AttestationPolicy ReadPolicy(ParseResult arguments)
    {
        var read = arguments.GetValue(policy) is { } path ? ReadPolicy(path) : new AttestationPolicy
        {
            Identities = [AcceptedIdentity.Anyone],
            Platforms = arguments.GetValue(simulated) ? [PlatformKind.Hardware, PlatformKind.Simulated] : [PlatformKind.Hardware],
        };
        return read with
        {
            AllowDebug = read.AllowDebug || arguments.GetValue(debug),
            Statuses = [.. read.Statuses, .. (arguments.GetValue(accept) ?? []).SelectMany(list => list.Split(',')).Select(ParseStatus)],
        };
    }

    private static AttestationPolicy ReadPolicy(string path)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(InputFile.ReadBytes(path), problems);
        var read = map is null ? null : AttestationPolicy.Read(map, allowTrustDomains: true);
        map?.End();
        return read is not null && !problems.Any
            ? read
            : throw CliReasons.BadPolicy.Refuse(
                $"{path} is no valid policy", problems: [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }

    private static TcbStatus ParseStatus(string text) =>
        Enum.TryParse<TcbStatus>(text, ignoreCase: false, out var status) && status.ToString() == text
        ? status
        : throw CliReasons.BadStatus.Refuse($"'{text}' is no TCB status", $"there are {string.Join(", ", Enum.GetNames<TcbStatus>())}");
}
