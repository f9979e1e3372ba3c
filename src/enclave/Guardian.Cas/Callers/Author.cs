using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Callers;

/// <summary>The person whose session a call creates or updates.</summary>
/// <param name="Key">The hash of the person's key.</param>
/// <param name="Courier">The hash of the key that brought the person's submission; null when the person calls.</param>
internal sealed record Author(string Key, string? Courier)
{
    /// <summary>Whether the author signed the session and did not call.</summary>
    public bool IsAway => Courier is not null;

    /// <summary>The end of an audit line; empty when the author calls.</summary>
    public string Note => IsAway ? $", brought by {Courier}" : "";

    /// <summary>Finds the author of a session. A submission's courier has no part in it: its key approves nothing.</summary>
    /// <param name="caller">The hash of the caller's key.</param>
    /// <param name="session">The hash of the session's bytes.</param>
    /// <param name="identity">The identity of this CAS.</param>
    /// <param name="submission">The author's signature; null when the caller is the author.</param>
    public static Outcome<Author> Find(string caller, string session, string identity, SessionSignature? submission)
    {
        if (submission is null)
        {
            return new Author(caller, null);
        }
        return submission.IsOf(SessionSubmission.HashOf(identity, session), SignatureSubject.Submission)
            ? new Author(KeyHash.TryRead(submission.Key)!, caller)
            : CasReasons.Invalid.Because("the submission is not of this session for this CAS, or not by the key it names") with
            {
                Problems = [$"key {submission.Key}, session {session}, CAS {identity}"],
            };
    }

    /// <summary>Checks that a session may be this author's.</summary>
    /// <param name="named">The only creator that the text accepts; null for any.</param>
    /// <param name="creator">The hash of the key that creates the session, or created it.</param>
    /// <returns>The refusal; null when it may.</returns>
    /// <remarks>
    /// A courier can leave a submission out and create the session as its own. The text itself must therefore name the creator, or the
    /// author would not notice.
    /// </remarks>
    public Refusal? CheckCreator(string? named, string creator) => named is null && IsAway
        ? CasReasons.Invalid.Because(
            "a session that somebody else brings names its creator, so that nobody can create it as their own") with
        {
            Problems = [$"add the line: creator: {creator}"],
        }
        : named is not null && named != creator
        ? CasReasons.Denied.Because($"the text accepts the creator {named} alone, not {creator}")
        : null;
}
