using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;

namespace Guardian.Cas.Owners;

/// <summary>The people who own the CAS: enough of them together can recover its store, or replace its owners. Thread-safe.</summary>
/// <param name="replicas">The enclaves that are this CAS as well and may have the store's key; null for none.</param>
internal sealed class OwnerRegistry(Vault vault, CallerVerifier callers, AttestationPolicy? replicas)
{
    // Arbitrary; Shamir over GF(256) allows 255.
    private const int MaxOwners = 32;

    /// <summary>Makes people the owners. The first claim of a CAS wins.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public async Task<Outcome<OwnersDescription>> ClaimAsync(OwnersClaim claim, ReadOnlyMemory<byte> callerKey)
    {
        var (keys, refusal) = ReadKeys(claim.Keys, claim.Threshold);
        if (keys is null)
        {
            return refusal!;
        }
        var caller = KeyHash.Of(callerKey.Span);
        if (!keys.Contains(caller))
        {
            return CasReasons.Invalid.Because("the person who claims a CAS is one of its owners: name your own key as well");
        }
        return await vault.TryRunAsync<OwnersDescription>(transaction =>
        {
            if (transaction.Owners is not null)
            {
                return CasReasons.Conflict.Because(
                    "this CAS has owners already; compare them with those you expect: guardian cas attest");
            }
            if (CheckWitness(transaction, claim.Witness) is { } refusal)
            {
                return refusal;
            }
            var owners = Deal(transaction, claim.Keys, claim.Threshold, predecessor: null, claim.Witness);
            transaction.Audit(
                "owners-claimed", "cas", caller, $"{claim.Threshold} of {string.Join(", ", keys)}{Describe(claim.Witness)}", owners);
            return transaction.Describe(owners);
        }, needsOwners: false).ConfigureAwait(false);
    }

    /// <summary>Replaces the owners when as many of them agree as recover the store.</summary>
    /// <param name="document">The change as it was sent and signed.</param>
    /// <param name="change">The parsed change.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of present owners over the document.</param>
    public async Task<Outcome<OwnersDescription>> ChangeAsync(
        ReadOnlyMemory<byte> document, OwnersChange change, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature> signatures)
    {
        var (keys, refusal) = ReadKeys(change.Keys, change.Threshold);
        if (keys is null)
        {
            return refusal!;
        }
        var caller = KeyHash.Of(callerKey.Span);
        var (approvals, forged) = Approvals.Verify(caller, KeyHash.Of(document.Span), SignatureSubject.Owners, signatures);
        if (approvals is null)
        {
            return forged!;
        }
        return await vault.TryRunAsync<OwnersDescription>(transaction =>
        {
            var present = transaction.Owners!;
            var hash = transaction.HashOf(present);
            var refusal = OwnerTable.CheckAgreement(present, approvals) ?? CheckPredecessor(change, hash)
                ?? CheckWitness(transaction, change.Witness);
            if (refusal is not null)
            {
                return refusal;
            }
            // The same commit replaces the shares of the former owners.
            var next = Deal(transaction, change.Keys, change.Threshold, hash, change.Witness);
            transaction.Audit(
                "owners-changed", "cas", caller,
                $"{change.Threshold} of {string.Join(", ", keys)}{Describe(change.Witness)}, "
                + $"approved by {string.Join(", ", OwnerTable.HashesOf(present).Where(approvals.Contains))}",
                next);
            return transaction.Describe(next);
        }).ConfigureAwait(false);
    }

    /// <summary>Reads the owners; no keys when the CAS has none. Works while the witness is silent.</summary>
    public async Task<Outcome<OwnersDescription>> ReadAsync() => await vault.RunAsync(
        transaction => transaction.Owners is { } owners ? transaction.Describe(owners) : new OwnersDescription([], 0, null),
        needsWitness: false).ConfigureAwait(false);

