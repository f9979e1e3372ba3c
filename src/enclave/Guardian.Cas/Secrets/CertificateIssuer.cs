using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Issues the certificates of sessions (RFC 5280).</summary>
internal static class CertificateIssuer
{
    private const int SerialSize = 16;

    // The clocks of peers differ.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>Issues a certificate.</summary>
    /// <param name="issuer">Certificate, DER, and key of the issuer; null for a self-signed certificate.</param>
    /// <returns>DER.</returns>
    public static byte[] Issue(SessionSecret secret, KeyPair key, (byte[] Certificate, KeyPair Key)? issuer, DateTimeOffset now)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(secret.CommonName);
        var publicKey = PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKeyInfo, out _);
        var signer = issuer?.Key ?? key;
        var request = new CertificateRequest(subject.Build(), publicKey, signer.Hash);
        var isAuthority = secret.Kind == SecretKind.X509Authority;
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature, critical: true));
        var ownId = new X509SubjectKeyIdentifierExtension(publicKey, critical: false);
        request.CertificateExtensions.Add(ownId);
        AddPurposes(request, secret);
        AddNames(request, secret);

        using var above = issuer is { } given ? X509CertificateLoader.LoadCertificate(given.Certificate) : null;
        if (above?.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } id)
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(id));
        }
        var serial = RandomNumberGenerator.GetBytes(SerialSize);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        // No certificate outlives its issuer.
        var end = now + secret.ValidFor;
        var notAfter = above is not null && above.NotAfter < end ? above.NotAfter : end;
        using var certificate = request.Create(
            above?.SubjectName ?? request.SubjectName, signer.CertificateSigner, now - Skew, notAfter, serial);
        return certificate.RawData;
    }

    private static void AddPurposes(CertificateRequest request, SessionSecret secret)
    {
        var purposes = new OidCollection();
        if (secret.Endpoint.Server)
        {
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        }
        if (secret.Endpoint.Client)
        {
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        }
        if (purposes.Count > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        }
    }

    private static void AddNames(CertificateRequest request, SessionSecret secret)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in secret.AlternativeNames)
        {
            if (name.StartsWith("ip:", StringComparison.Ordinal))
            {
                names.AddIpAddress(IPAddress.Parse(name[3..]));
            }
            else
            {
                names.AddDnsName(name[4..]);
            }
        }
        if (secret.AlternativeNames.Count > 0)
        {
            request.CertificateExtensions.Add(names.Build());
        }
    }
}
