using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.Verification;

/// <summary>Every case of tests/vectors/dcap with its expected outcome.</summary>
public class VectorTests
{
    private static readonly string Root = Repository.File("tests", "vectors", "dcap");

    [Theory]
    [MemberData(nameof(Names))]
    public void A_case_has_its_expected_outcome(string name)
    {
        var vector = new Vector(name);
        var verdict = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options);
        switch (vector.Verdict)
        {
            case "accept":
                Assert.True(verdict.Value is not null, verdict.Refusal?.ToString());
                vector.Check(verdict.Value!);
                break;
            case "either":
                Assert.True(verdict.Value is not null || verdict.Refusal is not null);
                break;
            default:
                Assert.False(verdict.Value is not null, name);
                break;
        }
    }

    [Theory]
    [InlineData("n1-body-bit", QuoteStage.Signature, "bad-signature")]
    [InlineData("n1-own-attest-key", QuoteStage.KeyBinding, "key-not-bound")]
    [InlineData("n1-qe-report-bit", QuoteStage.QuotingEnclave, "bad-qe-signature")]
    [InlineData("n1-tcbinfo-tampered", QuoteStage.Collateral, "bad-tcb-info-signature")]
    [InlineData("n1-tcbinfo-reformatted", QuoteStage.Collateral, "bad-tcb-info-signature")]
    [InlineData("n1-qeid-tampered", QuoteStage.Collateral, "bad-qe-identity-signature")]
    [InlineData("n1-tcbinfo-dup-key", QuoteStage.Collateral, "bad-tcb-info")]
    [InlineData("n1-qeid-td", QuoteStage.Collateral, "wrong-qe-identity")]
    [InlineData("n1-tcbinfo-tdx", QuoteStage.Collateral, "wrong-tcb-info")]
    [InlineData("n1-crl-other-ca", QuoteStage.Collateral, "wrong-crl")]
    [InlineData("n1-crl-swapped", QuoteStage.Collateral, "wrong-crl")]
    [InlineData("n1-crl-sig", QuoteStage.Collateral, "bad-crl-signature")]
    [InlineData("n1-no-pck-crl", QuoteStage.Collateral, "missing-crl")]
    [InlineData("n1-no-root-crl", QuoteStage.Collateral, "missing-crl")]
    [InlineData("n1-time-before", QuoteStage.Collateral, "not-yet-valid")]
    [InlineData("n1-time-after", QuoteStage.Collateral, "expired")]
    [InlineData("n1-fake-intel-root", QuoteStage.CertificateChain, "unknown-root")]
    [InlineData("n1-tcbinfo-fake-signer", QuoteStage.Collateral, "unknown-root")]
    [InlineData("s-status-Revoked", QuoteStage.Tcb, "revoked")]
    [InlineData("s-qe-revoked", QuoteStage.Tcb, "revoked")]
    [InlineData("s-qe-svn-too-low", QuoteStage.Tcb, "not-supported")]
    [InlineData("s-no-level-comp16", QuoteStage.Tcb, "not-supported")]
    [InlineData("s-td-module-unknown", QuoteStage.Tcb, "not-supported")]
    [InlineData("s-pck-revoked", QuoteStage.Revocation, "revoked")]
    [InlineData("s-intermediate-revoked", QuoteStage.Revocation, "revoked")]
    [InlineData("s-tcb-signer-revoked", QuoteStage.Revocation, "revoked")]
    [InlineData("s-tcbinfo-future", QuoteStage.Collateral, "not-yet-valid")]
    [InlineData("s-pck-expired", QuoteStage.CertificateChain, "expired")]
    [InlineData("s-fmspc-mismatch", QuoteStage.Collateral, "wrong-fmspc")]
    [InlineData("s-pceid-mismatch", QuoteStage.Collateral, "wrong-pceid")]
    [InlineData("s-qe-mrsigner", QuoteStage.QuotingEnclave, "unknown-qe")]
    [InlineData("s-tcb-signer-is-pck", QuoteStage.Collateral, "bad-issuer-chain")]
    [InlineData("s-intermediate-not-ca", QuoteStage.CertificateChain, "wrong-use")]
    [InlineData("s-unknown-status", QuoteStage.Collateral, "bad-tcb-info")]
    [InlineData("s-pck-no-fmspc", QuoteStage.CertificateChain, "bad-pck")]
    [InlineData("s-crl-wrong-key", QuoteStage.Collateral, "bad-crl-signature")]
    public void A_refusal_names_what_failed(string name, QuoteStage stage, string reason)
    {
        var vector = new Vector(name);
        var failure = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options).Refusal!;
        Assert.Equal((stage, reason), (failure.Stage, failure.Code));
    }

    [Fact]
    public void A_quote_that_only_names_its_platform_needs_the_pck_chain_and_verifies_with_it()
    {
        var folder = Path.Combine(Root, "intel-qvl-sample-certtype1");
        byte[] Read(string file) => File.ReadAllBytes(Path.Combine(folder, file));
        var collateral = CollateralFiles.Read(folder).Value!;
        var options = new VerifierOptions
        {
            Anchors = [TrustAnchor.FromCertificate(Read("trustedRootCaCert.pem"))!],
            RequireRevocationLists = false,
        };
        var at = DateTimeOffset.Parse("2024-01-01T00:00:00Z");
        Assert.Equal("pck-certificate-needed", QuoteVerifier.Verify(Read("quote.dat"), collateral, at, options).Refusal!.Code);
        var verdict = QuoteVerifier.Verify(
            Read("quote.dat"), collateral, at,
            options with { PckChain = (byte[])[.. Read("pckCert.pem"), (byte)'\n', .. Read("pckSignChain.pem")] });
        Assert.Equal(TcbStatus.UpToDate, verdict.Value!.Tcb!.Status);
    }

    // Certification data of type 5 is PEM, and an SVN is a byte. Intel's own library does not verify this sample either.
    [Fact]
    public void Intels_sample_of_a_trust_domain_is_refused_for_a_chain_in_DER_and_security_versions_that_are_no_bytes()
    {
        var folder = Path.Combine(Root, "intel-qvl-sample-tdx");
        byte[] Read(string file) => File.ReadAllBytes(Path.Combine(folder, file));
        var options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(Read("trustedRootCaCert.pem"))!] };
        var collateral = CollateralFiles.Read(folder).Value!;
        var refusal = QuoteVerifier.Verify(Read("quote.dat"), collateral, DateTimeOffset.Parse("2024-01-01T00:00:00Z"), options).Refusal!;
        Assert.Equal((QuoteStage.CertificateChain, "bad-chain"), (refusal.Stage, refusal.Code));
        Assert.Equal("bad-tcb-info", CollateralSummary.TryRead(collateral).Refusal!.Code);
    }

    [Fact]
    public void Intels_known_root_certificate_is_signed_by_intels_key()
    {
        var root = CertificatePem.ReadAll(new Vector("tdx4-uptodate").Collateral.TcbInfoIssuerChain.Span, most: 2)[1]!;
        using var key = P256Key.TryImport(TrustAnchor.Intel.RootKey.Span)!;
        Assert.True(TrustAnchor.Intel.HasVerified(root) && root.IsSignedBy(key));
    }

    [Theory]
    [InlineData("v3-certtype3-ppid-rsa3072.bin", "pck-certificate-needed")]
    [InlineData("v3-certtype3-raw-tcb.bin", "pck-certificate-needed")]
    [InlineData("v3-chain-order-leaf-root-intermediate.bin", "no-collateral")]
    [InlineData("v3-corrupted-signature.bin", "bad-signature")]
    [InlineData("v3-mobilecoin-debug.bin", "no-collateral")]
    [InlineData("v4-tdx-trailing70.bin", "no-collateral")]
    public void Without_collateral_everything_else_is_checked(string file, string reason)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Root, "quotes", file));
        var at = new[] { 2020, 2021, 2022, 2023, 2024, 2025 }.Select(year => new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Contains(reason, at.Select(instant => TestPlatform.Verifier.Verify(bytes, instant).Refusal!.Code));
    }

    [Fact]
    public void A_verifier_that_remembers_says_the_same_as_one_that_does_not()
    {
        var accepted = Directory.GetDirectories(Root).Select(Path.GetFileName)
            .Where(name => File.Exists(Path.Combine(Root, name!, "expected.json")) && !name!.StartsWith("intel-", StringComparison.Ordinal))
            .Select(name => new Vector(name!))
            .GroupBy(vector => vector.Options.Anchors[0].Name + vector.Options.RequireRevocationLists + vector.RootPath);
        foreach (var group in accepted)
        {
            using var verifier = new QuoteVerifier(group.First().Options);
            for (var round = 0; round < 2; round++)
            {
                foreach (var vector in group)
                {
                    var cold = QuoteVerifier.Verify(vector.Quote, vector.Collateral, vector.At, vector.Options);
                    var warm = verifier.Verify(vector.Quote, vector.Collateral, vector.At);
                    Assert.Equal((cold.Refusal?.Code, cold.Refusal?.Location), (warm.Refusal?.Code, warm.Refusal?.Location));
                    Assert.Equal(cold.Value?.Tcb?.Status, warm.Value?.Tcb?.Status);
                }
            }
        }
    }

    public static TheoryData<string> Names() =>
        new(Directory.GetDirectories(Root).Where(folder => File.Exists(Path.Combine(folder, "expected.json")))
        .Select(Path.GetFileName).Where(name => !name!.StartsWith("intel-", StringComparison.Ordinal)).Order()!);

    internal sealed class Vector
    {
        private readonly JsonNode expected;

        public Vector(string name)
        {
            var folder = Path.Combine(Root, name);
            expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!;
            var below = (string?)expected["overlayOn"] is { } overlaid ? Path.Combine(Root, overlaid) : folder;
            var absent = expected["absent"]?.AsArray().Select(each => (string)each!).ToHashSet() ?? [];
            byte[] Find(string stem, params string[] endings) =>
                absent.Contains(stem)
                    ? []
                    : new[] { folder, below }.SelectMany(each => endings.Select(ending => Path.Combine(each, $"{stem}.{ending}")))
                        .FirstOrDefault(File.Exists) is { } path
                    ? File.ReadAllBytes(path) : [];

            Quote = Find("quote", "bin");
            Collateral = new QuoteCollateral
            {
                TcbInfo = Find("tcb_info", "json"),
                TcbInfoIssuerChain = Find("tcb_info_issuer_chain", "pem"),
                QeIdentity = Find("qe_identity", "json"),
                QeIdentityIssuerChain = Find("qe_identity_issuer_chain", "pem"),
                RootCaCrl = Find("root_ca_crl", "der", "pem", "hex"),
                PckCrl = Find("pck_crl", "der", "pem", "hex"),
            };
            At = DateTimeOffset.Parse((string)expected["at"]!);
            Verdict = ((string)expected["verdict"]!).Split(' ')[0];
            RootPath = new[] { folder, below }.Select(each => Path.Combine(each, "root.pem")).FirstOrDefault(File.Exists);
            var isComplete = (bool?)expected["collateralComplete"] ?? true;
            // Some real collateral was published without revocation lists.
            Options = new VerifierOptions
            {
                Anchors = [RootPath is null ? TrustAnchor.Intel : TrustAnchor.FromCertificate(File.ReadAllBytes(RootPath))!],
                RequireRevocationLists = isComplete,
            };
        }

        public ReadOnlyMemory<byte> Quote { get; }

        public QuoteCollateral Collateral { get; }

        public DateTimeOffset At { get; }

        public string Verdict { get; }

        public string? RootPath { get; }

        public VerifierOptions Options { get; }

        public void Check(VerifiedQuote quote)
        {
            Is("tcbStatus", quote.Tcb!.Status.ToString());
            Is("platformTcbStatus", quote.Tcb.Platform.Status.ToString());
            Is("qeTcbStatus", quote.Tcb.QuotingEnclave.Status.ToString());
            Is("tdxModuleTcbStatus", quote.Tcb.TdxModule?.Status.ToString());
            Is("currentTcbStatus", quote.Tcb.CurrentStatus?.ToString());
            Is("matchedTcbLevelIndex", quote.Tcb.PlatformLevelIndex);
            Is("tcbEvaluationDataNumber", quote.Tcb.EvaluationDataNumber);
            Is("minTcbDate", quote.Tcb.Date);
            Is("earliestExpiry", quote.Tcb.EarliestExpiry);
            Is("mrEnclave", quote.Tee == TeeType.Sgx ? quote.Report.MrEnclave.ToString() : null);
            Is("mrSigner", quote.Tee == TeeType.Sgx ? quote.Report.MrSigner.ToString() : null);
            Is("mrTd", quote.TdReport is { } td ? Convert.ToHexStringLower(td.MrTd.Span) : null);
            Is("fmspc", Convert.ToHexStringLower(quote.Pck.Fmspc.Span));
            Is("reportData", Convert.ToHexStringLower(quote.ReportData.Span));
            Assert.Equal(
                expected["platformAdvisoryIds"]?.AsArray().Select(each => (string)each!) ?? quote.Tcb.Platform.AdvisoryIds,
                quote.Tcb.Platform.AdvisoryIds);
        }

        private void Is(string name, object? found)
        {
            if (expected[name] is { } value)
            {
                var text = found is DateTimeOffset instant
                    ? instant.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
                    : found?.ToString();
                Assert.Equal(value.ToJsonString().Trim('"'), text);
            }
        }
    }
}
