using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Connection;

/// <summary>Calls a CAS over RA-TLS. The client verifies the CAS against a policy before it sends a byte. Thread-safe.</summary>
/// <remarks>
/// Every call throws <see cref="RefusedException"/> with one of <see cref="CasReasons"/> when the CAS refuses
/// (<see cref="CasReasons.Denied"/>, <see cref="CasReasons.NotFound"/>, <see cref="CasReasons.Conflict"/>,
/// <see cref="CasReasons.Unclaimed"/>, <see cref="CasReasons.OtherCas"/>,
/// <see cref="CasReasons.Invalid"/>, <see cref="CasReasons.Busy"/>, <see cref="CasReasons.Damaged"/>), is not accepted
/// (<see cref="CasReasons.NotTrusted"/>), waits for its owners' shares (<see cref="CasReasons.Recovering"/>)
/// or does not answer (<see cref="CasReasons.Unreachable"/>), and
/// <see cref="OperationCanceledException"/> when the caller cancels it. It throws <see cref="ObjectDisposedException"/> after
/// <see cref="Dispose"/>.
/// </remarks>
public sealed class CasClient : IDisposable
{
    private readonly CasTransport transport;
    private X509Certificate2? launchCertificate;

    /// <summary>Sends the calls.</summary>
    internal CasTransport Transport => transport;

    /// <summary>Prepares calls to a CAS; connects to nothing yet.</summary>
    /// <param name="address">The CAS, <c>https://host:port</c>.</param>
    /// <param name="policy">The CAS that is accepted.</param>
    /// <param name="clientCertificate">The certificate of a person's key; null for calls that need none.</param>
    /// <param name="time">The clock by which evidence must be valid.</param>
    /// <param name="verifier">Verifies the evidence of the CAS, with the roots that are accepted.</param>
    /// <param name="onVerified">Called with the verified CAS at each handshake; may be null.</param>
    /// <param name="pins">The CAS that each request is meant for; null for any CAS that the policy accepts.</param>
    /// <param name="expected">The role and context that the CAS's evidence must have; null is a CAS that serves.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="policy"/>, <paramref name="time"/> or <paramref name="verifier"/> is null.
    /// </exception>
    public CasClient(
        Uri address, AttestationPolicy policy, X509Certificate2? clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null, CasPins? pins = null, ExpectedEvidence? expected = null)
    {
        var handler = RaTlsTransport.CreateHandler(
            policy, expected ?? ExpectCas(pins), clientCertificate, time, verifier, onVerified);
        transport = new CasTransport(handler, address, pins ?? CasPins.None, policy)
        {
            ExplainRole = expected is null ? ExplainAsync : null,
        };

        // A CAS in recovery has another role. It is verified by the same policy before it is believed.
        async Task<Refusal?> ExplainAsync(CancellationToken cancellation)
        {
            using var starting = new CasClient(
                address, policy, null, time, verifier, null, pins, ExpectedEvidence.Exactly(EvidenceContext.CasStarting));
            try
            {
                var progress = await starting.ReadProgressAsync(cancellation).ConfigureAwait(false);
                return CasReasons.Recovering.Because(
                    $"the CAS at {address} is recovering: {progress.Given} of {progress.Threshold} shares");
            }
            catch (RefusedException)
            {
                return null;
            }
        }
    }

