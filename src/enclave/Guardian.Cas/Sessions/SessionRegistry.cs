using System.Security.Cryptography;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Creates, replaces, reads and lists sessions for people, who are known by their keys. Thread-safe.</summary>
internal sealed class SessionRegistry(Vault vault, TimeProvider time)
{
    // Each session costs a document in memory and on disk.
    private const int MaxSessions = 100_000;

    /// <summary>Creates a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the document, for namespaces that demand them.</param>
    public async Task<Outcome<SessionDescription>> CreateAsync(
        ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null)
    {
        var (document, mistakes) = SessionDocument.Read(yaml.Span);
        if (document is null)
        {
            return mistakes!;
        }
        if (document.Predecessor is not null)
        {
            return CasReasons.Invalid.Because(
                "a session that is created has no 'predecessor'; remove the line, or update the session instead");
        }
        var creator = KeyHash.Of(callerKey.Span);
        var (approvals, forged) = Approvals.Verify(creator, document.Hash, SignatureSubject.Session, signatures);
        if (approvals is null)
        {
            return forged!;
        }
        var state = MakeState(document, creator, previous: null);
        return await vault.TryRunAsync<SessionDescription>(transaction =>
        {
            if ((CheckNewName(transaction, document.Name, approvals) ?? PinCheck.Compare(transaction.Log, document.Cas)
                ?? Exports.Check(transaction, document, creator)) is { } refusal)
            {
                return refusal;
            }
            transaction.PutSession(state);
            transaction.Audit("session-created", document.Name, creator, $"hash {document.Hash}");
            return Describe(document);
        }).ConfigureAwait(false);
    }

    /// <summary>Replaces a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the document, for sessions that demand them.</param>
    public async Task<Outcome<SessionDescription>> UpdateAsync(
        string name, ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null)
    {
        var (document, mistakes) = SessionDocument.Read(yaml.Span);
        if (document is null)
        {
            return mistakes!;
        }
        if (document.Name != name)
        {
            return CasReasons.Invalid.Because($"the document is named '{document.Name}', not '{name}'");
        }
        var caller = KeyHash.Of(callerKey.Span);
        var (approvals, forged) = Approvals.Verify(caller, document.Hash, SignatureSubject.Session, signatures);
        if (approvals is null)
        {
            return forged!;
        }
        var (current, refusal) = await vault.TryRunAsync<SessionState>(
            transaction => FindForUpdate(transaction, document, caller, approvals)).ConfigureAwait(false);
        while (current is not null)
        {
            // Drawing keys takes long, so it happens outside the transaction.
            var next = MakeState(document, current.Stored.Creator, current);
            (current, refusal) = await ReplaceAsync(current, next, caller, approvals).ConfigureAwait(false);
            if (ReferenceEquals(current, next))
            {
                return Describe(document);
            }
        }
        return refusal!;
    }

