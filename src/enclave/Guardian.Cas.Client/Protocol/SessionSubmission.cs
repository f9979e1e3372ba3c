using System.Text;

namespace Guardian.Cas.Client.Protocol;

/// <summary>
/// The order to create or update a session, which anybody may bring to the CAS. It names the CAS and the text. The text names its
/// predecessor, so a submission changes a CAS once.
/// </summary>
public static class SessionSubmission
{
    /// <summary>Hashes the order: SHA-256 of the lines <c>guardian submission</c>, identity and the hash of the text.</summary>
    /// <param name="identity">The identity of the CAS, 64 lower-case hex digits.</param>
    /// <param name="session">SHA-256 of the session's bytes, 64 lower-case hex digits.</param>
    /// <returns>64 lower-case hex digits, which are signed as <see cref="SignatureSubject.Submission"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="identity"/> or <paramref name="session"/> is null.</exception>
    public static string HashOf(string identity, string session)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(session);
        return KeyHash.Of(Encoding.UTF8.GetBytes($"guardian submission\n{identity}\n{session}\n"));
    }
}
