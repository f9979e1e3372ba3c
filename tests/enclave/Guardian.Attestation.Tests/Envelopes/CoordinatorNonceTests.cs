using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Guardian.Attestation.Envelopes;

namespace Guardian.Attestation.Tests.Envelopes;

/// <summary>A coordinator of MarbleRun that is asked with a nonce binds SHA-256 of its root and of the nonce behind it.</summary>
public sealed class CoordinatorNonceTests : IDisposable
{
    private static readonly EnvelopeVerifier Verifier = new(TestPlatform.Verifier);
    private static readonly byte[] Nonce = [.. Enumerable.Repeat((byte)7, 20)];

    private readonly X509Certificate2 root = CreateRoot();

    public void Dispose() => root.Dispose();

    [Fact]
    public void A_quote_for_a_nonce_is_for_this_nonce_alone()
    {
        var (asked, plain) = (Answer([.. root.RawData, .. Nonce]), Answer(root.RawData));
        Assert.NotNull(Verifier.Verify(asked with { Nonce = Nonce }, TestPlatform.Now).Value!.KeySha256);
        Assert.NotNull(Verifier.Verify(plain, TestPlatform.Now).Value);
        // Naive: an earlier answer, whose quote names the same certificate.
        foreach (var old in new[] { plain with { Nonce = Nonce }, asked with { Nonce = Nonce.AsMemory(1) }, asked })
        {
            var refusal = Verifier.Verify(old, TestPlatform.Now).Refusal!;
            Assert.Equal("key-not-bound", refusal.Code);
            Assert.Contains("NONCE", refusal.Remedy!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_nonce_beside_other_evidence_is_refused()
    {
        var quote = EnvelopeReader.Read(TestPlatform.Quote).Value!;
        Assert.NotNull(Verifier.Verify(quote, TestPlatform.Now).Value);
        var refusal = Verifier.Verify(quote with { Nonce = Nonce }, TestPlatform.Now).Refusal!;
        Assert.Contains("MarbleRun", refusal.Detail, StringComparison.Ordinal);
    }

    private Envelope Answer(byte[] named) => EnvelopeReader.Read(JsonSerializer.SerializeToUtf8Bytes(new
    {
        Cert = root.ExportCertificatePem(),
        Quote = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(named), .. new byte[32]]),
    })).Value!;

    private static X509Certificate2 CreateRoot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=coordinator", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(TestPlatform.Now.AddDays(-1), TestPlatform.Now.AddDays(1));
    }
}
