namespace Guardian.Cas.Client.Protocol;

/// <summary>The secrets of a session, without their values.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Hash">The hash of the session's present text, 64 lower-case hex digits.</param>
/// <param name="Secrets">The secrets that the caller may know of, in the order of the session.</param>
public sealed record SecretList(string Session, string Hash, IReadOnlyList<SecretDescription> Secrets);

/// <summary>A secret, without its value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind, as the session names it.</param>
/// <param name="Source">
/// The origin of the value: <c>people</c>, <c>cas</c>, <c>session</c>, or <c>import</c>.
/// </param>
/// <param name="HasValue">Whether there is a value. Only a secret that people set can be without one.</param>
/// <param name="Version">How often people have set the value; 0 when they have not.</param>
/// <param name="At">The time at which the value was set or made; null without one.</param>
/// <param name="By">The hash of the key that set the value; null when people did not.</param>
/// <param name="MaySet">Whether the caller may set it.</param>
/// <param name="MayRead">Whether the caller may read it.</param>
public sealed record SecretDescription(
    string Name, string Kind, string Source, bool HasValue, int Version, DateTimeOffset? At, string? By, bool MaySet, bool MayRead);

/// <summary>Sets the value of a secret.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Name">The secret's name.</param>
/// <param name="SessionHash">The text of the session for which the caller sets the value, 64 lower-case hex digits.</param>
/// <param name="Value">The bytes of a binary value, else UTF-8 text; base64 on the wire.</param>
internal sealed record SecretChange(string Session, string Name, string SessionHash, byte[] Value);

/// <summary>The value of a secret.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Name">The secret's name.</param>
/// <param name="Version">As <see cref="SecretDescription.Version"/>.</param>
/// <param name="Value">The bytes of a binary value, else UTF-8 text; base64 on the wire.</param>
internal sealed record SecretReading(string Session, string Name, int Version, byte[] Value);
