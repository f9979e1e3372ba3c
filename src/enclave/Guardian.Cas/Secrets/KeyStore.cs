using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>Writes a certificate with its key and its issuers as PKCS#12 (RFC 7292), which Java and Windows read.</summary>
internal static class KeyStore
{
    /// <summary>
    /// The password: programs want one, and this is Java's usual one. It protects nothing: the file is in the enclave's memory.
    /// </summary>
    public const string Password = "changeit";

    // Enough for readers that refuse fewer; the password is public.
    private const int Iterations = 2048;

    /// <summary>Whether a certificate with this key can be written. Few readers of PKCS#12 know Ed25519, and .NET writes none.</summary>
    /// <param name="key">PKCS#8 of the certificate's key; null for none.</param>
    public static bool CanHold(byte[]? key) => key is null || !PemKey.IsEd25519(key);

    /// <summary>Writes the file. The private key is absent if the service does not get it.</summary>
    public static byte[] Write(SecretValue value)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.Add(value.Key is { } key ? LoadWithKey(value.Bytes, key) : X509CertificateLoader.LoadCertificate(value.Bytes));
            foreach (var issuer in value.Issuers)
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(issuer));
            }
            return certificates.ExportPkcs12(
                new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, Iterations), Password);
        }
        finally
        {
            foreach (var certificate in certificates)
            {
                certificate.Dispose();
            }
        }
    }

    private static X509Certificate2 LoadWithKey(byte[] der, byte[] pkcs8)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        if (certificate.GetRSAPublicKey() is { } publicKey)
        {
            publicKey.Dispose();
            using var rsa = RSA.Create();
            rsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return certificate.CopyWithPrivateKey(rsa);
        }
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(pkcs8, out _);
        return certificate.CopyWithPrivateKey(ecdsa);
    }
}
