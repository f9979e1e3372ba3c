using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.Verification;

/// <summary>A good quote and its collateral cannot be cut or changed: every length, and every signed bit.</summary>
[Trait("Takes", "long")]
public sealed class DamageTests : IDisposable
{
    private readonly SyntheticPlatform platform = new();
    private readonly SyntheticEvidence good;
    private readonly VerifierOptions options;

    public DamageTests()
    {
        good = platform.Build();
        options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(good.Root))!] };
    }

    public void Dispose() => platform.Dispose();

    [Fact]
    public void Every_truncation_of_a_quote_is_refused()
    {
        using var verifier = new QuoteVerifier(options);
        for (var size = 0; size < good.Quote.Length; size++)
        {
            Assert.False(
                verifier.Verify(good.Quote.AsMemory(0, size), good.Collateral, SyntheticPlatform.At).Value is not null, $"{size} bytes");
        }
        Assert.NotNull(verifier.Verify(good.Quote, good.Collateral, SyntheticPlatform.At).Value);
    }

    [Fact]
    public void Every_bit_of_a_quote_before_its_certificates_counts()
    {
        // The links that are kept of the good quote must not help a damaged one.
        using var verifier = new QuoteVerifier(options);
        Assert.NotNull(verifier.Verify(good.Quote, good.Collateral, SyntheticPlatform.At).Value);
        var certificates = good.Quote.AsSpan().IndexOf("-----BEGIN"u8);
        Refuse(good.Quote.AsMemory(0, certificates), damaged =>
            verifier.Verify((byte[])[.. damaged, .. good.Quote.AsSpan(certificates)], good.Collateral, SyntheticPlatform.At));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Every_bit_of_every_certificate_in_a_quote_counts(int position)
    {
        var start = good.Quote.AsSpan().IndexOf("-----BEGIN"u8);
        var chain = Certificates(good.Quote.AsSpan(start));
        Refuse(chain[position], damaged =>
        {
            // The PEM has the same size, so the bytes before the chain stay unchanged.
            var pem = SyntheticPlatform.Utf8(string.Concat(chain.Select((der, i) => Pem(i == position ? damaged : der))));
            return QuoteVerifier.Verify((byte[])[.. good.Quote.AsSpan(0, start), .. pem], good.Collateral, SyntheticPlatform.At, options);
        });
    }

    [Theory]
    [InlineData("TcbInfo")]
    [InlineData("QeIdentity")]
    [InlineData("RootCaCrl")]
    [InlineData("PckCrl")]
    public void Every_bit_of_every_signed_document_counts(string piece)
    {
        using var verifier = new QuoteVerifier(options);
        var whole = piece switch
        {
            "TcbInfo" => good.Collateral.TcbInfo,
            "QeIdentity" => good.Collateral.QeIdentity,
            "RootCaCrl" => good.Collateral.RootCaCrl,
            _ => good.Collateral.PckCrl,
        };
        Refuse(whole, damaged => verifier.Verify(
            good.Quote,
            piece switch
            {
                "TcbInfo" => good.Collateral with { TcbInfo = damaged },
                "QeIdentity" => good.Collateral with { QeIdentity = damaged },
                "RootCaCrl" => good.Collateral with { RootCaCrl = damaged },
                _ => good.Collateral with { PckCrl = damaged },
            },
            SyntheticPlatform.At));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Every_bit_of_every_certificate_of_the_collateral_counts(int position)
    {
        using var verifier = new QuoteVerifier(options);
        var chain = Certificates(good.Collateral.TcbInfoIssuerChain.Span);
        Refuse(chain[position], damaged => verifier.Verify(
            good.Quote,
            good.Collateral with
            {
                TcbInfoIssuerChain = SyntheticPlatform.Utf8(string.Concat(chain.Select((der, i) => Pem(i == position ? damaged : der)))),
            },
            SyntheticPlatform.At));
    }

    // Flips each bit in turn, except the case bit of hex digits in the signature member, which does not change the value.
    private static void Refuse(ReadOnlyMemory<byte> whole, Func<byte[], Outcome<VerifiedQuote>> verify)
    {
        var damaged = whole.ToArray();
        for (var bit = 0; bit < 8 * damaged.Length; bit++)
        {
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (!IsHexCase(whole.Span, bit))
            {
                Assert.False(verify([.. damaged]).Value is not null, $"byte {bit / 8}, bit {bit % 8}");
            }
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static bool IsHexCase(ReadOnlySpan<byte> whole, int bit) =>
        bit % 8 == 5 && whole.LastIndexOf("\"signature\":\""u8) is > 0 and var signature && bit / 8 > signature
            && char.IsAsciiLetter((char)whole[bit / 8]) && bit / 8 > signature + 12;

    private static List<byte[]> Certificates(ReadOnlySpan<byte> pem)
    {
        var certificates = new List<byte[]>();
        var text = Encoding.Latin1.GetString(pem).AsSpan();
        for (; PemEncoding.TryFind(text, out var fields); text = text[fields.Location.End..])
        {
            certificates.Add(Convert.FromBase64String(text[fields.Base64Data].ToString()));
        }
        return certificates;
    }

    private static string Pem(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der) + "\n";
}
