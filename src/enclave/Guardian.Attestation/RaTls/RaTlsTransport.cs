using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.RaTls;

/// <summary>TLS 1.3 between attested parties. The handshake verifies the evidence before we send a byte. Thread-safe.</summary>
[SuppressMessage("Security", "CA5398", Justification = "both ends are ours; an older version would show the evidence in the clear")]
[SuppressMessage(
    "Security", "CA5359",
    Justification = "a server decides by the client's key, which TLS proves; a client throws unless the evidence is accepted")]
public static class RaTlsTransport
{
    /// <summary>Returns the chain policy of a handshake whose peer is judged afterwards. Without it, either end calls the addresses at
    /// which a stranger's certificate says that its issuers are, and waits for their answers.</summary>
    public static X509ChainPolicy WithoutDownloads => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
    };

    /// <summary>
    /// Returns the options of a server that shows its quote and asks for a client certificate without requiring one: the application
    /// decides
    /// by the client's key.
    /// </summary>
    /// <param name="certificate">The server's certificate with its private key, from <see cref="RaTlsCertificate.Create"/>.</param>
    /// <returns>The options.</returns>
    public static SslServerAuthenticationOptions ServerOptions(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateRequired = true,
        CertificateChainPolicy = WithoutDownloads,
        // Names and issuers mean nothing here. TLS proves that the client holds its key, and the application decides by the key.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    /// <summary>Makes an HTTP handler that connects only to enclaves that the policy accepts.</summary>
    /// <param name="policy">The accepted enclaves, platforms and TCB levels.</param>
    /// <param name="expected">The role and context that the peer's evidence must have.</param>
    /// <param name="clientCertificate">The client's certificate for the server, or null.</param>
    /// <param name="time">The clock for the validity of evidence.</param>
    /// <param name="verifier">Verifies the peer's evidence.</param>
    /// <param name="onVerified">Receives each accepted peer; null when nobody wants it.</param>
    /// <returns>The handler; the caller disposes it.</returns>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    /// <remarks>A request to a refused peer throws <see cref="HttpRequestException"/> with a <see cref="RefusedException"/>
    /// inside.</remarks>
    public static SocketsHttpHandler CreateHandler(
        AttestationPolicy policy, ExpectedEvidence expected, X509Certificate2? clientCertificate, TimeProvider time,
        EvidenceVerifier verifier, Action<RaTlsPeer, Appraisal>? onVerified = null)
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

    /// <summary>
    /// Returns the options of a client that accepts the same peers as <see cref="CreateHandler"/>, for other protocols than HTTP.
    /// </summary>
    /// <inheritdoc cref="CreateHandler"/>
    /// <returns>The options.</returns>
    /// <remarks>The handshake with a refused peer throws <see cref="RefusedException"/>.</remarks>
    public static SslClientAuthenticationOptions ClientOptions(
        AttestationPolicy policy, ExpectedEvidence expected, X509Certificate2? clientCertificate, TimeProvider time,
        EvidenceVerifier verifier, Action<RaTlsPeer, Appraisal>? onVerified = null) => new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = clientCertificate is null
                ? null
                : SslStreamCertificateContext.Create(clientCertificate, null, offline: true),
            CertificateChainPolicy = WithoutDownloads,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                var (peer, appraisal) = Accept(certificate, policy, expected, time.GetUtcNow(), verifier);
                onVerified?.Invoke(peer, appraisal);
                return true;
            },
        };

    /// <summary>Accepts a peer by the evidence in its certificate, at either end of a handshake.</summary>
    /// <param name="certificate">The peer's certificate; null when it sent none, which is refused.</param>
    /// <param name="policy">The accepted enclaves, platforms and TCB levels.</param>
    /// <param name="expected">The role and context that the peer's evidence must have.</param>
    /// <param name="now">The instant at which the evidence must be valid.</param>
    /// <param name="verifier">Verifies the peer's evidence.</param>
    /// <returns>The peer and its appraisal.</returns>
    /// <exception cref="RefusedException">The evidence does not verify, the policy does not accept it, or its role or context
    /// differs.</exception>
    /// <exception cref="ArgumentNullException">A required argument is null.</exception>
    public static (RaTlsPeer Peer, Appraisal Appraisal) Accept(
        X509Certificate? certificate, AttestationPolicy policy, ExpectedEvidence expected, DateTimeOffset now,
        EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(expected);
        var (peer, refusal) = RaTlsVerifier.Verify(certificate?.GetRawCertData(), now, verifier);
        if (peer is null)
        {
            throw Refuse(refusal!);
        }
        var appraisal = policy.Appraise(peer.Quote);
        if (appraisal.Refusal is { } notAccepted)
        {
            throw Refuse(notAccepted);
        }
        if (expected.FindFault(peer.Context) is { } fault)
        {
            throw Refuse(QuoteReasons.WrongRole.At(QuoteStage.KeyBinding, $"the peer's evidence is {fault}"));
        }
        return (peer, appraisal);
    }

    private static RefusedException Refuse(Refusal refusal) => new(refusal with
    {
        Remedy = refusal.Remedy
            ?? "nothing was sent; ask the operator which code runs there, and compare its measurement with yours: guardian enclave measure",
    });
}
