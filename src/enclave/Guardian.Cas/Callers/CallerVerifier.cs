using System.Collections.Concurrent;
using System.Security.Cryptography;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Callers;

/// <summary>Verifies the evidence of calling enclaves. Thread-safe.</summary>
internal sealed class CallerVerifier(EvidenceVerifier evidence, TimeProvider time)
{
    // Remembers verified peers for some minutes. Otherwise each tag that they move would cost a verification of quotes.
    private const int MaxPeers = 4096;
    private static readonly TimeSpan PeerLife = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (RaTlsPeer Peer, DateTimeOffset Until)> peers = new();

    /// <summary>Verifies a caller now.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER; empty when it has none.</param>
    public Outcome<RaTlsPeer> Verify(ReadOnlyMemory<byte> certificate)
    {
        var now = time.GetUtcNow();
        var (peer, refusal) = RaTlsVerifier.Verify(certificate, now, evidence);
        if (peer is null)
        {
            return CasReasons.Denied.Because($"the caller is not an attested enclave: {refusal!.Detail}") with
            {
                Problems = [$"{refusal.Location?.Part}: {refusal.Code}"],
            };
        }
        if (peers.Count >= MaxPeers)
        {
            peers.Clear();
        }
        peers[IdOf(certificate)] = (peer, now + PeerLife);
        return peer;
    }

    /// <summary>Verifies a caller, unless it was verified some minutes ago.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER; empty when it has none.</param>
    public Outcome<RaTlsPeer> VerifyOrRecall(ReadOnlyMemory<byte> certificate) =>
        peers.TryGetValue(IdOf(certificate), out var known) && time.GetUtcNow() < known.Until ? known.Peer : Verify(certificate);

    private static string IdOf(ReadOnlyMemory<byte> certificate) => Convert.ToHexString(SHA256.HashData(certificate.Span));
}
