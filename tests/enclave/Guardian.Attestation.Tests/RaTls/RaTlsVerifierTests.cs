using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Identity;
using Guardian.Attestation.RaTls;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.RaTls;

public class RaTlsVerifierTests
{
    private static readonly EvidenceContext Context = EvidenceContext.RoomLead(Enumerable.Repeat((byte)9, 32).ToArray());

    [Fact]
    public void A_certificate_of_ours_is_verified_by_either_evidence()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Context);
        foreach (var left in new[] { null, RaTlsCertificate.LegacyOid, RaTlsCertificate.TaggedEvidenceOid })
        {
            var verdict = RaTlsVerifier.Verify(Rebuilt(certificate, without: left), TestPlatform.Now, TestPlatform.Verifier);
            Assert.True(left is null ? verdict.Value is not null : verdict.Refusal!.Code == "key-not-bound");
        }
        var peer = RaTlsVerifier.Verify(certificate.RawData, TestPlatform.Now, TestPlatform.Verifier).Value!;
        Assert.Equal(Context, peer.Context);
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, peer.Quote.Report.MrEnclave);
        Assert.Equal(certificate.PublicKey.ExportSubjectPublicKeyInfo(), peer.SubjectPublicKeyInfo.ToArray());
    }

    [Fact]
    public void Tagged_evidence_alone_has_its_role()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal(Context, Verify(Certificate(key, key, Context, Context.ComputeBinding(), RaTlsCertificate.LegacyOid)).Value!.Context);
    }

    [Fact]
    public void Gramines_own_form_with_an_empty_second_half_has_no_role()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Null(Verify(Certificate(key, key, null, new byte[32], RaTlsCertificate.TaggedEvidenceOid)).Value!.Context);
    }

    [Fact]
    public void Evidence_with_a_role_does_not_lose_it_when_its_tagged_half_is_removed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var stripped = Certificate(key, key, Context, Context.ComputeBinding(), RaTlsCertificate.TaggedEvidenceOid);
        Assert.Equal("evidence-disagrees", Verify(stripped).Refusal!.Code);
    }

    [Fact]
    public void Evidence_of_another_key_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var left in new[] { null, RaTlsCertificate.LegacyOid, RaTlsCertificate.TaggedEvidenceOid })
        {
            Assert.Equal("key-not-bound", Verify(Certificate(key, other, Context, Context.ComputeBinding(), left)).Refusal!.Code);
        }
    }

    [Fact]
    public void Two_evidences_that_disagree_are_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var shard = EvidenceContext.RoomShard(Context.Fields[0]);
        foreach (var (tagged, legacy) in new (EvidenceContext?, byte[])[]
        {
            (Context, new byte[32]), (Context, shard.ComputeBinding()), (null, shard.ComputeBinding()),
        })
        {
            Assert.Equal("evidence-disagrees", Verify(Certificate(key, key, tagged, legacy, null)).Refusal!.Code);
        }
    }

    [Fact]
    public void A_good_and_a_forged_quote_in_both_encodings_of_Gramines_identifier_are_forged()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var good = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(key.ExportSubjectPublicKeyInfo()), .. new byte[32]]);
        foreach (var (second, reason) in new[] { (good, null), (TestPlatform.Quote, "key-not-bound") })
        {
            var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509Extension(RaTlsCertificate.LegacyOid, good, false));
            request.CertificateExtensions.Add(new X509Extension(RaTlsCertificate.ProperLegacyOid, second, false));
            using var certificate = request.CreateSelfSigned(TestPlatform.Now.AddYears(-1), TestPlatform.Now.AddYears(1));
            Assert.Equal(reason, Verify(certificate.RawData).Refusal?.Code);
        }
    }

    [Fact]
    public void A_certificate_without_evidence_is_no_enclaves()
    {
        using var key = IdentityKey.Create();
        using var certificate = key.CreateClientCertificate(TestPlatform.Now);
        Assert.Equal("no-evidence", RaTlsVerifier.Verify(certificate.RawData, TestPlatform.Now, TestPlatform.Verifier).Refusal!.Code);
        Assert.Null(RaTlsVerifier.Verify(Array.Empty<byte>(), TestPlatform.Now, TestPlatform.Verifier).Value);
    }

    [Fact]
    public void An_altered_certificate_is_refused_or_names_the_same_peer()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Context);
        var der = certificate.RawData;
        var key = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        for (var i = 0; i < der.Length; i += 5)
        {
            der[i] ^= 0x10;
            // The quote vouches for key, binding and enclave, not for the self-signature and the name.
            if (RaTlsVerifier.Verify(der, TestPlatform.Now, TestPlatform.Verifier).Value is { } peer)
            {
                Assert.Equal(key, peer.SubjectPublicKeyInfo.ToArray());
                Assert.Equal(Context, peer.Context);
                Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, peer.Quote.Report.MrEnclave);
            }
            der[i] ^= 0x10;
        }
    }

    private static byte[] Rebuilt(X509Certificate2 certificate, string? without)
    {
        // The evidence under a new key loses its binding.
        if (without is null)
        {
            return certificate.RawData;
        }
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=copy", key, HashAlgorithmName.SHA256);
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid!.Value != without))
        {
            request.CertificateExtensions.Add(extension);
        }
        using var copy = request.CreateSelfSigned(TestPlatform.Now.AddYears(-1), TestPlatform.Now.AddYears(1));
        return copy.RawData;
    }

    private static Outcome<RaTlsPeer> Verify(byte[] certificate) =>
        RaTlsVerifier.Verify(certificate, TestPlatform.Now, TestPlatform.Verifier);

    private static byte[] Certificate(ECDsa key, ECDsa quoted, EvidenceContext? tagged, byte[] legacyBinding, string? without)
    {
        var hash = SHA256.HashData(quoted.ExportSubjectPublicKeyInfo());
        var claims = tagged is null ? WriteClaimsOfOthers(hash) : TaggedEvidence.WriteClaims(hash, tagged);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        if (without != RaTlsCertificate.TaggedEvidenceOid)
        {
            var quote = TestPlatform.Quotes.CreateQuote([.. SHA256.HashData(claims), .. new byte[32]]);
            request.CertificateExtensions.Add(
                new X509Extension(RaTlsCertificate.TaggedEvidenceOid, TaggedEvidence.Write(quote, claims), false));
        }
        if (without != RaTlsCertificate.LegacyOid)
        {
            request.CertificateExtensions.Add(
                new X509Extension(RaTlsCertificate.LegacyOid, TestPlatform.Quotes.CreateQuote([.. hash, .. legacyBinding]), false));
        }
        using var certificate = request.CreateSelfSigned(TestPlatform.Now.AddYears(-1), TestPlatform.Now.AddYears(1));
        return certificate.RawData;
    }

    private static byte[] WriteClaimsOfOthers(byte[] keyHash)
    {
        var hash = new CborWriter();
        hash.WriteStartArray(2);
        hash.WriteInt32(1);
        hash.WriteByteString(keyHash);
        hash.WriteEndArray();
        var claims = new CborWriter();
        claims.WriteStartMap(1);
        claims.WriteTextString("pubkey-hash");
        claims.WriteByteString(hash.Encode());
        claims.WriteEndMap();
        return claims.Encode();
    }
}
