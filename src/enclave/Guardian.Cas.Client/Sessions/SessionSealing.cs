using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Replaces the values in the text of a session by sealed ones, so that the text can be public. Thread-safe.</summary>
public static class SessionSealing
{
    /// <summary>Seals each secret value of a session. Everything else in the text stays as it is, comments included.</summary>
    /// <param name="utf8">The session, YAML; at most 1 MiB.</param>
    /// <param name="cas">The key of the CAS that may open the values.</param>
    /// <param name="creator">
    /// The key that creates the session: its hash in 64 lower-case hex digits, the public key in base64, or a certificate in PEM.
    /// </param>
    /// <returns>
    /// The text with sealed values and the names of their secrets, or a refusal (<see cref="CasReasons.Invalid"/>): the session has
    /// mistakes or no value to seal, or a key is not one. Never throws for any content.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="cas"/> or <paramref name="creator"/> is null.</exception>
    public static Outcome<SealedSession> Seal(ReadOnlySpan<byte> utf8, SealingKey cas, string creator)
    {
        ArgumentNullException.ThrowIfNull(cas);
        ArgumentNullException.ThrowIfNull(creator);
        var (session, refusal) = SessionDocument.Read(utf8);
        if (session is null)
        {
            return refusal!;
        }
        if (KeyHash.TryRead(creator) is not { } owner)
        {
            return CasReasons.Invalid.Because("the creator is a key: its SHA-256 in hex, or its base64 as 'guardian key show' prints it");
        }
        var given = session.Secrets.Where(IsOpen).ToDictionary(secret => secret.Name);
        if (given.Count == 0)
        {
            return CasReasons.Invalid.Because("the session has no secret value to seal: none of its secrets has a 'value'");
        }
        if (YamlLayout.Read(Encoding.UTF8.GetString(utf8), new DocumentProblems()) is not { } layout)
        {
            return CasReasons.Invalid.Because("the session is not YAML");
        }
        try
        {
            var text = Replace(layout, given, secret => new SealedPlace(owner, session.Name, secret.Name, secret.Kind), cas);
            // The edit is checked by reading its result, so that no value is left behind.
            var (sealedSession, mistakes) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
            return sealedSession is null ? mistakes!
                : sealedSession.Secrets.Any(IsOpen) ? CasReasons.Invalid.Because("a value is written in a way that is not understood")
                : new SealedSession(text, [.. given.Keys]);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return CasReasons.Invalid.Because("the key of the CAS is not a P-256 key");
        }
    }

    private static bool IsOpen(SessionSecret secret) => secret.Value is not null && SecretValues.CanBeGiven(secret.Kind);

    private static string Replace(
        YamlLayout layout, Dictionary<string, SessionSecret> given, Func<SessionSecret, SealedPlace> placeOf, SealingKey cas)
    {
        var text = layout.Text;
        foreach (var entry in Enumerable.Reverse(layout.Top.Find("secrets")?.Items ?? []))
        {
            if (entry.Find("name")?.Value is not { } name || !given.TryGetValue(name, out var secret)
                || entry.Members?.FirstOrDefault(member => member.Key.Value == "value") is not { } value)
            {
                continue;
            }
            var end = value.Value.Style == YamlTextStyle.Block && text[value.Value.End - 1] == '\n' ? "\n" : "";
            text = text[..value.Key.Start] + "sealed" + text[value.Key.End..value.Value.Start]
                + SealedValue.Seal(value.Value.Value!, cas, placeOf(secret)) + end + text[value.Value.End..];
        }
        return text;
    }
}

/// <summary>The text of a session with sealed values.</summary>
/// <param name="Text">The session, YAML.</param>
/// <param name="Secrets">The names of the secrets whose values were sealed.</param>
public sealed record SealedSession(string Text, IReadOnlyList<string> Secrets);
