using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Refusals;

namespace Guardian.Node.Metrics;

/// <summary>A certificate with its chain and key in files. A renewal replaces the files, and new connections use it.</summary>
internal sealed class CertificateFiles
{
    private readonly string certificate;
    private readonly string key;
    private readonly Action<string> log;
    private readonly Lock gate = new();
    private SslStreamCertificateContext context;
    private (DateTime Certificate, DateTime Key) version;

    /// <param name="certificate">A PEM file: the certificate, and the certificates that issued it.</param>
    /// <param name="key">A PEM file: the certificate's key.</param>
    /// <param name="log">Receives a line when a renewed certificate cannot be used; the old one stays in use.</param>
    /// <exception cref="RefusedException"><see cref="EndpointReasons.BadCertificate"/>.</exception>
    public CertificateFiles(string certificate, string key, Action<string> log)
    {
        (this.certificate, this.key, this.log) = (certificate, key, log);
        version = ReadVersion();
        context = Load();
    }

    /// <summary>The certificate as the files have it.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (gate)
            {
                if (ReadVersion() is var found && found != version)
                {
                    version = found;
                    try
                    {
                        context = Load();
                    }
                    catch (RefusedException failure)
                    {
                        log($"the renewed certificate is not used: {failure.Message}");
                    }
                }
                return context;
            }
        }
    }

    private (DateTime Certificate, DateTime Key) ReadVersion() => (File.GetLastWriteTimeUtc(certificate), File.GetLastWriteTimeUtc(key));

    private SslStreamCertificateContext Load()
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificate, key), chain, offline: true);
        }
        catch (Exception failure) when (
            failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new RefusedException(EndpointReasons.BadCertificate.Because($"{certificate} and {key}: {failure.Message}"), failure);
        }
    }
}
