using System.Text.Json.Nodes;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Snp;

namespace Guardian.Attestation.Tests.Snp;

/// <summary>Every case of tests/vectors/snp with its expected outcome.</summary>
public class SnpVectorTests
{
    private static readonly string Root = Repository.File("tests", "vectors", "snp");

    public static TheoryData<string> Names() =>
        new(Directory.GetDirectories(Root).Where(folder => File.Exists(Path.Combine(folder, "expected.json"))).Select(Path.GetFileName)!);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_case_has_its_expected_outcome(string name)
    {
        var vector = new SnpVector(name);
        var (verified, refusal) = vector.Verify();
        if (!vector.IsAccepted)
        {
            Assert.Null(verified);
            return;
        }
        Assert.True(verified is not null, refusal?.ToString());
        vector.Check(verified);
    }

    [Theory]
    [InlineData("n-measurement-bit", "Signature", "bad-signature")]
    [InlineData("n-policy-bit", "Signature", "bad-signature")]
    [InlineData("n-sig-zero", "Signature", "bad-signature")]
    [InlineData("n-sig-r-eq-n", "Signature", "bad-signature")]
    [InlineData("n-sig-big-endian", "Signature", "bad-signature")]
    [InlineData("n-trunc-1183", "Parse", "bad-snp-report")]
    [InlineData("n-sigalgo-2", "Parse", "bad-snp-report")]
    [InlineData("n-leaf-of-other-chip", "Signature", "bad-signature")]
    [InlineData("n-chain-of-other-product", "CertificateChain", "wrong-issuer")]
    [InlineData("n-chain-no-ask", "CertificateChain", "bad-snp-chain")]
    [InlineData("n-vcek-leaf-under-vlek-ca", "CertificateChain", "wrong-issuer")]
    [InlineData("s-fake-amd-root", "CertificateChain", "unknown-root")]
    [InlineData("s-tcb-leaf-older", "Tcb", "wrong-snp-tcb")]
    [InlineData("s-tcb-leaf-newer", "Tcb", "wrong-snp-tcb")]
    [InlineData("s-chipid-mismatch", "KeyBinding", "wrong-chip")]
    [InlineData("s-leaf-expired", "CertificateChain", "expired")]
    [InlineData("s-leaf-not-yet", "CertificateChain", "not-yet-valid")]
    [InlineData("s-leaf-signed-by-ark", "CertificateChain", "wrong-issuer")]
    [InlineData("s-sha256-signature", "Signature", "bad-signature")]
    [InlineData("s-crl-ask-revoked", "Revocation", "revoked")]
    [InlineData("s-crl-expired", "Collateral", "expired")]
    public void A_refusal_names_what_failed(string name, string stage, string reason)
    {
        var refusal = new SnpVector(name).Verify().Refusal!;
        Assert.Equal((stage, reason), (refusal.Location?.Part, refusal.Code));
    }

    [Theory]
    [InlineData("milan-v3-vcek-hostdata", "milan.der", "2026-03-07T00:00:00Z", null)]
    [InlineData("azure-hcl-genoa-v3", "genoa.der", "2025-06-01T00:00:00Z", null)]
    [InlineData("milan-v3-vcek-hostdata", "genoa.der", "2026-03-07T00:00:00Z", "wrong-crl")]
    [InlineData("milan-v3-vcek-hostdata", "milan.der", "2026-06-01T00:00:00Z", "expired")]
    [InlineData("milan-v3-vcek-hostdata", "", "2026-03-07T00:00:00Z", "missing-crl")]
    public void AMDs_own_lists_are_required_and_compared(string name, string list, string at, string? reason)
    {
        var vector = new SnpVector(name);
        var endorsements =
            vector.Endorsements with { RevocationList = list.Length == 0 ? default : File.ReadAllBytes(Path.Combine(Root, "crl", list)) };
        var (verified, refusal) = SnpVerifier.Verify(vector.Report, endorsements, DateTimeOffset.Parse(at), SnpOptions.AmdOnly);
        Assert.Equal(reason, refusal?.Code);
        Assert.Equal(reason is null, verified is { IsRevocationKnown: true, IsRootAmd: true });
    }

