using System.Net;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads the secrets of a session.</summary>
internal static class SecretReader
{
    private const int MaxDrawnSize = 4096;
    private const int MaxNames = 64;

    // The issuers above a certificate. TLS clients send and verify chains of this length.
    private const int MaxChain = 4;

    private static readonly TimeSpan MinimumLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaximumLife = TimeSpan.FromDays(3650);

    private static readonly Dictionary<string, SecretKind> Kinds = new()
    {
        ["binary"] = SecretKind.Binary,
        ["ascii"] = SecretKind.Ascii,
        ["text"] = SecretKind.Text,
        ["private-key"] = SecretKind.PrivateKey,
        ["public-key"] = SecretKind.PublicKey,
        ["x509"] = SecretKind.X509,
        ["x509-ca"] = SecretKind.X509Authority,
        ["jwt"] = SecretKind.Jwt,
    };

    private static readonly Dictionary<string, KeyType> KeyTypes = new()
    {
        ["P-256"] = KeyType.P256,
        ["P-384"] = KeyType.P384,
        ["Ed25519"] = KeyType.Ed25519,
        ["RSA-2048"] = KeyType.Rsa2048,
        ["RSA-3072"] = KeyType.Rsa3072,
    };

    private static readonly Dictionary<string, (bool Server, bool Client)> Endpoints = new()
    {
        ["server"] = (true, false),
        ["client"] = (false, true),
        ["both"] = (true, true),
    };

    /// <summary>The word by which sessions name a kind.</summary>
    public static string NameOf(SecretKind kind) => Kinds.First(each => each.Value == kind).Key;

    /// <summary>Reads a secret.</summary>
    /// <param name="map">The secret.</param>
    /// <param name="slow">Bounds the given keys whose check takes long.</param>
    public static SessionSecret Read(YamlMap map, SlowKeys slow)
    {
        var name = SessionFields.ReadName(map);
        if (!map.Has("kind"))
        {
            map.ReportMissing("kind");
        }
        var kind = map.Word("kind", Kinds, SecretKind.Binary);
        var secret = new SessionSecret(name, kind) { Exports = ReadExports(map, kind), Import = ReadImport(map, "secret") };
        if (secret.Import is null)
        {
            secret = map.Has("set") ? SecretRoles.ReadSettable(map, secret)
                : map.Has("sealed") ? SecretRoles.ReadSealed(map, secret)
                : kind switch
            {
                SecretKind.Binary or SecretKind.Ascii => ReadRandom(map, secret),
                SecretKind.Text => ReadText(map, secret),
                SecretKind.PrivateKey => ReadPrivateKey(map, secret, slow),
                SecretKind.PublicKey => ReadPublicKey(map, secret),
                SecretKind.Jwt => ReadToken(map, secret),
                _ => ReadCertificate(map, secret),
            };
            secret = SecretRoles.ReadReaders(map, secret);
        }
        SconeForms.CheckSecret(map);
        map.End();
        return secret;
    }

    /// <summary>Checks the references between secrets.</summary>
    public static void CheckReferences(IReadOnlyList<(YamlMap Map, SessionSecret Secret)> secrets)
    {
        SessionSecret? Find(string? name) => secrets.Select(each => each.Secret).FirstOrDefault(secret => secret.Name == name);
        foreach (var (map, secret) in secrets)
        {
            if (secret.PrivateKey is { } key && Find(key) is not { Kind: SecretKind.PrivateKey, Import: null, Setters: null })
            {
                map.ReportAt("private_key", $"'{key}' is not a private-key secret of this session that has its value from the start");
            }
            if (secret.Issuer is { } issuer && Find(issuer) is not { Kind: SecretKind.X509Authority, Import: null })
            {
                map.ReportAt("issuer", $"'{issuer}' is not an x509-ca secret of this session");
            }
            if (HasLongChain(secret, Find))
            {
                map.ReportAt("issuer", $"there are more than {MaxChain} issuers above '{secret.Name}', or they form a cycle");
            }
        }
    }

