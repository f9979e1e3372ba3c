using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.RaTls;

/// <summary>TLS 1.3 between attested parties. Evidence is verified inside the handshake, before a byte of ours is sent.</summary>
[SuppressMessage("Security", "CA5398", Justification = "both ends are ours; an older version would show the evidence in the clear")]
[SuppressMessage("Security", "CA5359", Justification = "a server decides by the client's key, which TLS proves; a client throws unless the evidence is accepted")]
public static class RaTlsTransport
{
    /// <summary>A server that shows its quote and asks for a client certificate without demanding one: the application decides by its key.</summary>
    public static SslServerAuthenticationOptions ServerOptions(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateRequired = true,
        // Names and issuers mean nothing here; TLS has proven that the client holds the key, and the key is what counts.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    /// <summary>An HTTP handler that connects only to an enclave which the policy accepts.</summary>
    /// <param name="policy">The enclaves that are accepted.</param>
    /// <param name="expected">The role and context that the peer must have.</param>
    /// <param name="clientCertificate">Shown to the server, or null.</param>
    /// <param name="time">Tells the instant at which evidence must be valid.</param>
    /// <param name="onVerified">Is told each peer that was verified and accepted.</param>
    /// <param name="verifier">Verifies the peer's evidence.</param>
    /// <remarks>A refusal surfaces as <see cref="AttestationException"/>, inside <see cref="HttpRequestException"/>.</remarks>
    public static SocketsHttpHandler CreateHandler(
        AttestationPolicy policy, ExpectedEvidence expected, X509Certificate2? clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(time);
        return new SocketsHttpHandler
        {
            SslOptions = ClientOptions(policy, expected, clientCertificate, time, verifier, onVerified),
            UseProxy = false,
            AllowAutoRedirect = false,
        };
    }

    /// <summary>A client that talks only to an enclave which the policy accepts; as <see cref="CreateHandler"/>, for connections that are not HTTP.</summary>
    /// <remarks>A refusal surfaces as <see cref="AttestationException"/> from the handshake.</remarks>
    public static SslClientAuthenticationOptions ClientOptions(
        AttestationPolicy policy, ExpectedEvidence expected, X509Certificate2? clientCertificate, TimeProvider time, EvidenceVerifier verifier,
        Action<RaTlsPeer, Appraisal>? onVerified = null) => new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = clientCertificate is null ? null : SslStreamCertificateContext.Create(clientCertificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                var (peer, appraisal) = Accept(certificate, policy, expected, time.GetUtcNow(), verifier);
                onVerified?.Invoke(peer, appraisal);
                return true;
            },
        };

    /// <summary>Accepts a peer by the evidence in its certificate, at either end of a handshake.</summary>
    /// <param name="now">The instant at which evidence must be valid.</param>
    /// <exception cref="AttestationException">It is not accepted.</exception>
    public static (RaTlsPeer Peer, Appraisal Appraisal) Accept(
        X509Certificate? certificate, AttestationPolicy policy, ExpectedEvidence expected, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(expected);
        var verdict = RaTlsVerifier.Verify(certificate?.GetRawCertData(), now, verifier);
        if (!verdict.IsVerified)
        {
            throw new AttestationException(verdict.Failure);
        }
        var appraisal = policy.Appraise(verdict.Peer.Quote);
        if (!appraisal.IsAccepted)
        {
            throw new AttestationException(appraisal);
        }
        if (!expected.Accepts(verdict.Peer.Context))
        {
            throw new AttestationException(new QuoteFailure(
                QuoteStage.KeyBinding, "wrong-role",
                $"the peer's evidence is for '{verdict.Peer.Context?.ToString() ?? "no role"}', not for '{EvidenceContext.WordOf(expected.Role)}' in the context asked for"));
        }
        return (verdict.Peer, appraisal);
    }
}
