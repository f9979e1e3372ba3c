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

/// <summary>The text of a session before a change, with the values of its secrets.</summary>
internal sealed record PreviousSecrets(SessionDocument Document, IReadOnlyDictionary<string, StoredSecret> Values);

/// <summary>
/// Makes the values of a session's secrets inside the CAS, and keeps those that still fit. Keys are drawn before, because that takes long.
/// </summary>
internal sealed class SecretMaker
{
    private const string AsciiAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private readonly Dictionary<string, SessionSecret> wanted;
    private readonly Dictionary<string, SessionSecret> before;
    private readonly IReadOnlyDictionary<string, StoredSecret> old;
    private readonly DateTimeOffset now;
    private readonly DateTimeOffset madeAt;
    private readonly bool reissues;
    private readonly IReadOnlyDictionary<string, byte[]> drawn;
    private readonly Dictionary<string, StoredSecret> made = [];

    // OpenSSL checks the primes of an RSA key when it is opened, so each is opened once.
    private readonly Dictionary<byte[], KeyPair> opened = new(ReferenceEqualityComparer.Instance);

    private SecretMaker(
        SessionDocument document, PreviousSecrets? previous, IReadOnlyDictionary<string, byte[]> drawn, DateTimeOffset now,
        DateTimeOffset madeAt)
    {
        wanted = document.Secrets.ToDictionary(secret => secret.Name);
        before = (previous?.Document ?? document).Secrets.ToDictionary(secret => secret.Name);
        reissues = previous is null || previous.Document.Hash != document.Hash;
        old = previous?.Values ?? new Dictionary<string, StoredSecret>();
        this.drawn = drawn;
        this.now = now;
        this.madeAt = madeAt;
    }

    /// <summary>Finds the keys that a document's secrets need, and the work of its certificates.</summary>
    /// <param name="previous">The previous document with its values; null for a new session.</param>
    public static KeyWork Plan(SessionDocument document, PreviousSecrets? previous, DateTimeOffset now)
    {
        var maker = new SecretMaker(document, previous, new Dictionary<string, byte[]>(), now, now);
        var keys = document.Secrets.Where(maker.NeedsKey).Select(secret => KeyValuePair.Create(secret.Name, secret.KeyType)).ToList();
        // Some of them may be kept; that only makes them cheaper.
        var certificates = maker.reissues || IsDue(document, maker.old, now)
            ? document.Secrets.Where(secret => secret is { Import: null, Kind: SecretKind.X509 or SecretKind.X509Authority }).ToList()
            : [];
        var slow = certificates.Count(certificate => maker.IsSignedSlowly(certificate));
        return new KeyWork(
            keys, (slow * KeyWork.SlowSignature) + ((certificates.Count - slow) * KeyWork.FastSignature), HasSlowSignatures: slow > 0);
    }

    /// <summary>Makes the values of a document's secrets.</summary>
    /// <param name="previous">The previous document with its values; null for a new session.</param>
    /// <param name="drawn">The keys of the <see cref="Plan"/>, PKCS#8.</param>
    /// <param name="now">The time of the plan.</param>
    /// <param name="madeAt">The time at which the keys were there. They may have waited longer than a secret lives.</param>
    public static IReadOnlyDictionary<string, StoredSecret> Make(
        SessionDocument document, PreviousSecrets? previous, IReadOnlyDictionary<string, byte[]> drawn, DateTimeOffset now,
        DateTimeOffset madeAt)
    {
        var maker = new SecretMaker(document, previous, drawn, now, madeAt);
        try
        {
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
        finally
        {
            foreach (var key in maker.opened.Values)
            {
                key.Dispose();
            }
        }
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

    private bool NeedsKey(SessionSecret secret)
    {
        if (secret.Import is not null || secret.Setters is not null)
        {
            return false;
        }
        var kept = FindKept(secret);
        return secret.Kind switch
        {
            SecretKind.PrivateKey => secret.Value is null && (kept is null || IsDue(secret, kept, now)),
            SecretKind.X509 or SecretKind.X509Authority => secret.PrivateKey is null && kept?.Key is null,
            _ => false,
        };
    }

    // The key of the certificate is opened as well.
    private bool IsSignedSlowly(SessionSecret certificate) => HasSlowKey(certificate)
        || (certificate.Issuer is { } issuer && HasSlowKey(wanted[issuer]));

    private bool HasSlowKey(SessionSecret certificate) => (certificate.PrivateKey is { } key ? wanted[key] : certificate).HasSlowKey;

    private StoredSecret Make(SessionSecret secret)
    {
        var kept = FindKept(secret);
        return secret.Kind switch
        {
            SecretKind.X509 or SecretKind.X509Authority => MakeCertificate(secret, kept),
            SecretKind.PublicKey => new StoredSecret(MakePublicKey(secret), null, madeAt, null, null),
            _ => kept is not null && !IsDue(secret, kept, now) ? kept : MakeNew(secret),
        };
    }

    private StoredSecret MakeNew(SessionSecret secret)
    {
        var value = secret.Value is { } given ? given.ToArray() : secret.Kind switch
        {
            SecretKind.Ascii => Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(AsciiAlphabet, secret.Size)),
            SecretKind.PrivateKey => drawn[secret.Name],
            _ => RandomNumberGenerator.GetBytes(secret.Size),
        };
        // A pinned value does not live on as the previous value of another text of the session, nor does one that people set.
        var hasGrace = secret.Grace > TimeSpan.Zero && before.TryGetValue(secret.Name, out var earlier) && earlier.Kind == secret.Kind
            && !earlier.IsPinned && earlier.Setters is null;
        var last = hasGrace ? old.GetValueOrDefault(secret.Name) : null;
        return new StoredSecret(value, null, madeAt, last?.Value, last is null ? null : madeAt + secret.Grace);
    }

    private byte[] MakePublicKey(SessionSecret secret)
    {
        if (secret.Value is { } given)
        {
            return given.ToArray();
        }
        return Open(GetOrMake(secret.PrivateKey!).Value).PublicKeyInfo;
    }

    private StoredSecret MakeCertificate(SessionSecret secret, StoredSecret? kept)
    {
        var ownKey = secret.PrivateKey is { } name ? GetOrMake(name).Value : kept?.Key ?? drawn[secret.Name];
        var issuer = secret.Issuer is { } above ? GetOrMake(above) : null;
        var isIssuerSame = issuer is null || (old.GetValueOrDefault(secret.Issuer!)?.Key).AsSpan().SequenceEqual(issuer.Key);
        if (kept is not null && !reissues && !IsDue(secret, kept, now) && isIssuerSame && ownKey.AsSpan().SequenceEqual(kept.Key))
        {
            return kept;
        }
        var certificate = CertificateIssuer.Issue(secret, Open(ownKey), issuer is null ? null : (issuer.Value, Open(issuer.Key!)), madeAt);
        return new StoredSecret(certificate, ownKey, madeAt, null, null);
    }

    private KeyPair Open(byte[] pkcs8)
    {
        if (!opened.TryGetValue(pkcs8, out var key))
        {
            opened[pkcs8] = key = KeyPair.Open(pkcs8);
        }
        return key;
    }
}