    [Fact]
    public void A_verifier_that_compares_signatures_and_names_alone_is_fooled()
    {
        foreach (var name in new[] { "s-fake-amd-root", "s-tcb-leaf-older", "s-chipid-mismatch", "s-leaf-expired", "s-crl-ask-revoked" })
        {
            var vector = new SnpVector(name);
            Assert.True(IsAcceptedByNames(vector), name);
            Assert.Null(vector.Verify().Value);
        }
    }

    // The naive verifier: each certificate names and signs the next, the root is called as AMD's, and the key signed the report.
    private static bool IsAcceptedByNames(SnpVector vector)
    {
        var chain = CertificatePem.ReadAll(vector.Endorsements.Chain.Span, most: 2);
        var leaf = Certificate.TryRead(vector.Endorsements.Leaf)!;
        var report = SnpReport.TryParse(vector.Report).Value!;
        return chain[1]!.SubjectCommonName.StartsWith("ARK-", StringComparison.Ordinal)
            && leaf.Issuer.Span.SequenceEqual(chain[0]!.Subject.Span)
            && AmdKey.HasSigned(chain[0]!, leaf.SignatureAlgorithm, leaf.Tbs.Span, leaf.Signature.Span)
            && AmdKey.HasSigned(chain[1]!, chain[0]!.SignatureAlgorithm, chain[0]!.Tbs.Span, chain[0]!.Signature.Span)
            && AmdKey.HasSigned(leaf, report);
    }

    [Fact]
    public void Every_flipped_bit_and_every_cut_is_refused()
    {
        var vector = new SnpVector("milan-v3-vcek-hostdata");
        for (var index = 0; index < SnpReport.Size; index += 7)
        {
            var damaged = vector.Report.ToArray();
            damaged[index] ^= 0x10;
            Assert.Null(SnpVerifier.Verify(damaged, vector.Endorsements, vector.At, vector.Options).Value);
            Assert.Equal("bad-snp-report",
                SnpVerifier.Verify(damaged.AsMemory(0, index), vector.Endorsements, vector.At, vector.Options).Refusal!.Code);
        }
        for (var index = 0; index < vector.Endorsements.Leaf.Length; index += 11)
        {
            var damaged = vector.Endorsements.Leaf.ToArray();
            damaged[index] ^= 0x10;
            Assert.Null(SnpVerifier.Verify(vector.Report, vector.Endorsements with { Leaf = damaged }, vector.At, vector.Options).Value);
        }
    }

    [Theory]
    [InlineData("vcek-extensions-legacy.der", 64)]
    [InlineData("vcek-extensions-new.der", 64)]
    [InlineData("vcek-turin.der", 8)]
    public void Both_encodings_of_the_extensions_are_read(string file, int size)
    {
        var leaf = SnpLeaf.TryRead(Certificate.TryRead(File.ReadAllBytes(Path.Combine(Root, "parse-only", file)))!)!;
        Assert.Equal(size, leaf.HardwareId.Length);
        Assert.Equal(size == 8, leaf.Tcb.Fmc is not null);
    }

    [Fact]
    public void Azures_report_is_verified_with_the_runtime_data_that_it_names()
    {
        var vector = new SnpVector("azure-hcl-milan-v2");
        var bytes = File.ReadAllBytes(Path.Combine(Root, "azure-hcl-milan-v2", "hcl-report.bin"));
        var envelope = EnvelopeReader.Read(bytes).Value!;
        Assert.Equal((EnvelopeKind.SnpReport, "SEV-SNP report (Azure)"), (envelope.Kind, envelope.Name));
        Assert.NotNull(envelope.VerifySnp(vector.Endorsements, vector.At, vector.Options).Value);
        // A byte of the runtime data, which holds the virtual TPM's key.
        bytes[1300] ^= 1;
        var changed = EnvelopeReader.Read(bytes).Value!;
        Assert.Equal("key-not-bound", changed.VerifySnp(vector.Endorsements, vector.At, vector.Options).Refusal!.Code);
    }

