using System.Text;

namespace Guardian.Cas.Client.Protocol;

/// <summary>
/// The consent to delete a session. It names the CAS and the session. No name is used twice in a CAS, so a signature deletes once.
/// </summary>
public static class SessionDeletion
{
    /// <summary>Hashes the consent: SHA-256 of the lines <c>guardian deletion</c>, identity and name.</summary>
    /// <param name="identity">The identity of the CAS, 64 lower-case hex digits.</param>
    /// <param name="session">The session's name.</param>
    /// <returns>64 lower-case hex digits, which are signed as <see cref="SignatureSubject.Deletion"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="identity"/> or <paramref name="session"/> is null.</exception>
    public static string HashOf(string identity, string session)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(session);
        return KeyHash.Of(Encoding.UTF8.GetBytes($"guardian deletion\n{identity}\n{session}\n"));
    }
}

/// <summary>The progress of a deletion.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="IsDone">Whether it is deleted; otherwise more sessions are below it, and the call is repeated.</param>
public sealed record DeletionProgress(string Session, bool IsDone);

/// <summary>The texts that a session had.</summary>
/// <param name="Name">The session's name.</param>
/// <param name="Hash">The hash of its present text, 64 lower-case hex digits.</param>
/// <param name="Former">Its former texts, newest first; at most 16.</param>
public sealed record SessionHistoryDescription(string Name, string Hash, IReadOnlyList<FormerText> Former);

/// <summary>A former text of a session.</summary>
/// <param name="Hash">Its hash, 64 lower-case hex digits.</param>
/// <param name="Until">When it was replaced, RFC 3339, by the clock of the CAS's host.</param>
/// <param name="By">The hash of the key that replaced it.</param>
public sealed record FormerText(string Hash, string Until, string By);

/// <summary>The owners' rules for creators of sessions.</summary>
/// <param name="Hash">The hash of the rules, 64 lower-case hex digits; null when the owners made none.</param>
/// <param name="Text">The rules as they were sent, YAML; null when the owners made none.</param>
public sealed record CreationDescription(string? Hash, string? Text);
