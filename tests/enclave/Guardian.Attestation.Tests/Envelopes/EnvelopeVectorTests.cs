using System.Text;
using System.Text.Json;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.Refusals;
using Guardian.Tests;

namespace Guardian.Attestation.Tests.Envelopes;

/// <summary>Reports, certificates and tokens that other projects published, and negatives that were made of them.</summary>
public sealed class EnvelopeVectorTests
{
    private static readonly string Root = Repository.File("tests", "vectors", "envelopes");

    public static TheoryData<string> Reports => Find("report.bin");

    public static TheoryData<string> Certificates => Find("cert.der");

    public static TheoryData<string> Tokens => Find("token.jwt");

    [Theory]
    [MemberData(nameof(Reports))]
    [MemberData(nameof(Certificates))]
    public void Evidence_verifies_up_to_the_collateral_or_is_refused(string vector)
    {
        var (verdict, at) = Expect(vector);
        var file = Directory.GetFiles(Path.Combine(Root, vector)).Single(path => Path.GetFileName(path) is "report.bin" or "cert.der");
        var envelope = EnvelopeReader.Read(File.ReadAllBytes(file)).Value!;
        Assert.Equal(
            file.EndsWith(".der", StringComparison.Ordinal) ? EnvelopeKind.Certificate : EnvelopeKind.OpenEnclaveReport, envelope.Kind);

        // No collateral of these platforms was published. All links before it are verified.
        var refusal = new EnvelopeVerifier(new EvidenceVerifier([TrustAnchor.Intel], null)).Verify(envelope, at).Refusal!;
        Assert.Equal(verdict.StartsWith("accept", StringComparison.Ordinal), refusal.Code == "no-collateral");
    }

    [Fact]
    public void A_quote_verifies_with_endorsements_of_Open_Enclave()
    {
        var folder = Path.Combine(Root, "oe-evidence-endorsements");
        var collateral = CollateralFiles.Read(Path.Combine(folder, "endorsements.bin")).Value!;
        var envelope = EnvelopeReader.Read(File.ReadAllBytes(Path.Combine(folder, "evidence.bin"))).Value!;
        var verifier = new EnvelopeVerifier(new EvidenceVerifier([TrustAnchor.Intel], new Fixed(collateral)));
        var (verified, refusal) = verifier.Verify(envelope, Expect("oe-evidence-endorsements").At);
        Assert.True(verified is not null, refusal?.ToString());
        Assert.True(verified.Quote.IsRevocationKnown);
        Assert.NotNull(verified.Quote.Tcb);
    }

    [Fact]
    public void Damaged_endorsements_are_none()
    {
        var bytes = File.ReadAllBytes(Path.Combine(Root, "oe-evidence-endorsements", "endorsements.bin"));
        Assert.NotNull(OpenEnclaveEndorsements.TryRead(bytes));
        for (var i = 0; i < 52; i++)
        {
            foreach (var flip in new byte[] { 1, 0x80, 0xFF })
            {
                var damaged = bytes.ToArray();
                damaged[i] ^= flip;
                // An offset may change to another one that still lies between its neighbours.
                Assert.True(OpenEnclaveEndorsements.TryRead(damaged) is null || i >= 20);
            }
        }
        for (var size = 0; size < bytes.Length; size += 97)
        {
            Assert.Null(OpenEnclaveEndorsements.TryRead(bytes.AsMemory(0, size)));
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_token_has_the_published_verdict(string vector)
    {
        var (verdict, at) = Expect(vector);
        var token = File.ReadAllText(Path.Combine(Root, vector, "token.jwt"));
        var keys = TokenKeys.Read(File.ReadAllBytes(Path.Combine(Root, vector, "jwks.json")));
        Assert.Equal(EnvelopeKind.Token, EnvelopeReader.Read(Encoding.ASCII.GetBytes(token)).Value!.Kind);
        var (verified, refusal) = keys.Value is null
            ? new Outcome<VerifiedToken>(null, keys.Refusal)
            : TokenVerifier.Verify(token.Trim(), keys.Value, at);
        Assert.True(verdict.StartsWith("accept", StringComparison.Ordinal) == verified is not null, refusal?.ToString() ?? verdict);
    }

    [Fact]
    public void The_claims_of_a_token_are_those_that_its_issuer_signed()
    {
        var azure = Verify("maa-sgx-runtime-data");
        Assert.Equal(
            (TokenKind.Azure, "https://sharedwus.wus.attest.azure.net", "true"),
            (azure.Kind, azure.Issuer, azure.Claims["x-ms-sgx-is-debuggable"]));
        var intel = Verify("ita-sgx");
        Assert.Equal((TokenKind.IntelTrustAuthority, "OutOfDate"), (intel.Kind, intel.Claims["attester_tcb_status"]));
        var ear = Verify("ear-draft-example");
        Assert.Equal((TokenKind.Ear, "affirming"), (ear.Kind, Assert.Single(ear.Statuses).Value));
        Assert.Equal("none", Assert.Single(Verify("ear-minimal-none").Statuses).Value);
    }

    internal static VerifiedToken Verify(string vector)
    {
        var keys = TokenKeys.Read(File.ReadAllBytes(Path.Combine(Root, vector, "jwks.json"))).Value!;
        var token = File.ReadAllText(Path.Combine(Root, vector, "token.jwt")).Trim();
        var (verified, refusal) = TokenVerifier.Verify(token, keys, Expect(vector).At);
        Assert.True(verified is not null, refusal?.ToString());
        return verified;
    }

    private static (string Verdict, DateTimeOffset At) Expect(string vector)
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, vector, "expected.json")));
        return (expected.RootElement.GetProperty("verdict").GetString()!, expected.RootElement.GetProperty("at").GetDateTimeOffset());
    }

    private static TheoryData<string> Find(string file) =>
        [.. Directory.GetDirectories(Root).Where(folder => File.Exists(Path.Combine(folder, file)))
            .Select(folder => Path.GetFileName(folder))];

    private sealed class Fixed(QuoteCollateral collateral) : ICollateralSource
    {
        public QuoteCollateral? Find(PlatformId platform) => collateral;
    }
}
