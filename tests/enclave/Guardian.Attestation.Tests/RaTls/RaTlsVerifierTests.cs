using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Identity;
using Guardian.Attestation.RaTls;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.RaTls;

public class RaTlsVerifierTests
{
    private static readonly byte[] Binding = [.. Enumerable.Repeat((byte)9, 32)];

    [Fact]
    public void A_certificate_of_ours_is_verified_by_either_evidence()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Binding);
        foreach (var left in new[] { null, RaTlsCertificate.LegacyOid, RaTlsCertificate.TaggedEvidenceOid })
        {
            var verdict = Verify(Rebuilt(certificate, without: left));
            Assert.True(left is null ? verdict.Value is not null : verdict.Refusal!.Code == "key-not-bound");
        }
        var peer = Verify(certificate.RawData).Value!;
        Assert.Equal(Binding, peer.Binding.ToArray());
        Assert.Equal(TestPlatform.Enclave.Identity.MrEnclave, peer.Quote.Report.MrEnclave);
        Assert.Equal(certificate.PublicKey.ExportSubjectPublicKeyInfo(), peer.SubjectPublicKeyInfo.ToArray());
    }

    [Fact]
    public void One_evidence_alone_is_enough()
    {
        foreach (var left in new[] { RaTlsCertificate.LegacyOid, RaTlsCertificate.TaggedEvidenceOid })
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var der = Certificate(key, key, Binding, Binding, left);
            Assert.Equal(Binding, Verify(der).Value!.Binding.ToArray());
        }
    }

    [Fact]
    public void Gramines_own_form_with_an_empty_second_half_has_a_zero_binding()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var der = Certificate(key, key, new byte[32], new byte[32], RaTlsCertificate.TaggedEvidenceOid);
        Assert.Equal(new byte[32], Verify(der).Value!.Binding.ToArray());
    }

    [Fact]
    public void Evidence_of_another_key_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var left in new[] { null, RaTlsCertificate.LegacyOid, RaTlsCertificate.TaggedEvidenceOid })
        {
            Assert.Equal("key-not-bound", Verify(Certificate(key, other, Binding, Binding, left)).Refusal!.Code);
        }
    }

    [Fact]
    public void Two_evidences_that_disagree_are_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal("evidence-disagrees", Verify(Certificate(key, key, Binding, new byte[32], null)).Refusal!.Code);
    }

    [Fact]
    public void A_certificate_without_evidence_is_no_enclaves()
    {
        using var key = IdentityKey.Create();
        using var certificate = key.CreateClientCertificate(TestPlatform.Now);
        Assert.Equal("no-evidence", Verify(certificate.RawData).Refusal!.Code);
        Assert.Null(Verify(Array.Empty<byte>()).Value);
    }

    [Fact]
    public void An_altered_certificate_is_refused_or_names_the_same_peer()
    {
        using var certificate = RaTlsCertificate.Create(TestPlatform.Quotes, Binding);
        var der = certificate.RawData;
        var key = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        for (var i = 0; i < der.Length; i += 5)
        {
            der[i] ^= 0x10;
            // The quote vouches for key, binding and enclave, not for the self-signature and the name.
            if (Verify(der).Value is { } peer)
            {
                Assert.Equal(key, peer.SubjectPublicKeyInfo.ToArray());
                Assert.Equal(Binding, peer.Binding.ToArray());
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

    private static byte[] Certificate(ECDsa key, ECDsa quoted, byte[] taggedBinding, byte[] legacyBinding, string? without)
    {
        var hash = SHA256.HashData(quoted.ExportSubjectPublicKeyInfo());
        var claims = TaggedEvidence.WriteClaims(hash, taggedBinding);
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

    private static Outcome<RaTlsPeer> Verify(ReadOnlyMemory<byte> certificate) =>
        RaTlsVerifier.Verify(certificate, TestPlatform.Now, TestPlatform.Verifier);
}
