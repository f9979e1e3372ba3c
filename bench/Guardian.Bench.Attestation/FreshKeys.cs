using System.Security.Cryptography;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Bench.Attestation;

/// <summary>Quotes of one platform, each with its own attestation key; more quotes than a verifier remembers.</summary>
internal sealed class FreshKeys : IDisposable
{
    private const int Count = 1_500;

    private readonly SyntheticPlatform platform = new();
    private readonly List<byte[]> quotes = [];
    private readonly QuoteCollateral collateral;
    private readonly QuoteVerifier verifier;
    private readonly ECDsa pckKey;
    private int next;

    public FreshKeys()
    {
        var evidence = platform.Build();
        collateral = evidence.Collateral;
        var anchor = TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!;
        verifier = new QuoteVerifier(new VerifierOptions { Anchors = [anchor] });
        pckKey = ECDsa.Create(platform.Pck.Key.ExportParameters(false));
        while (quotes.Count < Count)
        {
            quotes.Add(platform.QuoteWithNewKey());
        }
    }

    public void Verify() => Workload.ThrowIfRefused(verifier.Verify(Next(), collateral, SyntheticPlatform.At));

    /// <summary>Imports the attestation key, and verifies the signatures of the QE report and of the quote.</summary>
    public void VerifySignatures()
    {
        var quote = Next().AsSpan();
        var data = quote[436..];
        var point = new ECPoint { X = data.Slice(64, 32).ToArray(), Y = data.Slice(96, 32).ToArray() };
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
        if (!pckKey.VerifyData(data.Slice(128, 384), data.Slice(512, 64), HashAlgorithmName.SHA256)
            || !key.VerifyData(quote[..432], data[..64], HashAlgorithmName.SHA256))
        {
            throw new InvalidOperationException("a signature does not verify");
        }
    }

    public void Dispose()
    {
        verifier.Dispose();
        pckKey.Dispose();
        platform.Dispose();
    }

    private byte[] Next() => quotes[next++ % quotes.Count];
}
