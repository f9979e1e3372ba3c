using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Deletes sessions, with everything that the store has of them. Thread-safe.</summary>
/// <remarks>
/// The name of a deleted session is never used again. Other sessions, and peers of services, name sessions by it. A new holder could
/// otherwise give them other secrets, and a session with the same text would have the same hash without the same freshness tags.
/// </remarks>
internal sealed class SessionRemoval(Vault vault)
{
    // Keeps a line of the log below its largest size.
    private const int RowsInLine = 64;

    // Bounds one transaction. The owners' call says that more is left.
    private const int MaxSessions = 64;

    private static readonly string[] KindsOfParts = ["tag", "instance", "start", "history"];

    /// <summary>Deletes a session whose rule admits the caller, or, for enough owners of the CAS, any session with all below it.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the deletion (<see cref="SessionDeletion"/>).</param>
    public async Task<Outcome<DeletionProgress>> DeleteAsync(
        string name, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature> signatures)
    {
        var caller = KeyHash.Of(callerKey.Span);
        var hash = SessionDeletion.HashOf(vault.LogId, name);
        var (approvals, forged) = Approvals.Verify(caller, hash, SignatureSubject.Deletion, signatures);
        return approvals is null
            ? forged!
            : await vault.TryRunAsync(transaction => Delete(transaction, name, caller, approvals)).ConfigureAwait(false);
    }

    private static Outcome<DeletionProgress> Delete(VaultTransaction transaction, string name, string caller, HashSet<string> approvals)
    {
        var isByOwners = OwnerTable.CheckAgreement(transaction.Owners!, approvals) is null;
        if (transaction.FindSession(name) is not { } state)
        {
            return SessionTable.Absent(name);
        }
        var rule = state.Document.Access.Delete;
        if (!isByOwners && !state.Allows(rule, approvals))
        {
            return !state.Allows(state.Document.Access.Read, [caller])
                ? SessionTable.Absent(name)
                : CasReasons.Denied.Because($"'{name}' is not deleted: its 'delete' rule is not satisfied") with
                {
                    Problems = [$"it demands {rule}", $"you have {string.Join(", ", approvals.Order(StringComparer.Ordinal))}"],
                };
        }
        var below = transaction.ListAllBelow(name, MaxSessions);
        if (below.Count > 0 && !isByOwners)
        {
            return CasReasons.Conflict.Because($"there are sessions below '{name}'; delete them first");
        }
        // From the end: a name comes after the names above it.
        foreach (var each in below.Reverse().Append(name).Take(MaxSessions))
        {
            Remove(transaction, transaction.FindSession(each)!, caller, isByOwners ? "by the owners" : "by its rule", approvals);
        }
        return new DeletionProgress(name, IsDone: below.Count < MaxSessions);
    }

    private static void Remove(VaultTransaction transaction, SessionState state, string caller, string why, HashSet<string> approvals)
    {
        var name = state.Document.Name;
        var parts = KindsOfParts.SelectMany(kind => transaction.ListNames(kind, $"{name}\n").Select(row => (Kind: kind, Name: row)));
        foreach (var rows in parts.ToList().Chunk(RowsInLine))
        {
            foreach (var (kind, row) in rows)
            {
                transaction.Delete(kind, row);
            }
            transaction.Audit("session-rows-removed", name, caller);
        }
        transaction.ReturnQuota(state.Stored);
        transaction.DeleteSession(state);
        transaction.Audit(
            "session-deleted", name, caller,
            $"{why}, hash {state.Document.Hash}, approved by {string.Join(", ", approvals.Order(StringComparer.Ordinal))}");
    }
}
