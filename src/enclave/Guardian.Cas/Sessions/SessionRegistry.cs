using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Creates, replaces, reads and lists sessions for people, who are known by their keys. Thread-safe.</summary>
internal sealed class SessionRegistry(Vault vault, SessionMaker maker, TimeProvider time)
{
    private readonly SessionIntake intake = new(vault, maker);

    // Each name costs some hundred bytes of memory.
    private const int MaxNames = 1_000_000;

    // Keeps an answer far below the largest one that clients read.
    private const int MaxListed = 1_000;

    /// <summary>Creates a session.</summary>
    /// <remarks>
    /// 1 read the text and the signatures. 2 check everything that can refuse it, before keys are drawn. 3 draw keys, within the creator's
    /// budget. 4 check again, because others went on meanwhile, and write.
    /// </remarks>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the document, for namespaces that demand them.</param>
    /// <param name="submission">The creator's <see cref="SessionSubmission"/>; null when the caller is the creator.</param>
    /// <exception cref="OperationCanceledException">The caller has gone before step 4.</exception>
    public async Task<Outcome<SessionDescription>> CreateAsync(
        ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null,
        CallSource source = default, SessionSignature? submission = null)
    {
        var (proposed, mistakes) = await intake.ReadAsync(yaml, callerKey, signatures, submission, source).ConfigureAwait(false);
        if (proposed is null)
        {
            return mistakes!;
        }
        var (document, author, approvals) = proposed;
        var creator = author.Key;
        if (document.Predecessor is not null)
        {
            return CasReasons.Invalid.Because(
                "a session that is created has no 'predecessor'; remove the line, or update the session instead");
        }
        if (author.CheckCreator(document.Creator, creator) is { } another)
        {
            return another;
        }
        if (await intake.FindDoneAsync(proposed).ConfigureAwait(false) is { } done)
        {
            return Describe(done);
        }
        // Step 2. A session without keys costs nothing, so step 4 alone checks it.
        var usage = CreatorTable.UsageOf(document, history: 0);
        Refusal? Check(VaultTransaction transaction) => CheckNewName(transaction, document.Name, approvals)
            ?? PinCheck.Compare(transaction.Log, document.Cas) ?? Exports.Check(transaction, document, creator)
            ?? transaction.CheckQuota(creator, before: null, usage, isNew: true);
        if (!maker.IsFree(document))
        {
            var early = await vault.TryRunAsync<SessionDocument>(
                transaction => Check(transaction) is { } refused ? refused : document).ConfigureAwait(false);
            if (early.Refusal is not null)
            {
                return early.Refusal;
            }
        }
        // Step 3
        var (opened, unopened) = await SealedValues.OpenAsync(vault, document, creator).ConfigureAwait(false);
        if (opened is null)
        {
            return unopened!;
        }
        var (state, refusal) = await maker.MakeAsync(opened, creator, previous: null, source).ConfigureAwait(false);
        if (state is null)
        {
            return refusal!;
        }
        // Step 4
        source.Cancellation.ThrowIfCancellationRequested();
        return await vault.TryRunAsync<SessionDescription>(transaction =>
        {
            if (Check(transaction) is { } refused)
            {
                return refused;
            }
            transaction.TakeQuota(creator, before: null, usage, isNew: true);
            transaction.PutSession(state with { Stored = state.Stored with { Usage = usage } });
            transaction.Audit("session-created", document.Name, creator, $"hash {document.Hash}{author.Note}");
            return Describe(document);
        }).ConfigureAwait(false);
    }

