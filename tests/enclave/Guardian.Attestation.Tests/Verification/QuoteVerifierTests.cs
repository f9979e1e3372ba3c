using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation.Processor;
using Guardian.Simulation.Quoting;

namespace Guardian.Attestation.Tests.Verification;

/// <summary>Verification over every link. The simulated root's key is public, so tests can forge as well as anyone.</summary>
public class QuoteVerifierTests
{
    private const int DataStart = 436;
    private const int KeyStart = DataStart + 64;
    private const int QeReportStart = KeyStart + 64;
    private const int QeSignatureStart = QeReportStart + 384;
    private const int ChainStart = QeSignatureStart + 64 + 2 + 32 + 2 + 4;

    private static readonly byte[] Good = TestPlatform.Quote;

    [Fact]
    public void A_quote_of_the_simulated_platform_is_verified_and_says_so()
    {
        var verdict = TestPlatform.Verifier.Verify(Good, TestPlatform.Now);
        Assert.NotNull(verdict.Value);
        Assert.Equal((PlatformKind.Simulated, "Guardian Simulated SGX Root CA"), (verdict.Value!.Platform, verdict.Value!.RootName));
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, verdict.Value!.Report.MrEnclave);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (byte)i), verdict.Value!.Report.ReportData.ToArray());
        Assert.Equal("53494d554c41", Convert.ToHexStringLower(verdict.Value!.Pck.Fmspc.Span));
    }

    [Theory]
    [InlineData(0, 432, null)]
    [InlineData(DataStart, 64, QuoteStage.Signature)]
    [InlineData(KeyStart, 64, QuoteStage.KeyBinding)]
    [InlineData(QeReportStart, 384, null)]
    [InlineData(QeSignatureStart, 64, QuoteStage.QuotingEnclave)]
    [InlineData(QeSignatureStart + 64 + 2, 32, QuoteStage.KeyBinding)]
    public void Every_altered_byte_is_refused(int start, int size, QuoteStage? stage)
    {
        for (var i = start; i < start + size; i++)
        {
            var altered = Good.ToArray();
            altered[i] ^= 0x40;
            var verdict = TestPlatform.Verifier.Verify(altered, TestPlatform.Now);
            Assert.False(verdict.Value is not null, $"byte {i}");
            Assert.True(stage is null || verdict.Refusal!.Stage == stage, $"byte {i}: {verdict.Refusal}");
        }
    }

    [Fact]
    public void An_altered_chain_is_refused_or_means_the_same()
    {
        for (var i = ChainStart; i < Good.Length; i += 3)
        {
            var altered = Good.ToArray();
            altered[i] ^= 0x01;
            var verdict = TestPlatform.Verifier.Verify(altered, TestPlatform.Now);
            // Some bytes of PEM mean nothing: line breaks, and the last bits of base64 padding.
            Assert.True(verdict.Value is null || verdict.Value!.Pck.Fmspc.Span.SequenceEqual("SIMULA"u8), $"byte {i}");
        }
    }

    [Fact]
    public void An_attackers_attestation_key_is_not_bound()
    {
        using var attacker = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = Good.ToArray();
        attacker.SignData(forged.AsSpan(0, 432), HashAlgorithmName.SHA256).CopyTo(forged, DataStart);
        P256Key.Export(attacker).CopyTo(forged, KeyStart);
        Assert.Equal(QuoteStage.KeyBinding, TestPlatform.Verifier.Verify(forged, TestPlatform.Now).Refusal!.Stage);
    }

    [Theory]
    [InlineData(128, 0x01, "mrsigner")]
    [InlineData(256, 0x07, "isvprodid")]
    [InlineData(48, 0x02, "attributes")]
    public void A_quoting_enclave_that_is_not_the_pinned_one_is_refused(int offset, byte change, string named)
    {
        var (forged, pck) = (Good.ToArray(), PckKey());
        using (pck)
        {
            forged[QeReportStart + offset] ^= change;
            pck.SignData(forged.AsSpan(QeReportStart, 384), HashAlgorithmName.SHA256).CopyTo(forged, QeSignatureStart);
        }
        var failure = TestPlatform.Verifier.Verify(forged, TestPlatform.Now).Refusal!;
        Assert.Equal((QuoteStage.QuotingEnclave, "unknown-qe"), (failure.Stage, failure.Code));
        Assert.Contains(named, failure.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Certificates_count_from_their_first_to_their_last_second()
    {
        var first = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var last = new DateTimeOffset(2049, 12, 31, 23, 59, 59, TimeSpan.Zero);
        Assert.NotNull(TestPlatform.Verifier.Verify(Good, first).Value);
        Assert.NotNull(TestPlatform.Verifier.Verify(Good, last).Value);
        Assert.Equal("not-yet-valid", TestPlatform.Verifier.Verify(Good, first.AddSeconds(-1)).Refusal!.Code);
        Assert.Equal("expired", TestPlatform.Verifier.Verify(Good, last.AddSeconds(1)).Refusal!.Code);
    }

    [Fact]
    public void A_chain_with_a_link_missing_exchanged_or_added_is_refused()
    {
        var parts = Encoding.ASCII.GetString(Good.AsSpan(ChainStart))
            .Split("-----END CERTIFICATE-----\n", StringSplitOptions.RemoveEmptyEntries)
            .Where(part => part.Contains("BEGIN", StringComparison.Ordinal)).Select(part => part + "-----END CERTIFICATE-----\n").ToArray();
        Assert.Equal(3, parts.Length);
        Assert.NotNull(TestPlatform.Verifier.Verify(WithChain(parts), TestPlatform.Now).Value);
        Assert.NotNull(TestPlatform.Verifier.Verify(WithChain([.. parts, "\0"]), TestPlatform.Now).Value);
        Assert.NotNull(TestPlatform.Verifier.Verify(WithChain(parts[0], parts[2], parts[1]), TestPlatform.Now).Value);
        string[][] wrong =
        [
            [], [parts[0]], [parts[0], parts[1]], [parts[0], parts[2]], [parts[1], parts[0], parts[2]], [parts[2], parts[0], parts[1]],
            [parts[0], parts[0], parts[2]], [parts[1], parts[1], parts[2]], [.. parts, parts[2]],
            [parts[0], "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", parts[2]],
        ];
        foreach (var chain in wrong)
        {
            Assert.Equal(QuoteStage.CertificateChain, TestPlatform.Verifier.Verify(WithChain(chain), TestPlatform.Now).Refusal!.Stage);
        }
    }

    [Fact]
    public void A_root_that_only_has_the_right_name_is_unknown()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=Guardian Simulated SGX Root CA, O=Guardian, C=XX", key, HashAlgorithmName.SHA256);
        using var root = request.CreateSelfSigned(TestPlatform.Now.AddYears(-1), TestPlatform.Now.AddYears(1));
        var parts = Encoding.ASCII.GetString(Good.AsSpan(ChainStart)).Split("-----END CERTIFICATE-----\n");
        var failure = TestPlatform.Verifier.Verify(
            WithChain(parts[0] + "-----END CERTIFICATE-----\n", parts[1] + "-----END CERTIFICATE-----\n", root.ExportCertificatePem()),
            TestPlatform.Now).Refusal!;
        Assert.Equal("unknown-root", failure.Code);
    }

    [Theory]
    [InlineData("sgx3-processor-cfg-and-swh", "2025-07-01T00:00:00Z")]
    [InlineData("sgx3-platform-swh-nocrl", "2022-12-20T00:50:04Z")]
    public void Hardware_quotes_hold_up_to_the_collateral_that_is_not_at_hand(string file, string at)
    {
        var verdict = TestPlatform.Verifier.Verify(
            File.ReadAllBytes(Repository.File("tests", "vectors", "dcap", file, "quote.bin")), DateTimeOffset.Parse(at));
        Assert.Equal((QuoteStage.Collateral, "no-collateral"), (verdict.Refusal!.Stage, verdict.Refusal!.Code));
    }

    [Fact]
    public void The_quoting_enclave_quotes_only_its_own_machines_reports()
    {
        using var folder = new TemporaryFolder();
        using var other = SimulatedPlatform.Open(folder.Path, 1024 * 1024);
        using var elsewhere = SimulatedQuotingEnclave.Open(other);
        Assert.Throws<InvalidOperationException>(() => elsewhere.ProviderFor(TestPlatform.Enclave).CreateQuote(new byte[64]));
        Assert.Null(TestPlatform.QuotingEnclave.Quote(new byte[432]));
    }

    private static byte[] WithChain(params string[] parts)
    {
        var chain = Encoding.ASCII.GetBytes(string.Concat(parts));
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, chain.Length);
        byte[] quote = [.. Good.AsSpan(0, ChainStart - 4), .. size, .. chain];
        BinaryPrimitives.WriteInt32LittleEndian(quote.AsSpan(432), quote.Length - DataStart);
        return quote;
    }

    private static ECDsa PckKey()
    {
        var key = ECDsa.Create();
        var text = File.ReadAllText(Path.Combine(TestPlatform.Machine.Directory, "pck.pem"));
        key.ImportFromPem(text.AsSpan(0, text.IndexOf("-----BEGIN CERTIFICATE", StringComparison.Ordinal)));
        return key;
    }
}
