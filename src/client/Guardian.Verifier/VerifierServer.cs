using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Keeping;
using Guardian.Hosting;
using Guardian.Verifier.Appraising;
using Guardian.Verifier.Freshness;
using Guardian.Verifier.Serving;
using Microsoft.AspNetCore.Builder;

namespace Guardian.Verifier;

/// <summary>
/// A verifying service (RFC 9334, 4): appraises evidence by its policy, and signs the results for relying parties. It serves attesters that
/// carry the result themselves (passport) and relying parties that send the evidence on (background check).
/// </summary>
public sealed class VerifierServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly WorkBudget budget;
    private readonly CancellationTokenSource ending = new();
    private readonly Task keeping;

    private VerifierServer(WebApplication app, WorkBudget budget, CollateralKeeper? keeper)
    {
        (this.app, this.budget) = (app, budget);
        keeping = keeper is null ? Task.CompletedTask : Task.Run(() => keeper.RunAsync(ending.Token));
    }

    /// <summary>The address, <c>https://HOST:PORT</c>.</summary>
    public Uri Address => new(HttpsServer.AddressOf(app));

    /// <summary>Starts to serve.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <returns>The service; the caller disposes it before key and certificate.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="settings"/> is null.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<VerifierServer> StartAsync(VerifierSettings settings, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var nonces = new NonceBook(settings.Appraisal.Time);
        var budget = new WorkBudget(settings.RequestsPerSecond);
        var calls = new VerifierCalls(settings.Appraisal, nonces, budget, new VerifierMetrics(nonces, settings.Appraisal.Keeper));
        var tls = SslStreamCertificateContext.Create(settings.Certificate, settings.Issuers, offline: true);
        var https = new HttpsSettings(() => CreateTls(tls), AppraisalRequest.MaxSize) { Refuse = calls.RefuseAsync };
        var app = HttpsServer.Create("guardian verifier", settings.Listen, https, calls.Map);
        var server = new VerifierServer(app, budget, settings.Appraisal.Keeper);
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes a certificate of its own for a service that has none of an issuer. Clients compare its key.</summary>
    /// <param name="now">The present instant; the certificate is valid from a day before to a year after.</param>
    /// <returns>The certificate with a new key; the caller disposes it.</returns>
    public static X509Certificate2 CreateCertificate(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Guardian verifier", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(1));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync().ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await keeping.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It keeps collateral until it is stopped.
        }
        ending.Dispose();
        budget.Dispose();
    }

    [SuppressMessage("Security", "CA5398", Justification = "relying parties have clients of their own, some without TLS 1.3")]
    private static SslServerAuthenticationOptions CreateTls(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };
}