    /// <summary>Replaces a session.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    /// <param name="signatures">Signatures of others over the document, for sessions that demand them.</param>
    /// <param name="submission">The <see cref="SessionSubmission"/> of the person who updates; null when it is the caller.</param>
    /// <exception cref="OperationCanceledException">The caller has gone, and nothing has changed.</exception>
    public async Task<Outcome<SessionDescription>> UpdateAsync(
        string name, ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures = null,
        CallSource source = default, SessionSignature? submission = null)
    {
        var (proposed, mistakes) = await intake.ReadAsync(yaml, callerKey, signatures, submission, source).ConfigureAwait(false);
        if (proposed is null)
        {
            return mistakes!;
        }
        var (document, author, approvals) = proposed;
        if (document.Name != name)
        {
            return CasReasons.Invalid.Because($"the document is named '{document.Name}', not '{name}'");
        }
        if (await intake.FindDoneAsync(proposed).ConfigureAwait(false) is { } done)
        {
            return Describe(done);
        }
        // Everything that can refuse the update is checked before keys are drawn, and again when it is written.
        Outcome<SessionState> Find(VaultTransaction transaction)
        {
            var found = FindForUpdate(transaction, proposed);
            return found.Value is { } state && (author.CheckCreator(document.Creator, state.Stored.Creator)
                ?? PinCheck.Compare(transaction.Log, document.Cas)
                ?? Exports.Check(transaction, document, state.Stored.Creator)
                ?? transaction.CheckQuota(
                    state.Stored.Creator, state.Stored.Usage, CreatorTable.UsageOf(document, state.Stored.Usage?.History ?? 0),
                    isNew: false))
                is { } refused ? refused : found;
        }
        var (current, refusal) = await vault.TryRunAsync(Find).ConfigureAwait(false);
        while (current is not null)
        {
            var (opened, unopened) = await SealedValues.OpenAsync(vault, document, current.Stored.Creator).ConfigureAwait(false);
            if (opened is null)
            {
                return unopened!;
            }
            (var next, refusal) = await maker.MakeAsync(opened, current.Stored.Creator, current, source).ConfigureAwait(false);
            if (next is null)
            {
                return refusal!;
            }
            source.Cancellation.ThrowIfCancellationRequested();
            (current, refusal) = await ReplaceAsync(current, next, proposed, Find).ConfigureAwait(false);
            if (current?.Document.Hash == document.Hash)
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

    /// <summary>Lists names of the sessions directly below a session, or at the top for the owners of the CAS.</summary>
    /// <param name="name">The session above; empty for the top.</param>
    /// <param name="after">The name after which the list begins; empty for the first.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SessionList>> ListAsync(string name, string after, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SessionList>(transaction =>
            OwnerTable.HashesOf(transaction.Owners!).Contains(caller)
            || (transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.List, [caller]))
                ? new SessionList([.. transaction.ListSessionsBelow(name, after, MaxListed)])
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
        // First, so that only those who may create a session here learn which names are taken.
        if (SessionDocument.NamespaceOf(name) is { } above)
        {
            if (!(transaction.FindSession(above) is { } parent && parent.Allows(parent.Document.Access.Create, approvals)))
            {
                return CasReasons.Denied.Because(
                    $"there is no session '{above}' whose 'create_sessions' admits you; create it first, or ask its owner");
            }
        }
        else if (transaction.FindCreationRules() is { } rules && !rules.Admits(approvals))
        {
            return CasReasons.Denied.Because(
                "the owners of this CAS decide who creates sessions without a session above, and their rule does not admit you") with
            {
                Remedy = "ask them, or create a session below one that admits you: its name is ABOVE/NAME",
            };
        }
        return transaction.FindSession(name) is not null
            ? CasReasons.Conflict.Because($"a session '{name}' exists already; choose another name, or update it")
            : transaction.FindDeleted(name) is not null
            ? CasReasons.Conflict.Because($"a session '{name}' was deleted, and no name is used twice; choose another name")
            : transaction.CountNames() >= MaxNames
            ? CasReasons.Busy.Because($"the CAS keeps at most {MaxNames} names of sessions")
            : null;
    }

    // A stranger gets the same answer whether the session exists or not.
    private static Outcome<SessionState> FindForUpdate(VaultTransaction transaction, ProposedSession proposed)
    {
        var (document, author, approvals) = proposed;
        if (transaction.FindSession(document.Name) is not { } state)
        {
            return SessionTable.Absent(document.Name);
        }
        var access = state.Document.Access;
        if (!state.Allows(access.Update, approvals))
        {
            return !state.Allows(access.Read, [author.Key])
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
        if (document.Predecessor != state.Document.Hash)
        {
            return CasReasons.Conflict.Because(
                $"'predecessor' must be the current hash, {state.Document.Hash}; read the session, apply your change to it, and try again");
        }
        return SetValues.CheckUpdate(state, document, approvals) is { } refusal ? refusal : state;
    }

    private static SessionDescription Describe(SessionDocument document) => new(document.Name, document.Hash, document.Text);

    /// <summary>Replaces a state that was read before.</summary>
    /// <param name="find">Finds the state that may be replaced now.</param>
    /// <returns>The next state when it was written; otherwise the latest one, in which a secret was renewed meanwhile.</returns>
    private Task<Outcome<SessionState>> ReplaceAsync(
        SessionState current, SessionState next, ProposedSession proposed, Func<VaultTransaction, Outcome<SessionState>> find) =>
        vault.TryRunAsync<SessionState>(transaction =>
        {
            var latest = find(transaction);
            if (latest.Value?.Stored.Revision != current.Stored.Revision)
            {
                return latest;
            }
            var usage = CreatorTable.UsageOf(next.Document, transaction.PutText(current, time.GetUtcNow(), proposed.Author.Key));
            if (transaction.TakeQuota(current.Stored.Creator, current.Stored.Usage, usage, isNew: false) is { } full)
            {
                return full;
            }
            next = next with { Stored = next.Stored with { Usage = usage } };
            transaction.PutSession(next);
            transaction.Audit(
                "session-updated", next.Document.Name, proposed.Author.Key,
                $"hash {next.Document.Hash}, approved by {string.Join(", ", proposed.Approvals.Order(StringComparer.Ordinal))}"
                + proposed.Author.Note);
            return next;
        });
}
