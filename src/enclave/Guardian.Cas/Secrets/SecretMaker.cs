using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Secrets;

/// <summary>The value of a secret as the store keeps it. Imported secrets and tokens have none.</summary>
/// <param name="Value">As <see cref="SecretValue.Bytes"/>.</param>
/// <param name="Key">PKCS#8 of a certificate's key, else null.</param>
/// <param name="Previous">The value before the last rotation; null without one.</param>
/// <param name="PreviousUntil">The end of the previous value's grace.</param>
/// <param name="Set">Who set the value; null when people did not.</param>
internal sealed record StoredSecret(
    byte[] Value, byte[]? Key, DateTimeOffset MadeAt, byte[]? Previous, DateTimeOffset? PreviousUntil, SetNote? Set = null);

/// <summary>Notes that a person set a value.</summary>
/// <param name="Version">How often the value was set, from 1.</param>
/// <param name="By">The hash of the person's key.</param>
internal sealed record SetNote(int Version, string By);

/// <summary>Makes the values of a session's secrets inside the CAS, and keeps those that still fit.</summary>
internal sealed class SecretMaker
{
    private const string AsciiAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private readonly Dictionary<string, SessionSecret> wanted;
    private readonly Dictionary<string, SessionSecret> before;
    private readonly IReadOnlyDictionary<string, StoredSecret> old;
    private readonly DateTimeOffset now;
    private readonly bool reissues;
    private readonly Dictionary<string, StoredSecret> made = [];

    private SecretMaker(
        SessionDocument document, SessionDocument? previous, IReadOnlyDictionary<string, StoredSecret> old, DateTimeOffset now)
    {
        wanted = document.Secrets.ToDictionary(secret => secret.Name);
        before = (previous ?? document).Secrets.ToDictionary(secret => secret.Name);
        reissues = previous is null || previous.Hash != document.Hash;
        this.old = old;
        this.now = now;
    }

    /// <summary>Makes the values of a document's secrets.</summary>
    /// <param name="previous">The previous document with its values; null for a new session.</param>
    public static IReadOnlyDictionary<string, StoredSecret> Make(
        SessionDocument document, (SessionDocument Document, IReadOnlyDictionary<string, StoredSecret> Values)? previous,
        DateTimeOffset now)
    {
        var maker = new SecretMaker(document, previous?.Document, previous?.Values ?? new Dictionary<string, StoredSecret>(), now);
        foreach (var secret in document.Secrets.Where(secret => secret.Import is null && secret.Kind != SecretKind.Jwt))
        {
            if (secret.Setters is null)
            {
                maker.GetOrMake(secret.Name);
            }
            else
            {
                maker.Keep(secret);
            }
        }
        return maker.made;
    }

    /// <summary>Whether a secret must be rotated or renewed by now.</summary>
    public static bool IsDue(SessionDocument document, IReadOnlyDictionary<string, StoredSecret> values, DateTimeOffset now) =>
        document.Secrets.Any(secret => values.TryGetValue(secret.Name, out var value) && IsDue(secret, value, now));

    private static bool IsDue(SessionSecret secret, StoredSecret value, DateTimeOffset now) => secret.Kind switch
    {
        SecretKind.X509 or SecretKind.X509Authority => now >= value.MadeAt + (secret.ValidFor * 2 / 3),
        _ => secret.Value is null && secret.RotateEvery is { } every && now >= value.MadeAt + every,
    };

    private StoredSecret GetOrMake(string name)
    {
        if (!made.TryGetValue(name, out var value))
        {
            made[name] = value = Make(wanted[name]);
        }
        return value;
    }

    // The value that people set stays, or the secret has none until they set it again.
    private void Keep(SessionSecret secret)
    {
        if (FindKept(secret) is { } kept)
        {
            made[secret.Name] = kept;
        }
    }

    private StoredSecret? FindKept(SessionSecret secret) =>
        before.TryGetValue(secret.Name, out var earlier) && (!reissues || secret.KeepsValueOf(earlier))
            ? old.GetValueOrDefault(secret.Name)
            : null;

    private StoredSecret Make(SessionSecret secret)
    {
        var kept = FindKept(secret);
        return secret.Kind switch
        {
            SecretKind.X509 or SecretKind.X509Authority => MakeCertificate(secret, kept),
            SecretKind.PublicKey => new StoredSecret(MakePublicKey(secret), null, now, null, null),
            _ => kept is not null && !IsDue(secret, kept, now) ? kept : MakeNew(secret),
        };
    }

    private StoredSecret MakeNew(SessionSecret secret)
    {
        var value = secret.Value is { } given ? given.ToArray() : secret.Kind switch
        {
            SecretKind.Ascii => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(AsciiAlphabet, secret.Size)),
            SecretKind.PrivateKey => KeyPair.Create(secret.KeyType),
            _ => RandomNumberGenerator.GetBytes(secret.Size),
        };
        // A pinned value does not live on as the previous value of another text of the session, nor does one that people set.
        var hasGrace = secret.Grace > TimeSpan.Zero && before.TryGetValue(secret.Name, out var earlier) && earlier.Kind == secret.Kind
            && !earlier.IsPinned && earlier.Setters is null;
        var last = hasGrace ? old.GetValueOrDefault(secret.Name) : null;
        return new StoredSecret(value, null, now, last?.Value, last is null ? null : now + secret.Grace);
    }

    private byte[] MakePublicKey(SessionSecret secret)
    {
        if (secret.Value is { } given)
        {
            return given.ToArray();
        }
        using var key = KeyPair.Open(GetOrMake(secret.PrivateKey!).Value);
        return key.PublicKeyInfo;
    }

    private StoredSecret MakeCertificate(SessionSecret secret, StoredSecret? kept)
    {
        var ownKey = secret.PrivateKey is { } name ? GetOrMake(name).Value : kept?.Key ?? KeyPair.Create(secret.KeyType);
        var issuer = secret.Issuer is { } above ? GetOrMake(above) : null;
        var isIssuerSame = issuer is null || (old.GetValueOrDefault(secret.Issuer!)?.Key).AsSpan().SequenceEqual(issuer.Key);
        if (kept is not null && !reissues && !IsDue(secret, kept, now) && isIssuerSame && ownKey.AsSpan().SequenceEqual(kept.Key))
        {
            return kept;
        }
        using var key = KeyPair.Open(ownKey);
        using var issuerKey = issuer is null ? null : KeyPair.Open(issuer.Key);
        var certificate = CertificateIssuer.Issue(secret, key, issuer is null ? null : (issuer.Value, issuerKey!), now);
        return new StoredSecret(certificate, ownKey, now, null, null);
    }
}