    /// <summary>
    /// Connects as an enclave. The first connection shows no certificate and learns the identity of the verified CAS. Then the client
    /// makes a key whose evidence is for this CAS only, and connects with it. Nothing but the client ever uses the key.
    /// </summary>
    /// <param name="address">The CAS, <c>https://host:port</c>.</param>
    /// <param name="policy">The CAS that is accepted.</param>
    /// <param name="pins">The CAS that is meant; null accepts each CAS that the policy accepts.</param>
    /// <param name="describe">Returns the role and context of the key for the CAS's identity, 32 bytes.</param>
    /// <param name="quotes">Makes the quotes of this enclave.</param>
    /// <param name="time">The clock by which evidence must be valid.</param>
    /// <param name="verifier">Verifies the evidence of the CAS, with the roots that are accepted.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="describe"/> is null.</exception>
    public static async Task<CasClient> ConnectEnclaveAsync(
        Uri address, AttestationPolicy policy, CasPins? pins, Func<ReadOnlyMemory<byte>, EvidenceContext> describe,
        IQuoteProvider quotes, TimeProvider time, EvidenceVerifier verifier, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(describe);
        RaTlsPeer? cas = null;
        using (var anonymous = new CasClient(address, policy, null, time, verifier, (peer, _) => cas = peer, pins))
        {
            await anonymous.CheckAsync(cancellation).ConfigureAwait(false);
        }
        var found = cas!.Context!.Fields[0];
        var certificate = RaTlsCertificate.Create(quotes, describe(found));
        return new CasClient(address, policy, certificate, time, verifier, null, pins, ExpectedEvidence.Cas(found))
        {
            launchCertificate = certificate,
        };
    }

    /// <summary>The calls about values that people set and read.</summary>
    public CasSecrets Secrets => new(transport);

    /// <summary>Creates a session. Its creator is the key of the client certificate.</summary>
    /// <param name="yaml">The session, at most 1 MiB.</param>
    /// <param name="signatures">Signatures of other people, if the session above demands them; may be null.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The created session.</returns>
    public Task<SessionDescription> CreateAsync(
        ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature>? signatures = null, CancellationToken cancellation = default) =>
        transport.SendAsync(
            HttpMethod.Post, "v1/sessions", CasTransport.CreateYaml(yaml, signatures), CasJson.Default.SessionDescription, cancellation);

    /// <summary>Replaces a session.</summary>
    /// <param name="name">The session's name.</param>
    /// <param name="yaml">The new session, at most 1 MiB; its <c>predecessor</c> is the current hash.</param>
    /// <param name="signatures">Signatures of other people, if the session demands them; may be null.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The new session.</returns>
    public Task<SessionDescription> UpdateAsync(
        string name, ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature>? signatures = null,
        CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Put, CasTransport.PathOf(name), CasTransport.CreateYaml(yaml, signatures),
            CasJson.Default.SessionDescription, cancellation);

    /// <summary>Reads a session as it was uploaded.</summary>
    /// <param name="name">The session's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The session.</returns>
    public Task<SessionDescription> ReadAsync(string name, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, CasTransport.PathOf(name), null, CasJson.Default.SessionDescription, cancellation);

    /// <summary>Lists the sessions directly below a session, or at the top for owners of the CAS.</summary>
    /// <param name="name">The name of the session above; empty for the top.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Full names; may be empty.</returns>
    public async Task<IReadOnlyList<string>> ListAsync(string name, CancellationToken cancellation = default)
    {
        var names = new List<string>();
        for (var count = -1; count < names.Count;)
        {
            count = names.Count;
            var path = $"v1/sessions?below={Uri.EscapeDataString(name)}&after={Uri.EscapeDataString(names.LastOrDefault() ?? "")}";
            names.AddRange((
                await transport.SendAsync(HttpMethod.Get, path, null, CasJson.Default.SessionList, cancellation)
                .ConfigureAwait(false)).Names);
        }
        return names;
    }

    /// <summary>Reads the key that decrypts a service's standard streams, as one of the readers that the session names.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>32 bytes.</returns>
    public async Task<byte[]> ReadStdioKeyAsync(string session, string service, CancellationToken cancellation = default)
    {
        var path = $"v1/stdio-keys/{CasTransport.Escape(service)}?session={Uri.EscapeDataString(session)}";
        return (await transport.SendAsync(HttpMethod.Get, path, null, CasJson.Default.StdioKeyDescription, cancellation)
            .ConfigureAwait(false)).Key;
    }