    [Fact]
    public void A_report_without_documents_says_where_they_are()
    {
        var refusal = SnpVerifier.Verify(
            new SnpVector("turin-v5-vcek").Report, null, DateTimeOffset.UnixEpoch, SnpOptions.AmdOnly).Refusal!;
        Assert.Equal("no-endorsements", refusal.Code);
        Assert.Contains(
            "https://kdsintf.amd.com/vcek/v1/Turin/59790fb1c39f35c1?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81", refusal.Remedy,
            StringComparison.Ordinal);
    }
}

/// <summary>A case of tests/vectors/snp; an overlay takes the rest from the case below.</summary>
internal sealed class SnpVector
{
    private static readonly string Root = Repository.File("tests", "vectors", "snp");

    private readonly JsonNode expected;

    public SnpVector(string name)
    {
        var folder = Path.Combine(Root, name);
        expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;
        var below = (string?)expected["overlayOn"] is { } overlaid ? Path.Combine(Root, overlaid) : folder;
        byte[] Find(string file) => new[] { folder, below }.Select(each => Path.Combine(each, file)).FirstOrDefault(File.Exists) is { } path
            ? File.ReadAllBytes(path)
            : [];
        Report = Find("report.bin");
        Endorsements = new SnpEndorsements { Leaf = Find("leaf.der"), Chain = Find("chain.pem"), RevocationList = Find("crl.der") };
        var at = (string?)expected["at"] ?? (string)JsonNode.Parse(File.ReadAllText(Path.Combine(below, "expected.json")))!["at"]!;
        At = DateTimeOffset.Parse(at);
        IsAccepted = ((string)expected["verdict"]!).StartsWith("accept", StringComparison.Ordinal);
        var own = ((string?)expected["trustedRoot"])?.StartsWith("last", StringComparison.Ordinal) == true;
        Options = new SnpOptions
        {
            Root = own ? CertificatePem.ReadAll(Endorsements.Chain.Span, most: 2)[^1]!.Der : default,
            RequireRevocationList = false,
        };
    }

    public ReadOnlyMemory<byte> Report { get; }

    public SnpEndorsements Endorsements { get; }

    public DateTimeOffset At { get; }

    public bool IsAccepted { get; }

    public SnpOptions Options { get; }

    public Guardian.Refusals.Outcome<VerifiedSnpReport> Verify() => SnpVerifier.Verify(Report, Endorsements, At, Options);

    public void Check(VerifiedSnpReport verified)
    {
        var report = verified.Report;
        Is("reportVersion", report.Version);
        Is("signer", report.Signer == SnpSigner.Vlek ? "vlek" : "vcek");
        Is("guestSvn", report.GuestSvn);
        Is("policy", $"0x{report.GuestPolicy:x}");
        Is("vmpl", report.Vmpl);
        Is("platformInfo", $"0x{report.PlatformInfo:x}");
        Is("chipId", Convert.ToHexStringLower(report.ChipId.Span));
        Is("leafCspId", verified.Provider);
        Is("leafProductName", verified.ProductName);
        Is("measurement", Convert.ToHexStringLower(report.Measurement.Span));
        Is("reportData", Convert.ToHexStringLower(report.ReportData.Span));
        Is("hostData", Convert.ToHexStringLower(report.HostData.Span));
        Is("idKeyDigest", Convert.ToHexStringLower(report.IdKeyDigest.Span));
        Is("authorKeyDigest", Convert.ToHexStringLower(report.AuthorKeyDigest.Span));
        if (expected["reportedTcbDecoded"] is { } tcb)
        {
            Assert.Equal(
                new SnpTcb((byte)tcb["bootloader"]!, (byte)tcb["tee"]!, (byte)tcb["snp"]!, (byte)tcb["microcode"]!, (byte?)tcb["fmc"]),
                verified.Tcb);
        }
        if (expected["policyBits"] is { } bits)
        {
            Assert.Equal(((bool)bits["debug"]!, (bool)bits["migrateMa"]!), (report.IsDebug, report.MayMigrate));
        }
    }

    private void Is(string name, object? found)
    {
        if (expected[name] is { } value)
        {
            Assert.Equal(value.ToJsonString().Trim('"'), found?.ToString());
        }
    }
}