    /// <summary>Reads the exports of a secret, or of a volume.</summary>
    /// <param name="map">The secret or volume.</param>
    /// <param name="kind">The kind of the secret; null for a volume.</param>
    public static IReadOnlyList<SessionExport> ReadExports(YamlMap map, SecretKind? kind = null)
    {
        var exports = map.Maps("export").Select(export => ReadExport(export, kind)).ToList();
        if (!map.Flag("export_public", absent: false))
        {
            return exports;
        }
        if (kind == SecretKind.PrivateKey)
        {
            map.ReportAt("export_public", "a private key is never public; name the sessions that may import it");
        }
        return [.. exports, new SessionExport(null, null)];
    }

    private static SessionExport ReadExport(YamlMap export, SecretKind? kind)
    {
        var read = new SessionExport(
            SessionFields.ReadSessionName(export, "session"),
            SessionFields.ReadHash(export, "session_hash", "the importing session's hash"),
            SessionFields.ReadKey(export, "creator"),
            export.Flag("private_key", absent: false));
        if (read.WithPrivateKey && (read.Hash is null || kind is not (SecretKind.X509 or SecretKind.X509Authority)))
        {
            export.ReportAt("private_key", "only a certificate has one, and it goes only to a session that 'session_hash' names");
        }
        if (read is { Hash: not null, Creator: not null })
        {
            export.ReportAt("creator", "give 'session_hash' or 'creator', not both");
        }
        SconeForms.CheckExport(export);
        export.End();
        return read;
    }

    public static SessionImport? ReadImport(YamlMap map, string what)
    {
        if (map.Map("import") is not { } import)
        {
            return null;
        }
        var read = new SessionImport(SessionFields.ReadSessionName(import, "session"), SessionFields.ReadName(import, what));
        import.End();
        return read;
    }

    private static bool HasLongChain(SessionSecret secret, Func<string?, SessionSecret?> find)
    {
        var depth = 0;
        for (var above = find(secret.Issuer); above is not null && depth <= MaxChain; above = find(above.Issuer))
        {
            depth++;
        }
        return depth > MaxChain;
    }

    private static SessionSecret ReadRandom(YamlMap map, SessionSecret secret)
    {
        if (map.Has("value") == map.Has("size"))
        {
            map.Report("give a secret either a 'size', and the CAS draws it, or a 'value'");
        }
        secret = ReadPin(map, ReadRotation(map, secret)) with { Size = (int)(map.OptionalInteger("size", 1, MaxDrawnSize) ?? 1) };
        return map.Has("value") ? ReadValue(map, secret) : secret;
    }

    private static SessionSecret ReadText(YamlMap map, SessionSecret secret)
    {
        if (!map.Has("value"))
        {
            map.Report("a text has a 'value', or people 'set' it: the CAS cannot draw one");
        }
        return ReadValue(map, secret);
    }

    private static SessionSecret ReadValue(YamlMap map, SessionSecret secret)
    {
        if (map.OptionalText("value") is not { } text)
        {
            return secret;
        }
        if (SecretValues.TryRead(secret.Kind, text) is not { } value)
        {
            var form = secret.Kind == SecretKind.Binary ? "base64 of " : "";
            map.ReportAt("value", $"the value must be {form}{SecretValues.Describe(secret.Kind)}");
            return secret;
        }
        return secret with { Size = value.Length, Value = value };
    }

    private static SessionSecret ReadPrivateKey(YamlMap map, SessionSecret secret, SlowKeys slow) =>
        ReadPin(map, ReadRotation(map, secret)) with
    {
        KeyType = map.Word("key_type", KeyTypes, KeyType.P256),
        Value = ReadPem(
        map, pem => PemKey.TryReadPrivate(pem, slow.MayCheckOneMore), "a private key is PKCS#8 in PEM, of P-256, P-384, Ed25519 or RSA"),
    };

    private static SessionSecret ReadPublicKey(YamlMap map, SessionSecret secret)
    {
        if (map.Has("private_key") == map.Has("value"))
        {
            map.Report("give a public key either the 'private_key' that it belongs to, or a 'value' in PEM");
        }
        return secret with
        {
            PrivateKey = map.OptionalText("private_key"),
            Value = ReadPem(map, PemKey.TryReadPublic, "a public key is SubjectPublicKeyInfo in PEM"),
        };
    }

