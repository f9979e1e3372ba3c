using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Workloads;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Runtime.Network;

/// <summary>
/// The identity of this service for other services: a key that never leaves the enclave, and the CAS's certificates for it. It is not the
/// key of the runtime's evidence, so nothing that a program does with its connections can pass for the runtime. Thread-safe.
/// </summary>
internal sealed class Workload : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private Task renewing = Task.CompletedTask;
    private (SslStreamCertificateContext Certificate, DateTimeOffset Renewal, string Authority)? current;

    /// <param name="time">The clock of certificates.</param>
    public Workload(TimeProvider time)
    {
        this.time = time;
        PublicKey = key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>SubjectPublicKeyInfo of the key, DER.</summary>
    public byte[] PublicKey { get; }

    /// <summary>The certificate for new connections.</summary>
    /// <exception cref="RefusedException">The CAS gave none.</exception>
    public SslStreamCertificateContext Certificate => Current.Certificate;

    private (SslStreamCertificateContext Certificate, DateTimeOffset Renewal, string Authority) Current => current
        ?? throw new RefusedException(RuntimeReasons.BadConfiguration.Because("a connection is attested, but the CAS gave no certificate"));

    /// <summary>Takes a certificate from the CAS into use.</summary>
    /// <exception cref="RefusedException">It is malformed, or for another key.</exception>
    public void Accept(WorkloadConfiguration configuration)
    {
        try
        {
            using var bare = X509Certificate2.CreateFromPem(configuration.Certificate);
            var certificate = bare.CopyWithPrivateKey(key);
            var (start, end) = (new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter));
            current = (
                SslStreamCertificateContext.Create(certificate, null, offline: true), start + ((end - start) / 2), configuration.Authority);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new RefusedException(
                RuntimeReasons.BadConfiguration.Because($"the CAS's workload certificate cannot be used: {failure.Message}"));
        }
    }

    /// <summary>Verifies that a peer's certificate is of the CAS's workload authority and names one of the accepted services.</summary>
    /// <exception cref="RefusedException">It is not.</exception>
    public void Verify(X509Certificate? certificate, IReadOnlyList<PeerService> accepted)
    {
        using var leaf = X509CertificateLoader.LoadCertificate(
            certificate?.GetRawCertData() ?? throw Refuse("it shows no certificate", accepted));
        if (!Certificates.IsIssuedDirectlyBy(Current.Authority, leaf, time.GetUtcNow()))
        {
            throw Refuse("its certificate is not a valid one of the CAS's workload authority", accepted);
        }
        if (WorkloadIdentity.TryRead(leaf) is not { } found)
        {
            throw Refuse("its certificate names no service", accepted);
        }
        if (!accepted.Any(peer =>
            peer.Session == found.Session && peer.Service == found.Service
            && (peer.Program is null || peer.Program == found.Program)
            && (peer.Policies is null || peer.Policies.Contains(found.Policy))))
        {
            throw Refuse(
                $"it is {found.Session}/{found.Service}, program {found.Program ?? "none"}, admitted by policy {found.Policy}", accepted);
        }
    }

    /// <summary>Renews the certificate halfway through its life, until this object is disposed.</summary>
    /// <param name="renew">Asks the CAS for a certificate of <see cref="PublicKey"/>.</param>
    /// <param name="log">Receives the reason of each failed attempt.</param>
    public void StartRenewing(Func<byte[], CancellationToken, Task<WorkloadConfiguration>> renew, Action<string> log) =>
        renewing = RenewAsync(renew, log, ending.Token);

    /// <inheritdoc/>
    public void Dispose()
    {
        ending.Cancel();
        renewing.GetAwaiter().GetResult();
        ending.Dispose();
        key.Dispose();
    }

    private async Task RenewAsync(
        Func<byte[], CancellationToken, Task<WorkloadConfiguration>> renew, Action<string> log, CancellationToken cancellation)
    {
        var delay = Current.Renewal - time.GetUtcNow();
        while (true)
        {
            try
            {
                await Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, time, cancellation).ConfigureAwait(false);
                Accept(await renew(PublicKey, cancellation).ConfigureAwait(false));
                delay = Current.Renewal - time.GetUtcNow();
            }
            catch (RefusedException failure)
            {
                log($"warning: the workload certificate is not renewed: {failure.Message}");
                delay = RetryDelay;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static RefusedException Refuse(string found, IReadOnlyList<PeerService> accepted) => new(
        RuntimeReasons.WrongPeer.Because($"the peer is no service that may be at the other end: {found}") with
        {
            Problems =
            [
                .. accepted.Select(peer =>
                    $"accepted: {peer.Session}/{peer.Service}, program {peer.Program ?? "any of its session"}, "
                    + $"admitted by policy {(peer.Policies is { } policies ? string.Join(" or ", policies) : "of its session")}"),
            ],
        });
}