    /// <summary>Gets the startup configuration of a service, as an enclave whose evidence is for the start of this service.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="workloadKey">The key of the service's workload certificate, SubjectPublicKeyInfo; null asks for none.</param>
    /// <param name="details">The facts about this start; null for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The configuration, which holds secrets.</returns>
    public Task<StartupConfiguration> ConfigureAsync(
        string session, string service, byte[]? workloadKey = null, StartDetails? details = null,
        CancellationToken cancellation = default) =>
        transport.SendAsync(
            HttpMethod.Post, "v1/configurations", CreateRequest(session, service, workloadKey, details),
            CasJson.Default.StartupConfiguration,
            cancellation);

    /// <summary>Gets a new workload certificate, as the enclave that was admitted to the service.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="service">The service's name.</param>
    /// <param name="workloadKey">The P-256 key of the certificate, SubjectPublicKeyInfo.</param>
    /// <param name="details">The facts about the start of this enclave; null for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The certificate and its authority.</returns>
    public Task<WorkloadConfiguration> RenewWorkloadAsync(
        string session, string service, byte[] workloadKey, StartDetails? details = null, CancellationToken cancellation = default) =>
        transport.SendAsync(
            HttpMethod.Post, "v1/workload-certificates", CreateRequest(session, service, workloadKey, details),
            CasJson.Default.WorkloadConfiguration, cancellation);

    /// <summary>Reads the freshness tag of a volume, or a tag that the session names, as an admitted enclave.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="name">The name of the volume or tag.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>32 bytes; null when the tag was never set.</returns>
    public async Task<byte[]?> ReadTagAsync(string session, string name, CancellationToken cancellation = default)
    {
        var path = $"v1/tags/{CasTransport.Escape(name)}?session={Uri.EscapeDataString(session)}";
        return (
            await transport.SendAsync(HttpMethod.Get, path, null, CasJson.Default.TagDescription, cancellation).ConfigureAwait(false)).Tag;
    }

    /// <summary>Moves a tag if it is what the caller expects, as an admitted enclave.</summary>
    /// <param name="session">The session's name.</param>
    /// <param name="name">The name of the volume or tag.</param>
    /// <param name="expected">The present value, 32 bytes; null or empty when the tag must never have been set.</param>
    /// <param name="next">The next value, 32 bytes.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>
    /// Whether the tag was moved, in which case the move is durable, and the tag's value now. After
    /// <see cref="CasReasons.Unreachable"/> or <see cref="CasReasons.Busy"/> it may have been moved or not: read it.
    /// </returns>
    public Task<TagOutcome> SetTagAsync(
        string session, string name, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> next, CancellationToken cancellation = default)
    {
        // A null array converts to memory that is present and empty.
        var from = expected is { IsEmpty: false } given ? given.ToArray() : null;
        var change = CasTransport.CreateJson(new TagChange(session, name, from, next.ToArray()), CasJson.Default.TagChange);
        return transport.SendAsync(
            HttpMethod.Put, $"v1/tags/{CasTransport.Escape(name)}", change, CasJson.Default.TagOutcome, cancellation);
    }

