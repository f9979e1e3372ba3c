using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.RaTls;

/// <summary>A trust domain with valid evidence cannot speak as a peer or sign a statement, and nothing throws because of it.</summary>
public sealed class TrustDomainEvidenceTests : IDisposable
{
    private readonly SyntheticPlatform platform = new(TeeType.Tdx, 4);
    private readonly EvidenceVerifier verifier;

    public TrustDomainEvidenceTests()
    {
        var evidence = platform.Build();
        verifier = new EvidenceVerifier(
            [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!], new OnePlatform(evidence.Collateral));
    }

    public void Dispose() => platform.Dispose();

    [Fact]
    public void A_peer_is_refused()
    {
        using var certificate = RaTlsCertificate.Create(new Domain(platform), EvidenceContext.CasStarting);
        AssertRefused(RaTlsVerifier.Verify(certificate.RawData, SyntheticPlatform.At, verifier).Refusal);
    }

    [Fact]
    public void A_statement_is_refused()
    {
        using var signer = StatementSigner.Create(new Domain(platform), EvidenceContext.CasAudit);
        AssertRefused(StatementVerifier.Verify(signer.Sign("{}"u8, "test+jws"), SyntheticPlatform.At, verifier).Refusal);
    }

    // Naive code verifies the quote and reads the identity, which throws: the caller's program ends instead of a refusal.
    private void AssertRefused(Refusal? refusal)
    {
        var naive = verifier.Verify(new Domain(platform).CreateQuote(new byte[64]), SyntheticPlatform.At).Value!;
        Assert.Throws<InvalidOperationException>(() => naive.Report);
        Assert.Equal(("not-an-enclave", QuoteStage.Parse), (refusal!.Code, refusal.Stage));
    }

    private sealed class Domain(SyntheticPlatform platform) : IQuoteProvider
    {
        public byte[] CreateQuote(ReadOnlySpan<byte> reportData)
        {
            reportData.CopyTo(platform.Body.AsSpan(520));
            return platform.Build().Quote;
        }
    }

    private sealed class OnePlatform(QuoteCollateral collateral) : ICollateralSource
    {
        public QuoteCollateral Find(PlatformId platform) => collateral;
    }
}
