using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Refusals;

namespace Guardian.Operator.Work;

/// <summary>A CAS that is verified at each connection, as every client does it. One thread at a time may use it.</summary>
internal sealed class VerifiedCas : ICas, IDisposable
{
    // Nobody knows the key, and no session names it: the operator has no rights in a CAS.
    private readonly IdentityKey key = IdentityKey.Create();
    private readonly X509Certificate2 certificate;
    private readonly CasClient client;
    private string? identity;

    /// <param name="address">The CAS.</param>
    /// <param name="policy">The CAS that is accepted.</param>
    /// <param name="pins">The CAS that is meant.</param>
    /// <param name="verifier">Verifies its evidence.</param>
    public VerifiedCas(Uri address, AttestationPolicy policy, CasPins pins, EvidenceVerifier verifier)
    {
        certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        client = new CasClient(address, policy, certificate, TimeProvider.System, verifier, Remember, pins);
    }

    /// <inheritdoc/>
    public Task<Outcome<string>> ReadIdentityAsync(CancellationToken cancellation) => TryAsync(async () =>
    {
        // A new connection verifies the evidence, which names the identity.
        await client.CheckAsync(cancellation).ConfigureAwait(false);
        return identity!;
    });

    /// <inheritdoc/>
    public Task<Outcome<SessionDescription>> SubmitAsync(
        SessionDocument session, SessionSignature submission, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation) =>
        TryAsync(() => client.SubmitAsync(session, submission, signatures, cancellation));

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        certificate.Dispose();
        key.Dispose();
    }

    private void Remember(RaTlsPeer peer, Appraisal appraisal) => identity = Convert.ToHexStringLower(peer.Context!.Fields[0].Span);

    private static async Task<Outcome<T>> TryAsync<T>(Func<Task<T>> call) where T : class
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            return refused.Refusal;
        }
    }
}
