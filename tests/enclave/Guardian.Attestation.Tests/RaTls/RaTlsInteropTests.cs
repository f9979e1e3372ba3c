using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.RaTls;

/// <summary>Certificates of other projects from real hardware, and ours by the published rules.</summary>
public class RaTlsInteropTests
{
    // Collateral of their platform family (FMSPC 00606A000000), recorded for another machine.
    private static readonly EvidenceVerifier WithCollateral = new([TrustAnchor.Intel], new Recorded("sgx3-azure-swh-pem-crl"));
    private static readonly DateTimeOffset At = new(2023, 5, 20, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("gramine-legacy-and-tcg.pem", "0866e7ca11b9f4efe4bf39b2607f4e1299f111920d96d95719080f01b62b7585")]
    [InlineData("rats-tls-tcg-extra-claims.pem", "38e1b40b8c68186f359c97ecb6a89965d9d8638f2df06fbe18e84d79a266c041")]
    public void A_certificate_from_hardware_is_verified_with_intels_collateral(string file, string mrEnclave)
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path(file)));
        Assert.Equal("no-collateral", RaTlsVerifier.Verify(certificate.RawData, At, TestPlatform.Verifier).Refusal!.Code);
        var verdict = RaTlsVerifier.Verify(certificate.RawData, At, WithCollateral);
        Assert.True(verdict.Value is not null, verdict.Refusal?.ToString());
        Assert.Equal((mrEnclave, Guardian.Sgx.PlatformKind.Hardware),
            (verdict.Value!.Quote.Report.MrEnclave.ToString(), verdict.Value!.Quote.Platform));
        Assert.Equal(certificate.PublicKey.ExportSubjectPublicKeyInfo(), verdict.Value!.SubjectPublicKeyInfo.ToArray());
        Assert.NotNull(verdict.Value!.Quote.Tcb);
    }

    [Theory]
    [InlineData("gramine-legacy-and-tcg.pem")]
    [InlineData("rats-tls-tcg-extra-claims.pem")]
    public void Its_evidence_under_another_key_is_refused(string file)
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path(file)));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stolen", key, HashAlgorithmName.SHA256);
        foreach (var extension in certificate.Extensions.Where(
            each => each.Oid!.Value is RaTlsCertificate.LegacyOid or RaTlsCertificate.TaggedEvidenceOid))
        {
            request.CertificateExtensions.Add(extension);
        }
        using var stolen = request.CreateSelfSigned(At.AddDays(-1), At.AddDays(1));
        Assert.Equal("key-not-bound", RaTlsVerifier.Verify(stolen.RawData, At, WithCollateral).Refusal!.Code);
    }

    [Fact]
    public void A_certificate_that_binds_nothing_is_refused() =>
        Assert.Null(RaTlsVerifier.Verify(
            File.ReadAllBytes(Path("sgx-ra-tls-2018-epid-era-oids.der")), new(2018, 6, 1, 0, 0, 0, TimeSpan.Zero), WithCollateral).Value);

    [Fact]
    public void Ours_follows_the_published_rules()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, EvidenceContext.CasStarting);
        var keyHash = SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());

        // Gramine, ra_tls.h: the raw quote; report data begins with the hash of the key, and Gramine's verifier reads no further.
        var legacy = certificate.Extensions.Single(each => each.Oid!.Value == "0.6.9.42.840.113741.1337.6").RawData;
        Assert.Equal([.. keyHash, .. EvidenceContext.CasStarting.ComputeBinding()], legacy[368..432]);

        // Interoperable RA-TLS: tag 60000, quote, claims; report data is the hash of the claims, which hold the hash of the key.
        var reader = new CborReader(
            certificate.Extensions.Single(each => each.Oid!.Value == "2.23.133.5.4.9").RawData, CborConformanceMode.Canonical);
        Assert.Equal((CborTag)60000, reader.ReadTag());
        Assert.Equal(2, reader.ReadStartArray());
        var (quote, claims) = (reader.ReadByteString(), reader.ReadByteString());
        Assert.Equal([.. SHA256.HashData(claims), .. new byte[32]], quote[368..432]);
        var map = new CborReader(claims);
        map.ReadStartMap();
        Assert.Equal("pubkey-hash", map.ReadTextString());
        Assert.Equal((byte[])[0x82, 0x01, 0x58, 0x20, .. keyHash], map.ReadByteString());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public void A_key_may_be_named_by_a_longer_hash(int algorithm)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var info = key.ExportSubjectPublicKeyInfo();
        Assert.NotNull(Verify(Tagged(key, algorithm, algorithm == 7 ? SHA384.HashData(info) : SHA512.HashData(info))).Value);
        Assert.Equal("key-not-bound", Verify(Tagged(key, algorithm, new byte[algorithm == 7 ? 48 : 64])).Refusal!.Code);
        Assert.Equal("bad-evidence", Verify(Tagged(key, algorithm, SHA256.HashData(info))).Refusal!.Code);
    }

    private static byte[] Tagged(ECDsa key, int algorithm, byte[] hash)
    {
        var named = new CborWriter();
        named.WriteStartArray(2);
        named.WriteInt32(algorithm);
        named.WriteByteString(hash);
        named.WriteEndArray();
        var claims = new CborWriter();
        claims.WriteStartMap(1);
        claims.WriteTextString("pubkey-hash");
        claims.WriteByteString(named.Encode());
        claims.WriteEndMap();
        var quote = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(claims.Encode()), .. new byte[32]]);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509Extension(RaTlsCertificate.TaggedEvidenceOid, TaggedEvidence.Write(quote, claims.Encode()), false));
        using var certificate = request.CreateSelfSigned(TestPlatform.Now.AddDays(-1), TestPlatform.Now.AddDays(1));
        return certificate.RawData;
    }

    private static string Path(string file) => Repository.File("tests", "vectors", "dcap", "ratls", file);

    private sealed class Recorded(string name) : ICollateralSource
    {
        public QuoteCollateral? Find(PlatformId platform) => CollateralFiles.Read(Repository.File("tests", "vectors", "dcap", name)).Value;
    }

    private static Outcome<RaTlsPeer> Verify(ReadOnlyMemory<byte> certificate) =>
        RaTlsVerifier.Verify(certificate, TestPlatform.Now, TestPlatform.Verifier);
}
