using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client;
using Guardian.Cas.Secrets;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Documents;

namespace Guardian.Cas;

/// <summary>What the CAS does, whoever calls it and however. Every call may throw <see cref="CasException"/>. Thread-safe.</summary>
/// <param name="replicas">Which enclaves are this CAS as well, and may have the store's key; null is none.</param>
internal sealed partial class CasService(Vault vault, EvidenceVerifier verifier, TimeProvider time, AttestationPolicy? replicas = null)
{
    // Each keeps a document in memory and on disk.
    private const int MaxSessions = 100_000;

    private const string SessionKind = "session";

    /// <summary>Creates a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the document, for namespaces that demand them.</param>
    public async Task<SessionDescription> CreateAsync(ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null)
    {
        var document = Read(yaml.Span);
        if (document.Predecessor is not null)
        {
            throw new CasException(CasFailure.Invalid, "a session that is created has no 'predecessor'; remove the line, or update the session instead", []);
        }
        var creator = KeyHash(callerKey.Span);
        var approvals = Approvals(creator, document.Hash, SignatureSubject.Session, signatures);
        var stored = Make(document, creator, previous: null);
        return await vault.RunAsync(transaction =>
        {
            if (Find(transaction, document.Name) is not null)
            {
                throw new CasException(CasFailure.Conflict, $"a session '{document.Name}' is already there; choose another name, or update it", []);
            }
            CheckNamespace(transaction, document.Name, approvals);
            if (transaction.Names(SessionKind, "").Count >= MaxSessions)
            {
                throw new CasException(CasFailure.Busy, $"the CAS keeps {MaxSessions} sessions and no more", []);
            }
            Put(transaction, stored, document);
            transaction.Audit("session-created", document.Name, creator, $"hash {document.Hash}");
            return Describe(document);
        }).ConfigureAwait(false);
    }

    /// <summary>Replaces a session.</summary>
    public async Task<SessionDescription> UpdateAsync(string name, ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null)
    {
        var document = Read(yaml.Span);
        if (document.Name != name)
        {
            throw new CasException(CasFailure.Invalid, $"the document is named '{document.Name}', not '{name}'", []);
        }
        var caller = KeyHash(callerKey.Span);
        var approvals = Approvals(caller, document.Hash, SignatureSubject.Session, signatures);
        while (true)
        {
            var current = await vault.RunAsync(transaction => MayUpdate(Find(transaction, name), name, caller, approvals)).ConfigureAwait(false);
            CheckPredecessor(document, current);
            // Making keys takes long: nobody else waits for it.
            var stored = Make(document, current.Stored.Creator, current);
            var isDone = await vault.RunAsync(transaction =>
            {
                var latest = MayUpdate(Find(transaction, name), name, caller, approvals);
                CheckPredecessor(document, latest);
                if (latest.Stored.Revision != current.Stored.Revision)
                {
                    // A secret was renewed in the meantime; start from that.
                    return false;
                }
                Put(transaction, stored, document);
                transaction.Audit("session-updated", name, caller, $"hash {document.Hash}, approved by {string.Join(", ", approvals.Order(StringComparer.Ordinal))}");
                return true;
            }).ConfigureAwait(false);
            if (isDone)
            {
                return Describe(document);
            }
        }
    }

    /// <summary>Reads a session.</summary>
    public Task<SessionDescription> ReadAsync(string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash(callerKey.Span);
        return vault.RunAsync(transaction => Find(transaction, name) is { } state && IsAllowed(state.Document.Access.Read, state, [caller])
            ? Describe(state.Document)
            : throw Absent(name));
    }

    /// <summary>Names of the sessions right below a session.</summary>
    public Task<SessionList> ListAsync(string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash(callerKey.Span);
        return vault.RunAsync(transaction => Find(transaction, name) is { } state && IsAllowed(state.Document.Access.List, state, [caller])
            ? new SessionList([.. transaction.Names(SessionKind, name + "/").Where(below => SessionDocument.NamespaceOf(below) == name)])
            : throw Absent(name));
    }