    /// <summary>Reads lines of the audit log, and its signed end.</summary>
    /// <param name="after">The number of the last line that the caller has; 0 for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>At most 500 lines; none when there are no more.</returns>
    public Task<AuditPage> ReadAuditAsync(long after, CancellationToken cancellation = default)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"v1/audit?after={after}");
        return transport.SendAsync(HttpMethod.Get, path, null, CasJson.Default.AuditPage, cancellation);
    }

    /// <summary>Claims a CAS that has no owners. The caller is one of the new owners.</summary>
    /// <param name="claim">The owners.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The owners as the CAS keeps them.</returns>
    public Task<OwnersDescription> ClaimAsync(OwnersClaim claim, CancellationToken cancellation = default) => transport.SendAsync(
        HttpMethod.Post, "v1/owners", CasTransport.CreateJson(claim, CasJson.Default.OwnersClaim), CasJson.Default.OwnersDescription,
        cancellation);

    /// <summary>Replaces the owners of a CAS.</summary>
    /// <param name="change">The bytes of <see cref="OwnersChange.ToBytes"/>, exactly as they were signed.</param>
    /// <param name="signatures">Signatures of present owners. The caller's own key counts without one.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The new owners.</returns>
    public Task<OwnersDescription> ChangeOwnersAsync(
        ReadOnlyMemory<byte> change, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation = default)
    {
        var content = CasTransport.CreateContent(change, "application/json", signatures);
        return transport.SendAsync(HttpMethod.Put, "v1/owners", content, CasJson.Default.OwnersDescription, cancellation);
    }

    /// <summary>Reads the owners of a CAS.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The owners; no keys when the CAS has none.</returns>
    public Task<OwnersDescription> ReadOwnersAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/owners", null, CasJson.Default.OwnersDescription, cancellation);

    /// <summary>Lets a CAS approve code, which may then have the key of its store.</summary>
    /// <param name="approval">The bytes of <see cref="UpgradeApproval.ToBytes"/>, exactly as they were signed.</param>
    /// <param name="signatures">Signatures of owners. The caller's own key counts without one.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The CAS with the approved code.</returns>
    public Task<CasIdentity> ApproveUpgradeAsync(
        ReadOnlyMemory<byte> approval, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation = default)
    {
        var content = CasTransport.CreateContent(approval, "application/json", signatures);
        return transport.SendAsync(HttpMethod.Post, "v1/upgrades", content, CasJson.Default.CasIdentity, cancellation);
    }

    /// <summary>Reads the identity of a CAS, its code and its owners.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The identity.</returns>
    public Task<CasIdentity> ReadIdentityAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/identity", null, CasJson.Default.CasIdentity, cancellation);

    /// <summary>Reads the encrypted shares of a CAS in recovery.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The shares.</returns>
    public Task<RecoveryDescription> ReadRecoveryAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/recovery", null, CasJson.Default.RecoveryDescription, cancellation);

    /// <summary>Reads how far a CAS in recovery has come.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The progress.</returns>
    public Task<RecoveryProgress> ReadProgressAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/recovery/progress", null, CasJson.Default.RecoveryProgress, cancellation);

    /// <summary>Sends a decrypted share to a CAS in recovery.</summary>
    /// <param name="share">The share.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>How far the recovery has come.</returns>
    public Task<RecoveryProgress> SendShareAsync(OpenedShare share, CancellationToken cancellation = default) => transport.SendAsync(
        HttpMethod.Post, "v1/recovery", CasTransport.CreateJson(share, CasJson.Default.OpenedShare), CasJson.Default.RecoveryProgress,
        cancellation);

    /// <summary>Reads the certificate by which Gramine's clients trust the CAS.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>PEM.</returns>
    public async Task<string> ReadProvisioningCertificateAsync(CancellationToken cancellation = default)
    {
        var answer = await transport.SendAsync(
            HttpMethod.Get, "v1/provisioning", null, CasJson.Default.ProvisioningDescription, cancellation).ConfigureAwait(false);
        return answer.Certificate;
    }

    /// <summary>Verifies the CAS and asks whether it lives.</summary>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The state: <c>ok</c>.</returns>
    public Task<CasHealth> CheckAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Get, "v1/health/live", null, CasJson.Default.CasHealth, cancellation);

    /// <summary>Reads the key of the store, as another enclave of the same CAS.</summary>
    internal Task<StoreKeyDescription> ReadStoreKeyAsync(CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Post, "v1/store-key", null, CasJson.Default.StoreKeyDescription, cancellation);

    /// <summary>Closes the connections. Calls that are still under way fail.</summary>
    public void Dispose()
    {
        transport.Dispose();
        launchCertificate?.Dispose();
    }

    private static ReadOnlyMemoryContent CreateRequest(string session, string service, byte[]? workloadKey, StartDetails? details) =>
        CasTransport.CreateJson(
            new ConfigurationRequest(session, service, workloadKey, details?.Program, details?.Replica, details?.Token),
            CasJson.Default.ConfigurationRequest);

    private static ExpectedEvidence ExpectCas(CasPins? pins) =>
        ExpectedEvidence.Cas(pins?.Identity is { } identity ? Convert.FromHexString(identity) : default(ReadOnlyMemory<byte>?));
}
