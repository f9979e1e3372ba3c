using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.EventLogs;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Snp;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Client.Workloads;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Inputs;
using Guardian.Documents;
using Guardian.Metering;
using Guardian.Runtime.Stdio;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Gramine;
using Guardian.Sgx.Measurement;
using Guardian.Sgx.Reports;
using Guardian.Simulation;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Wasi;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Pure;

namespace Guardian.Fuzz;

/// <summary>A reader of foreign bytes.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Seeds">Returns good inputs to start from.</param>
/// <param name="Read">Reads an input; returns whether it was good.</param>
internal sealed record Target(string Name, Func<IReadOnlyList<byte[]>> Seeds, Func<byte[], bool> Read);

/// <summary>Every reader of foreign bytes, and a canary that the fuzzer must catch.</summary>
internal static class Targets
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset SnpInstant = new(2026, 3, 7, 0, 0, 0, TimeSpan.Zero);
    private static readonly EnvelopeVerifier Envelopes = new(SimulatedPlatforms.Verifier);
    private static readonly Lazy<Samples> Known = new(() => new Samples());
    private static readonly Lazy<RoomContract> Room = new(() => ContractReader.Read(Known.Value.Contract, new DocumentProblems())!);

    private static readonly string[] QuestionTexts =
    [
        """{"kind":"Crosstab","dataSets":["campaign","customers"],"by":["campaign.arm","customers.region"]}""",
        """
        {"kind":"Lift","where":[{"is":"any","conditions":[{"is":"not","condition":{"is":"all","conditions":[
        {"is":"predicate","column":"customers.region","operator":"in","values":["North","South"]}]}},
        {"is":"predicate","column":"campaign.exposed","operator":"=","values":["1"]}]}]}
        """,
    ];

    public static IReadOnlyList<Target> All { get; } =
    [
        new("quote", () => [Known.Value.Quote], input => SimulatedPlatforms.Verifier.Verify(input, Now).Value is not null),
        new("quote-parse",
            () => [Known.Value.Quote, .. Vectors("quote.bin", "sgx3-processor-cfg-and-swh", "tdx4-uptodate", "s-v4-sgx", "s-v5-td15")],
            input => Quote.TryParse(input).Value is not null),
        new("chain",
            () => [Chain("sgx3-processor-cfg-and-swh"), Chain("tdx4-uptodate")],
            input => CertificatePem.ReadAll(input, most: 4) is { Count: > 0 } chain && chain.All(each => each is not null)),
        new("crl",
            () =>
            [
                .. Vectors("root_ca_crl.der", "tdx4-uptodate"), .. Vectors("pck_crl.der", "tdx4-uptodate"),
                .. Vectors("pck_crl.pem", "sgx3-azure-swh-pem-crl"),
            ],
            input => CertificatePem.ReadRevocationList(input) is not null),
        new("tcb-info",
            () => Vectors("tcb_info.json", "sgx3-platform-swh-tcbinfo-v2", "tdx4-uptodate", "s-v5-td15"),
            input => SignedDocument.ReadTcbInfo(input).Value is not null),
        new("qe-identity",
            () => Vectors("qe_identity.json", "sgx3-processor-cfg-and-swh", "tdx4-uptodate"),
            input => SignedDocument.ReadQeIdentity(input).Value is not null),
        new("collateral",
            () => [CollateralFiles.Pack(Known.Value.Collateral)],
            input => CollateralFiles.TryUnpack(input).Value is not null),
        new("endorsements",
            () => [Vector("envelopes", "oe-evidence-endorsements", "endorsements.bin")],
            input => OpenEnclaveEndorsements.TryRead(input) is not null),
        new("event-log",
            () =>
            [
                Vector("tdx-eventlog", "log-duplicate-separator", "ccel_data.bin"),
                Vector("tdx-eventlog", "dstack-json-rtmr3", "event_log.json"), Vector("tdx-eventlog", "aael-text-1", "aael.txt"),
            ],
            input => EventLog.TryRead(input).Value is not null),
        new("snp-report", () => [Vector("snp", "turin-v5-vcek", "report.bin"), Vector("snp", "milan-v2-vcek-virtee", "report.bin")],
            input => SnpReport.TryParse(input).Value is not null),
        new("snp-certificate",
            () => [Vector("snp", "turin-v5-vcek", "leaf.der"), Vector("snp", "milan-v3-vlek-us-east-2", "leaf.der")],
            ReadSnpCertificate),
        new("snp-azure", () => [Vector("snp", "azure-hcl-milan-v2", "hcl-report.bin")],
            input => EnvelopeReader.Read(input).Value is { Kind: EnvelopeKind.SnpReport }),
        new("envelope",
            () =>
            [
                Known.Value.Quote, Vector("envelopes", "azure-ratls-maa-cert", "cert.der"),
                Vector("envelopes", "oe-report-release", "report.bin"), Vector("envelopes", "ear-pass", "token.jwt"),
            ],
            ReadEnvelope),
        new("token-keys",
            () => [Vector("envelopes", "ear-pass", "jwks.json")],
            input => TokenKeys.Read(input).Value is { } keys && TokenVerifier.Verify(Token, keys, Now).Value is not null),
        new("token",
            () => [Vector("envelopes", "ear-pass", "token.jwt")],
            input => TokenVerifier.Verify(Encoding.Latin1.GetString(input).Trim(), TokenKeysOf("ear-pass"), Now).Value is not null),
        new("sgxs",
            () => [Vector("sgx", "synth_partial.sgxs"), Vector("sgx", "synth_tcs.sgxs")],
            input => SgxsFile.TryMeasure(input, out _) is null),
        new("sdk-enclave",
            () => [Vector("sgx", "synth_sdk_a.signed.so")],
            input => SdkEnclave.ReadAll(input).Value is not null),
        new("gramine-manifest",
            () => [Vector("gramine", "small.manifest.sgx"), Vector("gramine", "full.manifest.sgx")],
            input => GramineManifest.Read(input).Settings is not null),
        new("gramine-layer",
            () => [Vector("gramine", "libpal.so")],
            input => GramineLayout.TryMeasure("a"u8, input, new GramineSettings(1 << 22, 1, HasDynamicMemory: true), out _) is null),
        new("ra-tls",
            () => [Known.Value.Certificate],
            input => RaTlsVerifier.Verify(input, Now, SimulatedPlatforms.Verifier).Value is not null),
        new("certificate", () => [Known.Value.Certificate], input => Certificate.TryRead(input) is not null),
        new("pck-extension", () => [Known.Value.PckExtension], input => PckExtension.TryRead(input) is not null),
        new("tagged-evidence", () => [Known.Value.TaggedEvidence], input => TaggedEvidence.TryRead(input) is not null),
        new("claims",
            () => [TaggedEvidence.WriteClaims(new byte[32], EvidenceContext.CasStarting)],
            input => TaggedEvidence.TryReadClaims(input) is not null),
        new("evidence-context",
            () => [EvidenceContext.RuntimeLaunch(new byte[32], "session", "service").Encoded.ToArray()],
            input => EvidenceContext.TryRead(input) is { } read && read.Encoded.Span.SequenceEqual(input)),
        new("workload-certificate", () => [Known.Value.Workload], IsWorkload),
        new("statement",
            () => [Known.Value.Statement],
            input => StatementVerifier.Verify(input, Now, SimulatedPlatforms.Verifier).Value is not null),
        new("sigstruct", () => [Known.Value.SigStruct], input => SigStruct.TryRead(input, out var read) && read!.Verify()),
        new("report", () => [Known.Value.Quote[48..432]], input => ReportBody.TryRead(input, out _)),
        new("sealed", () => [Known.Value.Sealed], input => Sealing.TryUnseal(Known.Value.Enclave, input, [], out _)),
        new("sealed-value", () => [SealedSamples.Text], SealedSamples.Opens),
        new("session", () => [Document("docs/spec/session.md"), SealedSamples.Session],
            input => SessionDocument.Read(input).Value is not null),
        new("yaml-layout", () => [Document("docs/reference/scone.md"), "a: [1, {b: \"c\"}] # d\ne: |\n  f\n"u8.ToArray()], ReadLayout),
        new("audit-line", () => [AuditSample()], input => AuditLine.TryRead(input) is not null),
        new("audit-successor", () => [PlainAuditSample()], input => AuditLine.IsPlainSuccessor(input, 1, AuditLine.Origin)),
        new("creation-rules", () => [Encoding.UTF8.GetBytes(CreationSample())],
            input => CreationRules.Read(input).Value is not null),
        new("audit-link", () => [AuditSample()], input => AuditLine.TryReadLink(input) is not null),
        new("placeholders",
            () => ["a$$GUARDIAN::k.previous:hex|escape(json)$$b"u8.ToArray()],
            input => Placeholders.FindProblem(Encoding.UTF8.GetString(input), isFile: true, _ => SecretKind.Binary) is null),
        new("question", () => [.. QuestionTexts.Select(Encoding.UTF8.GetBytes)], input => Question.TryRead(input) is { } question
            && new QuestionCompiler(Room.Value).Compile(question).Refusal is null),
        new("contract", () => [Known.Value.Contract], input => ContractReader.Read(input, new DocumentProblems()) is not null),
        new("shard-request", () => [Known.Value.ShardRequest], Known.Value.ReadShardRequest),
        new("group", () => [Known.Value.Group], input => Known.Value.CheckGroup(input, UploadForm.Sorted)),
        new("unsorted-group", () => [Known.Value.Group], input => Known.Value.CheckGroup(input, UploadForm.Unsorted)),
        new("time",
            () => ["2026-03-01T18:30:15.5+01:00"u8.ToArray()],
            input => TimeText.TryRead(Encoding.UTF8.GetString(input), out _, out _)),
        new("condition",
            () => [Encoding.UTF8.GetBytes("campaign.arm in Red, \"a, b\" and not (campaign.x between 1 and 2 or campaign.y != 3)")],
            input => ConditionText.TryRead(Encoding.UTF8.GetString(input), out _) is not null),
        new("journal",
            () => [Journal(1_000), Journal(253_402_300_799_999)],
            input => JournalRecord.TryParseJson(input) is { } record
                && Timeline.Build([record, record with { Kind = JournalKind.Started }, record with { Uptime = 0 }]).Count > 0),
        new("volume-superblock", () => [VolumeSamples.Superblock], VolumeSamples.ReadSuperblock),
        new("volume-superblock-content", () => [VolumeSamples.Content], input => Superblock.TryReadContent(input) is not null),
        new("volume-node", () => [VolumeSamples.Node], input => NodeRecord.TryRead(input, 1, 1_000, out _)),
        new("volume-inode", () => [VolumeSamples.Inode], input => InodeRecord.TryRead(input, 1_000, out _)),
        new("volume-directory", () => [VolumeSamples.Directory], input => DirectoryContent.TryRead(input, 100) is not null),
        new("volume-tag",
            () => [Encoding.ASCII.GetBytes("12 " + new string('a', 48) + "\n")],
            input => FileFreshness.TryRead(input) is not null),
        new("volume-key", () => [Encoding.ASCII.GetBytes(new string('0', 64) + "\n")], input => VolumeKey.TryRead(input) is not null),
        new("public-key",
            () => [Encoding.UTF8.GetBytes(Known.Value.PublicKey)],
            input => IdentityKey.IsPublicKey(Encoding.UTF8.GetString(input))),
        new("stdio-frames", () => [StdioSample()], ReadFrames),
        .. NodeTargets.All,
        .. QuotingTargets.All,
        .. VerifierTargets.All,
        .. ContainerTargets.All,
        .. ProgramTargets.All,
    ];

    /// <summary>Throws for an input that is a few changes away from its seed. A fuzzer that does not find it is broken itself.</summary>
    public static Target Canary { get; } = new(
        "canary",
        () => [[1, 2, 3, 4]],
        input => input.Length < 4 || input[2] != 0xFF ? true : throw new InvalidOperationException("the canary was caught"));

    private static byte[] StdioSample()
    {
        using var cipher = new StdioCipher(new byte[32], new string('0', 32), "out");
        var target = new byte[StdioFrame.MaxBinarySize];
        return
        [
            .. Encoding.ASCII.GetBytes(cipher.Seal(StdioFrameKind.Start, "a/b"u8).ToString()),
            .. target[..cipher.SealBinary(StdioFrameKind.Data, "some data"u8, target)], .. "a line of another program\n"u8,
        ];
    }

    private static bool ReadFrames(byte[] input)
    {
        var reader = new StdioFrameReader();
        using var log = new StdioLog(new byte[32]);
        var isGood = true;
        for (var at = 0; at < input.Length;)
        {
            var size = Math.Min(input.Length - at, reader.Space.Length);
            input.AsSpan(at, size).CopyTo(reader.Space.Span);
            reader.Advance(size);
            at += size;
            while (reader.TryRead(out var part))
            {
                isGood &= part.Frame is null || log.Read(part.Frame).Problem is null;
            }
        }
        return isGood && !reader.TryFinish(out _);
    }

    private static bool IsWorkload(byte[] input)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(input);
            return WorkloadIdentity.TryRead(certificate) is not null;
        }
        catch (CryptographicException)
        {
            // The base library reads the certificate itself.
            return false;
        }
    }

    private static byte[] PlainAuditSample()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return AuditLine.Write(
            new AuditPayload(1, "2026-06-01T00:00:00.000Z", "tag-moved", AuditLine.Origin, AuditLine.Origin, null, null, null, [4]), key);
    }

    private static byte[] AuditSample()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var owners = new AuditOwners(["AA=="], 1, null, null, AuditLine.Origin);
        var payload = new AuditPayload(
            1, "2026-06-01T00:00:00.000Z", "started", AuditLine.Origin, AuditLine.Origin, [1, 2, 3], owners, AuditLine.Origin, [4]);
        return AuditLine.Write(payload, key);
    }

    // Without the line's checksum, which would reject every change before the reader sees it.
    private static byte[] Journal(long wall) =>
        new JournalRecord(JournalKind.Defined, Guid.Empty, 5, wall, Guid.Empty, 8, "project", "flavor")
            .ToLine()[JournalRecord.JsonOffset..^1];

    /// <summary>The first YAML example of a page.</summary>
    internal static byte[] Document(string page)
    {
        var text = File.ReadAllText(FileOf(page));
        var start = text.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        return Encoding.UTF8.GetBytes(text[start..text.IndexOf("```", start, StringComparison.Ordinal)]);
    }

    /// <summary>A file of tests/vectors.</summary>
    internal static byte[] Vector(params string[] path) => File.ReadAllBytes(FileOf(Path.Combine(["tests", "vectors", .. path])));

    // Whatever the verdict, a known form is read and verified without an exception.
    private static bool ReadSnpCertificate(byte[] input)
    {
        var endorsements = new SnpEndorsements { Leaf = input, Chain = Vector("snp", "turin-v5-vcek", "chain.pem") };
        var options = new SnpOptions { RequireRevocationList = false };
        return SnpVerifier.Verify(Vector("snp", "turin-v5-vcek", "report.bin"), endorsements, SnpInstant, options).Value is not null
            || (Certificate.TryRead(input) is { } certificate && SnpLeaf.TryRead(certificate) is not null);
    }

    private static bool ReadEnvelope(byte[] input)
    {
        if (EnvelopeReader.Read(input).Value is not { } envelope)
        {
            return false;
        }
        if (envelope.Kind != EnvelopeKind.Token)
        {
            _ = Envelopes.Verify(envelope, Now);
        }
        return true;
    }

    private static string Token => Encoding.ASCII.GetString(Vector("envelopes", "ear-pass", "token.jwt")).Trim();

    private static TokenKeys TokenKeysOf(string name) => TokenKeys.Read(Vector("envelopes", name, "jwks.json")).Value!;

    private static List<byte[]> Vectors(string file, params string[] cases) => [.. cases.Select(each => Vector("dcap", each, file))];

    internal static byte[] Chain(string name) => Quote.TryParse(Vector("dcap", name, "quote.bin")).Value!.CertificationData.ToArray();

    private static string CreationSample()
    {
        var hash = new string('a', 64);
        return $"cas: {{identity: {hash}, owners: {hash}}}\npredecessor: {hash}\ncreate: [ANY, {{signer: {hash}}}]\n"
            + "quota: {sessions: 1, keys: 2}\n";
    }

    // Tools edit the text at these places, so each lies within it.
    private static bool ReadLayout(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (YamlLayout.Read(text, new DocumentProblems()) is not { } layout)
        {
            return false;
        }
        var open = new Stack<YamlPlace>([layout.Top]);
        while (open.TryPop(out var place))
        {
            if (place.Start > place.End || place.End > text.Length)
            {
                throw new InvalidOperationException($"a node is at {place.Start} to {place.End} of {text.Length}");
            }
            foreach (var inner in (place.Items ?? []).Concat(place.Members?.SelectMany(each => new[] { each.Key, each.Value }) ?? []))
            {
                open.Push(inner);
            }
        }
        return layout.ReadComments().Count >= 0;
    }

    /// <summary>The path of a file of this repository.</summary>
    internal static string FileOf(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, path)))
        {
            folder = folder.Parent;
        }
        return Path.Combine(folder.FullName, path);
    }
}
