using System.Security.Cryptography;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Bench.Attestation;

/// <summary>Quotes of one platform, each with an attestation key of its own; more of them than a verifier keeps.</summary>
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
        verifier = new QuoteVerifier(
            new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] });
        pckKey = ECDsa.Create(platform.Pck.Key.ExportParameters(false));
        while (quotes.Count < Count)
        {
            quotes.Add(platform.QuoteWithNewKey());
        }
    }

    public void Verify() => Workload.Demand(verifier.Verify(Next(), collateral, SyntheticPlatform.At));

    /// <summary>The attestation key's import, the QE report's signature and the quote's.</summary>
    public void Floor()
    {
        var quote = Next().AsSpan();
        var data = quote[436..];
        using var key = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = data.Slice(64, 32).ToArray(), Y = data.Slice(96, 32).ToArray() },
            });
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
