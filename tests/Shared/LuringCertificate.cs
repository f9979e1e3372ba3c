using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Guardian.Tests;

/// <summary>A server's certificate without its issuer, which a place on loopback claims to have. A stranger names any place that he wants
/// others to call.</summary>
internal sealed class LuringCertificate : IDisposable
{
    private readonly TcpListener place = new(IPAddress.Loopback, 0);
    private int calls;

    public LuringCertificate()
    {
        place.Start();
        _ = CountAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateRequest("CN=nobody has it", key, HashAlgorithmName.SHA256);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var absent = issuer.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stranger", own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://{place.LocalEndpoint}/issuer"]));
        using var issued = request.Create(absent, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
        using var withKey = issued.CopyWithPrivateKey(own);
        Certificate = LoopbackCertificate.ForServer(withKey);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>The calls of the place so far.</summary>
    public int Calls => Volatile.Read(ref calls);

    public void Dispose()
    {
        place.Dispose();
        Certificate.Dispose();
    }

    private async Task CountAsync()
    {
        try
        {
            while (true)
            {
                using var call = await place.AcceptTcpClientAsync();
                Interlocked.Increment(ref calls);
            }
        }
        catch (Exception end) when (end is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }
}
