using Guardian.Cas.Callers;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>A text that somebody wants to be a session, and the people behind it.</summary>
/// <param name="Document">The text.</param>
/// <param name="Author">The person who creates or updates it.</param>
/// <param name="Approvals">The hashes of all keys that approve the text, the author's included.</param>
internal sealed record ProposedSession(SessionDocument Document, Author Author, HashSet<string> Approvals);

/// <summary>Reads the texts of sessions and the signatures of people over them. Thread-safe.</summary>
internal sealed class SessionIntake(Vault vault, SessionMaker maker)
{
    /// <summary>Reads a text and all signatures. The submission comes first, because the work that follows is somebody's.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo. The caller pays for the reading.</param>
    /// <param name="signatures">Signatures of others over the text.</param>
    /// <param name="submission">The author's <see cref="SessionSubmission"/>; null when the caller is the author.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<Outcome<ProposedSession>> ReadAsync(
        ReadOnlyMemory<byte> yaml, ReadOnlyMemory<byte> callerKey, IReadOnlyList<SessionSignature>? signatures,
        SessionSignature? submission, CallSource source)
    {
        var (caller, hash) = (KeyHash.Of(callerKey.Span), KeyHash.Of(yaml.Span));
        var (author, stranger) = Author.Find(caller, hash, vault.LogId, submission);
        if (author is null)
        {
            return stranger!;
        }
        var (document, mistakes) = await maker.ReadAsync(yaml, caller, source).ConfigureAwait(false);
        if (document is null)
        {
            return mistakes!;
        }
        var (approvals, forged) = Approvals.Verify(author.Key, hash, SignatureSubject.Session, signatures);
        return approvals is null ? forged! : new ProposedSession(document, author, approvals);
    }

    /// <summary>
    /// Finds out whether a submission has been done. A courier that did not get the answer, or was restarted, brings it again, and learns
    /// that its text is the session's. Nothing changes, and the answer has nothing but the text that the courier has.
    /// </summary>
    /// <returns>The session, if its present text is this one and its author may know; otherwise null.</returns>
    public async Task<SessionDocument?> FindDoneAsync(ProposedSession proposed)
    {
        if (!proposed.Author.IsAway)
        {
            return null;
        }
        var (done, _) = await vault.TryRunAsync<SessionDocument>(transaction =>
            transaction.FindSession(proposed.Document.Name) is { } state && state.Document.Hash == proposed.Document.Hash
                && (state.Stored.Creator == proposed.Author.Key || state.Allows(state.Document.Access.Update, proposed.Approvals))
                ? state.Document
                : SessionTable.Absent(proposed.Document.Name)).ConfigureAwait(false);
        return done;
    }
}
