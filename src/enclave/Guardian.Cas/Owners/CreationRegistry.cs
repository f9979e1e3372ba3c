using Guardian.Cas.Callers;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Owners;

/// <summary>Lets the owners decide who creates sessions at the top level, and how much one key may keep. Thread-safe.</summary>
internal sealed class CreationRegistry(Vault vault)
{
    /// <summary>Reads the rules, as an owner.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<CreationDescription>> ReadAsync(ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<CreationDescription>(transaction => OwnerTable.HashesOf(transaction.Owners!).Contains(caller)
            ? Describe(transaction.FindCreationRules())
            : CasReasons.Denied.Because("only owners of the CAS read their rules for creators"));
    }

    /// <summary>Replaces the rules when as many owners agree as recover the store.</summary>
    /// <param name="yaml">The rules as they were sent and signed.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of owners over the rules.</param>
    public async Task<Outcome<CreationDescription>> ChangeAsync(
        ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature> signatures)
    {
        var (rules, mistakes) = CreationRules.Read(yaml.Span);
        if (rules is null)
        {
            return mistakes!;
        }
        var caller = KeyHash.Of(callerKey.Span);
        var (approvals, forged) = Approvals.Verify(caller, rules.Hash, SignatureSubject.Creation, signatures);
        if (approvals is null)
        {
            return forged!;
        }
        return await vault.TryRunAsync<CreationDescription>(transaction =>
        {
            var owners = transaction.Owners!;
            if (OwnerTable.CheckAgreement(owners, approvals) is { } refusal)
            {
                return refusal;
            }
            if (rules.Cas.Identity != transaction.LogId || rules.Cas.Owners != transaction.HashOf(owners))
            {
                return CasReasons.Conflict.Because(
                    $"the rules are for the CAS {rules.Cas.Identity} and its owners {rules.Cas.Owners}; this is {transaction.LogId} "
                    + $"with the owners {transaction.HashOf(owners)}");
            }
            var present = transaction.FindCreationRules()?.Hash;
            if (rules.Predecessor != present)
            {
                return CasReasons.Conflict.Because(
                    $"'predecessor' must be the hash of the present rules, {present ?? "and is left out for the first ones"}");
            }
            transaction.PutCreationRules(rules);
            transaction.Audit(
                "creation-rules-changed", "cas", caller,
                $"hash {rules.Hash}, approved by {string.Join(", ", OwnerTable.HashesOf(owners).Where(approvals.Contains))}");
            return Describe(rules);
        }).ConfigureAwait(false);
    }

    private static CreationDescription Describe(CreationRules? rules) => new(rules?.Hash, rules?.Text);
}