    // Null when the key is absent, and when it is not a key, which is reported.
    private static ReadOnlyMemory<byte>? ReadPem(YamlMap map, Func<string, byte[]?> read, string expected)
    {
        if (map.OptionalText("value") is not { } pem)
        {
            return null;
        }
        if (read(pem) is { } key)
        {
            return key;
        }
        map.ReportAt("value", expected);
        return null;
    }

    private static SessionSecret ReadToken(YamlMap map, SessionSecret secret)
    {
        var claims = new Dictionary<string, string>();
        if (map.Map("claims") is { } given)
        {
            foreach (var claim in given.Names)
            {
                claims[claim] = given.OptionalText(claim) ?? "";
                if (claim is "iat" or "exp" or "nbf")
                {
                    given.ReportAt(claim, $"'{claim}' is set by the CAS");
                }
            }
        }
        return secret with
        {
            PrivateKey = map.Text("private_key"),
            Claims = claims,
            ValidFor = SessionFields.ReadDuration(map, "valid_for", MinimumLife, MaximumLife) ?? TimeSpan.FromHours(1),
        };
    }

    private static SessionSecret ReadCertificate(YamlMap map, SessionSecret secret)
    {
        var names = map.Texts("san");
        foreach (var name in names)
        {
            if (!IsAlternativeName(name.Value))
            {
                name.Report("a name is dns:NAME or ip:ADDRESS");
            }
        }
        if (names.Count > MaxNames)
        {
            map.ReportAt("san", $"a certificate has at most {MaxNames} names");
        }
        var commonName = map.OptionalText("common_name") ?? secret.Name;
        if (commonName.Length is 0 or > 64)
        {
            map.ReportAt("common_name", "a common name has 1 to 64 characters (RFC 5280)");
        }
        if (map.Has("private_key") && map.Has("key_type"))
        {
            map.ReportAt("key_type", "the secret of the key decides its type");
        }
        var life = SessionFields.ReadDuration(map, "valid_for", MinimumLife, MaximumLife);
        return secret with
        {
            PrivateKey = map.OptionalText("private_key"),
            KeyType = map.Word("key_type", KeyTypes, KeyType.P256),
            Issuer = map.OptionalText("issuer"),
            CommonName = commonName,
            AlternativeNames = [.. names.Select(name => name.Value)],
            Endpoint = secret.Kind == SecretKind.X509 ? map.Word("endpoint", Endpoints, (false, false)) : default,
            ValidFor = life ?? TimeSpan.FromDays(secret.Kind == SecretKind.X509 ? 90 : 3650),
            Version = ReadVersion(map),
        };
    }

    internal static SessionSecret ReadRotation(YamlMap map, SessionSecret secret)
    {
        secret = secret with { Version = ReadVersion(map) };
        if (map.Map("rotation") is not { } rotation)
        {
            return secret;
        }
        if (map.Has("value"))
        {
            rotation.Report("the CAS cannot rotate a given value; change the 'value'");
        }
        secret = secret with
        {
            RotateEvery = SessionFields.ReadDuration(rotation, "every", MinimumLife, MaximumLife),
            Grace = SessionFields.ReadDuration(rotation, "grace", TimeSpan.Zero, MaximumLife) ?? TimeSpan.Zero,
        };
        rotation.End();
        return secret;
    }

    internal static SessionSecret ReadPin(YamlMap map, SessionSecret secret)
    {
        var isPinned = map.Flag("pinned", absent: false);
        if (isPinned && (map.Has("value") || map.Has("rotation")))
        {
            map.ReportAt("pinned", "a pinned secret is drawn once for one text of the session; it has no 'value' and no 'rotation'");
        }
        return secret with { IsPinned = isPinned };
    }

    private static int ReadVersion(YamlMap map) => (int)(map.OptionalInteger("version", 0, int.MaxValue) ?? 0);

    private static bool IsAlternativeName(string name) =>
        name.StartsWith("dns:", StringComparison.Ordinal)
            ? name.Length is > 4 and < 258
                && name[4..].All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '*' or '_')
            : name.StartsWith("ip:", StringComparison.Ordinal) && IPAddress.TryParse(name[3..], out _);
}