    /// <summary>Approves code when as many owners agree as recover the store. It may have the key from then on.</summary>
    /// <param name="document">The approval as it was sent and signed.</param>
    /// <param name="approval">The parsed approval.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of owners over the document.</param>
    public async Task<Outcome<CasIdentity>> ApproveUpgradeAsync(
        ReadOnlyMemory<byte> document, UpgradeApproval approval, ReadOnlyMemory<byte> callerKey,
        IReadOnlyList<SessionSignature> signatures)
    {
        if (!MrEnclave.TryParse(approval.MrEnclave, out var code) || code.ToString() != approval.MrEnclave)
        {
            return CasReasons.Invalid.Because($"'{approval.MrEnclave}' is not an MRENCLAVE: 64 lower-case hex digits");
        }
        var caller = KeyHash.Of(callerKey.Span);
        var (approvals, forged) = Approvals.Verify(caller, KeyHash.Of(document.Span), SignatureSubject.Upgrade, signatures);
        if (approvals is null)
        {
            return forged!;
        }
        return await vault.TryRunAsync<CasIdentity>(transaction =>
        {
            var owners = transaction.Owners!;
            if (OwnerTable.CheckAgreement(owners, approvals) is { } refusal)
            {
                return refusal;
            }
            if (approval.Identity != transaction.LogId || approval.Owners != transaction.HashOf(owners))
            {
                return CasReasons.Conflict.Because(
                    $"the approval is for the CAS {approval.Identity} and its owners {approval.Owners}; this is {transaction.LogId} "
                    + $"with the owners {transaction.HashOf(owners)}");
            }
            var identity = transaction.DescribeIdentity(vault.Held);
            if (identity.Code.Contains(approval.MrEnclave))
            {
                return identity;
            }
            transaction.Audit(
                "upgrade-approved", "cas", caller,
                $"mrenclave {code}, approved by {string.Join(", ", OwnerTable.HashesOf(owners).Where(approvals.Contains))}",
                approved: approval.MrEnclave);
            return identity with { Code = [.. identity.Code, approval.MrEnclave] };
        }).ConfigureAwait(false);
    }

    /// <summary>Describes the CAS. Works while the witness is silent.</summary>
    public async Task<Outcome<CasIdentity>> ReadIdentityAsync() =>
        await vault.RunAsync(transaction => transaction.DescribeIdentity(vault.Held), needsWitness: false).ConfigureAwait(false);

    /// <summary>Gives the store's key to another enclave of this CAS.</summary>
    /// <param name="certificate">The caller's TLS certificate, DER.</param>
    public async Task<Outcome<StoreKeyDescription>> HandOverKeyAsync(ReadOnlyMemory<byte> certificate)
    {
        var (peer, refusal) = callers.Verify(certificate);
        if (peer is null)
        {
            return refusal!;
        }
        return await vault.TryRunAsync<StoreKeyDescription>(transaction =>
        {
            IReadOnlyList<string> failed = replicas is null ? ["this CAS has no replicas"]
                : ExpectedEvidence.Exactly(EvidenceContext.CasStarting).FindFault(peer.Context) is { } fault
                ? [$"role: the evidence is {fault}"]
                : [.. CasCode.With(replicas, transaction.Approved).Appraise(peer.Quote).Checks
                    .Where(check => !check.Passed).Select(check => check.ToString())];
            var isGiven = failed.Count == 0;
            transaction.Audit(
                isGiven ? "store-key-given" : "store-key-denied", "cas", $"mrenclave {peer.Quote.Report.MrEnclave}",
                string.Join("; ", failed));
            return isGiven
                ? new StoreKeyDescription(vault.Key.Value.ToArray(), transaction.LogId)
                : CasReasons.Denied.Because("the caller's code is not this CAS, and its owners have not approved it") with
                {
                    Problems = failed,
                };
        }).ConfigureAwait(false);
    }

    /// <summary>Checks the keys and the threshold of future owners, and hashes the keys.</summary>
    internal static Outcome<List<string>> ReadKeys(IReadOnlyList<string> keys, int threshold)
    {
        var hashes = keys.Select(KeyHash.TryRead).OfType<string>().Distinct().ToList();
        return keys.Count is > 0 and <= MaxOwners && threshold >= 1 && threshold <= keys.Count
            && hashes.Count == keys.Count && keys.All(KeyShare.IsRecipient)
            ? hashes
            : CasReasons.Invalid.Because(
                $"name 1 to {MaxOwners} different keys as 'guardian key show' prints them, and how many of them recover the store");
    }

    private static Refusal? CheckPredecessor(OwnersChange change, string hash) => change.Predecessor == hash
        ? null
        : CasReasons.Conflict.Because(
            $"'predecessor' must be the hash of the present owners, {hash}; propose the change again, and have it signed");

    // A CAS tries a witness before it depends on it.
    private static Refusal? CheckWitness(VaultTransaction transaction, WitnessDescription? witness)
    {
        if (witness is null)
        {
            return null;
        }
        return Uri.TryCreate(witness.Address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.PathAndQuery == "/"
            && SessionFields.MayNameSession(witness.Session) && CasPins.IsPin(witness.Identity)
            ? transaction.CheckWitness(witness)
            : CasReasons.Invalid.Because(
                $"a witness is an address https://host:port, a session there and the identity of the CAS, not '{witness.Address}', "
                + $"'{witness.Session}' and '{witness.Identity}'");
    }

    private static string Describe(WitnessDescription? witness) =>
        witness is null ? "" : $", witnessed by {witness.Session} at {witness.Address}";

    private AuditOwners Deal(
        VaultTransaction transaction, IReadOnlyList<string> keys, int threshold, string? predecessor, WitnessDescription? witness)
    {
        var (owners, row) = Shares.Deal(vault.Key, keys, threshold, predecessor, witness);
        transaction.PutPlain(Shares.Kind, row);
        return owners;
    }
}
