using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Network;

/// <summary>Converts the certificates of a startup configuration for TLS.</summary>
internal static class Certificates
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Combines a chain and the key of its leaf.</summary>
    /// <exception cref="RefusedException">They are malformed or do not belong together.</exception>
    public static SslStreamCertificateContext CreateIdentity(string chainPem, string keyPem)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(chainPem);
            var leaf = X509Certificate2.CreateFromPem(chainPem, keyPem);
            return SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new RefusedException(
                RuntimeReasons.BadConfiguration.Because($"a certificate of the startup configuration cannot be used: {failure.Message}"));
        }
    }

    /// <summary>Verifies that an authority itself issued a certificate for clients and servers, and that it is valid.</summary>
    public static bool IsIssuedDirectlyBy(string authorityPem, X509Certificate2 leaf, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorityPem);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(leaf) && chain.ChainElements.Count == 2;
    }

    /// <summary>Verifies a peer's chain against authorities: signatures, validity and purpose. TLS has already checked a server's
    /// name.</summary>
    public static bool IsIssuedBy(
        string authoritiesPem, X509Certificate? certificate, X509Chain? sent, bool isServer, SslPolicyErrors errors)
    {
        if (certificate is null || (isServer && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)))
        {
            return false;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authoritiesPem);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(isServer ? ServerAuthentication : ClientAuthentication));
        // The CAS renews certificates often and publishes no revocation.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }
        using var leaf = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(leaf);
    }
}