    private static void CheckNamespace(VaultTransaction transaction, string name, HashSet<string> approvals)
    {
        if (SessionDocument.NamespaceOf(name) is { } above
            && !(Find(transaction, above) is { } parent && IsAllowed(parent.Document.Access.Create, parent, approvals)))
        {
            throw new CasException(CasFailure.Denied, $"there is no session '{above}' whose 'create_sessions' admits you; create it first, or ask its owner", []);
        }
    }

    private static void CheckPredecessor(SessionDocument document, SessionState current)
    {
        if (document.Predecessor != current.Document.Hash)
        {
            throw new CasException(
                CasFailure.Conflict, $"'predecessor' must be the current hash, {current.Document.Hash}; read the session, apply your change to it, and try again", []);
        }
    }

    // A stranger gets the same answer whether the session exists or not.
    private static SessionState MayUpdate(SessionState? state, string name, string caller, HashSet<string> approvals)
    {
        if (state is not null && IsAllowed(state.Document.Access.Update, state, approvals))
        {
            return state;
        }
        throw state is not null && IsAllowed(state.Document.Access.Read, state, [caller])
            ? new CasException(
                CasFailure.Denied, $"'{name}' is not updated: its 'update' rule is not satisfied",
                [$"it demands {state.Document.Access.Update}", $"you have {string.Join(", ", approvals.Order(StringComparer.Ordinal))}"])
            : Absent(name);
    }

    private static bool IsAllowed(AccessRule rule, SessionState state, HashSet<string> keys) => rule.IsSatisfiedBy(keys, state.Stored.Creator);

    private static CasException Absent(string name) => new(CasFailure.NotFound, $"there is no session '{name}' that your key may see", []);

    private static SessionState? Find(VaultTransaction transaction, string name) => transaction.Find(SessionKind, name, SessionState.Read);

    private static void Put(VaultTransaction transaction, StoredSession stored, SessionDocument document)
    {
        var state = new SessionState(stored, document);
        transaction.Put(SessionKind, document.Name, state.Write(), state);
    }

    private StoredSession Make(SessionDocument document, string creator, SessionState? previous)
    {
        var keys = new Dictionary<string, byte[]>();
        foreach (var purpose in SessionState.KeysOf(document))
        {
            keys[purpose] = previous?.Stored.Keys.GetValueOrDefault(purpose) ?? RandomNumberGenerator.GetBytes(SessionState.KeySize);
        }
        var secrets = SecretMaker.Make(document, previous is null ? null : (previous.Document, previous.Stored.Secrets), time.GetUtcNow());
        return new StoredSession(creator, document.Text, secrets, keys, (previous?.Stored.Revision ?? 0) + 1);
    }

    private static HashSet<string> Approvals(string caller, string hash, SignatureSubject subject, IReadOnlyList<SessionSignature>? signatures)
    {
        var approvals = new HashSet<string> { caller };
        foreach (var signature in signatures ?? [])
        {
            if (!signature.IsOf(hash, subject))
            {
                throw new CasException(CasFailure.Invalid, "a signature is not of this document, or not by the key it names", [$"key {signature.Key}, document {hash}"]);
            }
            approvals.Add(SessionFields.KeyHash(signature.Key)!);
        }
        return approvals;
    }

    private static SessionDocument Read(ReadOnlySpan<byte> yaml)
    {
        var problems = new DocumentProblems();
        return SessionDocument.Read(yaml, problems)
            ?? throw new CasException(CasFailure.Invalid, "the session has mistakes", [.. problems.Items.Select(problem => problem.ToString())]);
    }

    private static SessionDescription Describe(SessionDocument document) => new(document.Name, document.Hash, document.Text);

    private static string KeyHash(ReadOnlySpan<byte> subjectPublicKeyInfo) => Hash(subjectPublicKeyInfo);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