    /// <summary>Reads a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SessionDescription>> ReadAsync(string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SessionDescription>(transaction =>
            transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.Read, [caller])
                ? Describe(state.Document)
                : SessionTable.Absent(name));
    }

    /// <summary>Lists the names of the sessions directly below a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SessionList>> ListAsync(string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SessionList>(transaction =>
            transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.List, [caller])
                ? new SessionList([.. transaction.ListSessionsBelow(name)])
                : SessionTable.Absent(name));
    }

    /// <summary>Gives the key of a service's standard streams to a reader that the session names.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<StdioKeyDescription>> ReadStdioKeyAsync(string session, string service, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<StdioKeyDescription>(transaction =>
        {
            var state = transaction.FindSession(session);
            if (state?.FindService(service) is not { EncryptsStdio: true } wanted || !state.Allows(wanted.StdioReaders, [caller]))
            {
                return CasReasons.NotFound.Because(
                    $"there is no service '{session}/{service}' whose encrypted streams your key may read");
            }
            if (PinCheck.Compare(transaction.Log, state.Document.Cas) is { } other)
            {
                return other;
            }
            transaction.Audit("stdio-key-read", $"{session}/{service}", caller);
            return new StdioKeyDescription(session, service, state.Stored.Keys[SessionState.StdioKey(service)]);
        });
    }

    private static Refusal? CheckNewName(VaultTransaction transaction, string name, HashSet<string> approvals)
    {
        if (transaction.FindSession(name) is not null)
        {
            return CasReasons.Conflict.Because($"a session '{name}' exists already; choose another name, or update it");
        }
        if (SessionDocument.NamespaceOf(name) is { } above
            && !(transaction.FindSession(above) is { } parent && parent.Allows(parent.Document.Access.Create, approvals)))
        {
            return CasReasons.Denied.Because(
                $"there is no session '{above}' whose 'create_sessions' admits you; create it first, or ask its owner");
        }
        return transaction.CountSessions() >= MaxSessions
            ? CasReasons.Busy.Because($"the CAS keeps at most {MaxSessions} sessions")
            : null;
    }

    // A stranger gets the same answer whether the session exists or not.
    private static Outcome<SessionState> FindForUpdate(
        VaultTransaction transaction, SessionDocument document, string caller, HashSet<string> approvals)
    {
        if (transaction.FindSession(document.Name) is not { } state)
        {
            return SessionTable.Absent(document.Name);
        }
        var access = state.Document.Access;
        if (!state.Allows(access.Update, approvals))
        {
            return !state.Allows(access.Read, [caller])
                ? SessionTable.Absent(document.Name)
                : CasReasons.Denied.Because($"'{document.Name}' is not updated: its 'update' rule is not satisfied") with
                {
                    Problems =
                    [
                        $"it demands {access.Update}",
                        $"you have {string.Join(", ", approvals.Order(StringComparer.Ordinal))}",
                        .. RuleCount.FindShared(access.Update, state.Stored.Creator).Select(
                            key => $"{key} counts once, however it is written{(key == state.Stored.Creator ? ": it is CREATOR" : "")}"),
                    ],
                };
        }
        return document.Predecessor == state.Document.Hash
            ? state
            : CasReasons.Conflict.Because(
                $"'predecessor' must be the current hash, {state.Document.Hash}; read the session, apply your change to it, and try again");
    }

    private static SessionDescription Describe(SessionDocument document) => new(document.Name, document.Hash, document.Text);

    /// <summary>Replaces a state that was read before.</summary>
    /// <returns>The next state when it was written; otherwise the latest one, in which a secret was renewed meanwhile.</returns>
    private Task<Outcome<SessionState>> ReplaceAsync(SessionState current, SessionState next, string caller, HashSet<string> approvals) =>
        vault.TryRunAsync<SessionState>(transaction =>
        {
            var latest = FindForUpdate(transaction, next.Document, caller, approvals);
            if (latest.Value?.Stored.Revision != current.Stored.Revision)
            {
                return latest;
            }
            if ((PinCheck.Compare(transaction.Log, next.Document.Cas)
                ?? Exports.Check(transaction, next.Document, next.Stored.Creator)) is { } refusal)
            {
                return refusal;
            }
            transaction.PutSession(next);
            transaction.Audit(
                "session-updated", next.Document.Name, caller,
                $"hash {next.Document.Hash}, approved by {string.Join(", ", approvals.Order(StringComparer.Ordinal))}");
            return next;
        });

    private SessionState MakeState(SessionDocument document, string creator, SessionState? previous)
    {
        var keys = new Dictionary<string, byte[]>();
        foreach (var purpose in SessionState.PurposesOf(document))
        {
            keys[purpose] = previous?.Stored.Keys.GetValueOrDefault(purpose) ?? RandomNumberGenerator.GetBytes(SessionState.KeySize);
        }
        var secrets = SecretMaker.Make(
            document, previous is null ? null : (previous.Document, previous.Stored.Secrets), time.GetUtcNow());
        var revision = (previous?.Stored.Revision ?? 0) + 1;
        return new SessionState(new StoredSession(creator, document.Text, secrets, keys, revision), document);
    }
}
