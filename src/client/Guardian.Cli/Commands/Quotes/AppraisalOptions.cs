using System.CommandLine;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Documents;
using Guardian.Policies;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Quotes;

/// <summary>The options of the commands that verify evidence: collateral, roots, instant and policy.</summary>
internal sealed class AppraisalOptions
{
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

    /// <summary>All of them, in the order of the help text.</summary>
    public IEnumerable<Option> All => [collateral, at, root, accept, policy, debug, simulated, noRevocation, pck, early];

    /// <summary>Refuses an option without effect: its user would believe in one.</summary>
    public void RefuseIdle(ParseResult arguments)
    {
        if (arguments.GetValue(early) && arguments.GetValue(collateral) is not null)
        {
            throw CliReasons.Usage.Refuse(
                "--early chooses among stored collateral, and --collateral names other collateral",
                "omit --early, and give --collateral the early values; or omit --collateral");
        }
    }

    /// <summary>Refuses options that mean Intel's documents, for a report of SEV-SNP, which has none.</summary>
    public void RefuseIntelsOptions(ParseResult arguments, string found) => Refuse(arguments, found, [accept, early, pck, simulated]);

    /// <summary>Refuses options about evidence, for a token, whose issuer appraised the evidence.</summary>
    public void RefuseEvidenceOptions(ParseResult arguments, string found, IEnumerable<Option> more) =>
        Refuse(arguments, found, [collateral, root, noRevocation, early, pck, simulated, .. more]);

    private static void Refuse(ParseResult arguments, string found, IEnumerable<Option> options)
    {
        if (options.FirstOrDefault(each => arguments.GetResult(each) is { Implicit: false }) is { } option)
        {
            throw CliReasons.Usage.Refuse($"{option.Name} is for other evidence, and this is a {found}", $"omit {option.Name}");
        }
    }

    /// <summary>AMD's documents about a platform, from the folder of <c>--collateral</c>; nothing without it.</summary>
    public Outcome<SnpEndorsements> FindEndorsements(ParseResult arguments) => arguments.GetValue(collateral) is { } path
        ? SnpEndorsements.Read(InputFile.Require(path))
        : new Outcome<SnpEndorsements>(null, null);

    /// <summary>The options of the verifier of SEV-SNP.</summary>
    public SnpOptions ReadSnpOptions(ParseResult arguments) => new()
    {
        Root = arguments.GetValue(root) is { } path ? InputFile.ReadBytes(path) : default,
        RequireRevocationList = !arguments.GetValue(noRevocation),
    };

    /// <summary>The options of the verifier.</summary>
    public VerifierOptions ReadVerifierOptions(ParseResult arguments) => new()
    {
        Anchors = ReadAnchors(arguments.GetValue(root), arguments.GetValue(simulated)),
        RequireRevocationLists = !arguments.GetValue(noRevocation),
        PckChain = ReadPckChain(arguments),
    };

    private ReadOnlyMemory<byte> ReadPckChain(ParseResult arguments) =>
        arguments.GetValue(pck) is { } chain ? InputFile.ReadBytes(chain) : default;

    /// <summary>The instant at which everything must be valid.</summary>
    public DateTimeOffset FindInstant(ParseResult arguments) => arguments.GetValue(at) ?? TimeProvider.System.GetUtcNow();

    /// <summary>The edition of collateral that is used: the values that Intel applies now, or will apply soon.</summary>
    public EvaluationSet FindEdition(ParseResult arguments) => arguments.GetValue(early) ? EvaluationSet.Early : EvaluationSet.Standard;

    /// <summary>Whether the user named a policy.</summary>
    public bool NamesPolicy(ParseResult arguments) => arguments.GetValue(policy) is not null;

    /// <summary>Finds the platform of a quote, by the chain in it or by that of <c>--pck-chain</c>; null without one.</summary>
    public PlatformId? FindPlatform(ParseResult arguments, ReadOnlyMemory<byte> quote) => PlatformId.Of(quote, ReadPckChain(arguments));

    /// <summary>Finds the collateral of a quote: that of <c>--collateral</c>, or what was stored. Neither may be there.</summary>
    public Outcome<QuoteCollateral> FindCollateral(ParseResult arguments, ReadOnlyMemory<byte> quote)
    {
        if (arguments.GetValue(collateral) is { } path)
        {
            return CollateralFiles.Read(InputFile.Require(path));
        }
        var platform = FindPlatform(arguments, quote);
        var stored = platform is null ? null : UserFolders.OpenCollateral(edition: FindEdition(arguments)).Find(platform);
        return new Outcome<QuoteCollateral>(stored, null);
    }

    /// <summary>Reads the root of <c>--root</c>; Intel's without it.</summary>
    public static TrustAnchor ReadAnchor(string? root) =>
        root is null ? TrustAnchor.Intel : TrustAnchor.FromCertificate(InputFile.ReadBytes(root))
            ?? throw CliReasons.BadRoot.Refuse($"{root} holds no certificate with a P-256 key");

    /// <summary>Reads the roots: that of <c>--root</c> or Intel's, and the simulated one if it is accepted.</summary>
    public static IReadOnlyList<TrustAnchor> ReadAnchors(string? root, bool simulated)
    {
        var anchor = ReadAnchor(root);
        return simulated ? [anchor, .. BuiltPlatforms.Support.Anchors.Where(known => known.Platform == PlatformKind.Simulated)] : [anchor];
    }

    /// <summary>Reads the policy, with the additions of the command line.</summary>
    /// <exception cref="RefusedException">It is malformed.</exception>
    public AttestationPolicy ReadPolicy(ParseResult arguments)
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

    /// <summary>Reads a policy from its file.</summary>
    /// <exception cref="RefusedException">It is missing or malformed.</exception>
    public static AttestationPolicy ReadPolicy(string path)
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(InputFile.ReadBytes(path), problems);
        var read = map is null ? null : PolicyReader.Read(map, allowVirtualMachines: true);
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
