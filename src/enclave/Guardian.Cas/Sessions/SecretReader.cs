using System.Net;
using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Secrets;
using Guardian.Documents;

namespace Guardian.Cas.Sessions;

/// <summary>Reads the secrets of a session.</summary>
internal static class SecretReader
{
    private const int MaxSecretSize = 4096;
    private const int MaxNames = 64;

    // Issuers above issuers: a chain that clients still send and verify.
    private const int MaxChain = 4;

    private static readonly TimeSpan LeastLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostLife = TimeSpan.FromDays(3650);

    private static readonly Dictionary<string, SecretKind> Kinds = new()
    {
        ["binary"] = SecretKind.Binary,
        ["ascii"] = SecretKind.Ascii,
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

    public static SessionSecret Read(YamlMap map)
    {
        var name = SessionFields.Name(map);
        if (!map.Has("kind"))
        {
            map.ReportMissing("kind");
        }
        var kind = map.Word("kind", Kinds, SecretKind.Binary);
        var secret = new SessionSecret(name, kind) { Exports = ReadExports(map), Import = ReadImport(map, "secret") };
        if (secret.Import is null)
        {
            secret = kind switch
            {
                SecretKind.Binary or SecretKind.Ascii => ReadRandom(map, secret),
                SecretKind.PrivateKey or SecretKind.PublicKey => ReadKey(map, secret),
                SecretKind.Jwt => ReadToken(map, secret),
                _ => ReadCertificate(map, secret),
            };
        }
        map.End();
        return secret;
    }

    /// <summary>Checks what secrets say of each other.</summary>
    public static void CheckReferences(IReadOnlyList<(YamlMap Map, SessionSecret Secret)> secrets)
    {
        SessionSecret? Find(string? name) => secrets.Select(each => each.Secret).FirstOrDefault(secret => secret.Name == name);
        foreach (var (map, secret) in secrets)
        {
            if (secret.PrivateKey is { } key && Find(key) is not { Kind: SecretKind.PrivateKey, Import: null })
            {
                map.ReportAt("private_key", $"'{key}' is no private-key secret of this session");
            }
            if (secret.Issuer is { } issuer && Find(issuer) is not { Kind: SecretKind.X509Authority, Import: null })
            {
                map.ReportAt("issuer", $"'{issuer}' is no x509-ca secret of this session");
            }
            var above = secret;
            for (var depth = 0; Find(above.Issuer) is { } next; depth++)
            {
                above = next;
                if (depth == MaxChain)
                {
                    map.ReportAt("issuer", $"there are more than {MaxChain} issuers above '{secret.Name}', or they go in a circle");
                    break;
                }
            }
        }
    }

    public static IReadOnlyList<SessionExport> ReadExports(YamlMap map)
    {
        var exports = map.Maps("export").Select(export =>
        {
            var read = new SessionExport(SessionFields.SessionName(export, "session"), SessionFields.Hash(export, "session_hash", "the importing session's hash"));
            export.End();
            return read;
        }).ToList();
        return map.Flag("export_public", absent: false) ? [.. exports, new SessionExport(null, null)] : exports;
    }

    public static SessionImport? ReadImport(YamlMap map, string what)
    {
        if (map.Map("import") is not { } import)
        {
            return null;
        }
        var read = new SessionImport(SessionFields.SessionName(import, "session"), SessionFields.Name(import, what));
        import.End();
        return read;
    }

    private static SessionSecret ReadRandom(YamlMap map, SessionSecret secret)
    {
        var size = map.OptionalInteger("size", 1, MaxSecretSize);
        var value = map.OptionalText("value");
        if (map.Has("value") == map.Has("size"))
        {
            map.Report("give a secret either a 'size', to have it made, or a 'value'");
        }
        byte[]? bytes = null;
        if (value is not null && !TryReadValue(secret.Kind, value, out bytes))
        {
            map.ReportAt("value", secret.Kind == SecretKind.Binary ? $"a binary value is base64 of at most {MaxSecretSize} bytes" : $"an ascii value has printable ASCII characters, at most {MaxSecretSize}");
        }
        secret = ReadRotation(map, secret);
        // Not `bytes` itself: an absent array would convert to a present, empty value.
        return bytes is null ? secret with { Size = (int)(size ?? 1) } : secret with { Size = bytes.Length, Value = bytes };
    }

    private static SessionSecret ReadKey(YamlMap map, SessionSecret secret)
    {
        if (secret.Kind == SecretKind.PublicKey)
        {
            secret = secret with { PrivateKey = map.OptionalText("private_key") };
            if (map.Has("private_key") == map.Has("value"))
            {
                map.Report("give a public key either the 'private_key' that it belongs to, or a 'value' in PEM");
            }
        }
        else
        {
            secret = ReadRotation(map, secret) with { KeyType = map.Word("key_type", KeyTypes, KeyType.P256) };
        }
        if (map.OptionalText("value") is not { } pem)
        {
            return secret;
        }
        var isPrivate = secret.Kind == SecretKind.PrivateKey;
        if (isPrivate ? KeyPair.TryReadPrivate(pem) is not { } value : KeyPair.TryReadPublic(pem) is not { } key)
        {
            map.ReportAt("value", isPrivate ? "a private key is PKCS#8 in PEM, of P-256, P-384, Ed25519 or RSA" : "a public key is SubjectPublicKeyInfo in PEM");
            return secret;
        }
        return secret with { Value = isPrivate ? KeyPair.TryReadPrivate(pem) : KeyPair.TryReadPublic(pem) };
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
                    given.ReportAt(claim, $"'{claim}' is written by the CAS");
                }
            }
        }
        return secret with
        {
            PrivateKey = map.Text("private_key"),
            Claims = claims,
            ValidFor = SessionFields.Duration(map, "valid_for", LeastLife, MostLife) ?? TimeSpan.FromHours(1),
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
            map.ReportAt("san", $"at most {MaxNames} names are written into a certificate");
        }
        var commonName = map.OptionalText("common_name") ?? secret.Name;
        if (commonName.Length is 0 or > 64)
        {
            map.ReportAt("common_name", "a common name has 1 to 64 characters (RFC 5280)");
        }
        if (map.Has("private_key") && map.Has("key_type"))
        {
            map.ReportAt("key_type", "the key's own secret says its type");
        }
        var endpoint = secret.Kind == SecretKind.X509
            ? map.Word("endpoint", new Dictionary<string, (bool, bool)> { ["server"] = (true, false), ["client"] = (false, true), ["both"] = (true, true) }, (false, false))
            : default;
        return secret with
        {
            PrivateKey = map.OptionalText("private_key"),
            KeyType = map.Word("key_type", KeyTypes, KeyType.P256),
            Issuer = map.OptionalText("issuer"),
            CommonName = commonName,
            AlternativeNames = [.. names.Select(name => name.Value)],
            Endpoint = endpoint,
            ValidFor = SessionFields.Duration(map, "valid_for", LeastLife, MostLife) ?? TimeSpan.FromDays(secret.Kind == SecretKind.X509 ? 90 : 3650),
            Version = (int)(map.OptionalInteger("version", 0, int.MaxValue) ?? 0),
        };
    }

    private static SessionSecret ReadRotation(YamlMap map, SessionSecret secret)
    {
        secret = secret with { Version = (int)(map.OptionalInteger("version", 0, int.MaxValue) ?? 0) };
        if (map.Map("rotation") is not { } rotation)
        {
            return secret;
        }
        if (map.Has("value"))
        {
            rotation.Report("what is given cannot be made anew; change the 'value'");
        }
        secret = secret with
        {
            RotateEvery = SessionFields.Duration(rotation, "every", LeastLife, MostLife),
            Grace = SessionFields.Duration(rotation, "grace", TimeSpan.Zero, MostLife) ?? TimeSpan.Zero,
        };
        rotation.End();
        return secret;
    }

    private static bool IsAlternativeName(string name) =>
        name.StartsWith("dns:", StringComparison.Ordinal) ? name.Length is > 4 and < 258 && name[4..].All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '*' or '_')
        : name.StartsWith("ip:", StringComparison.Ordinal) && IPAddress.TryParse(name[3..], out _);

    private static bool TryReadValue(SecretKind kind, string value, out byte[]? bytes)
    {
        if (kind == SecretKind.Ascii)
        {
            bytes = Encoding.ASCII.GetBytes(value);
            return value.All(character => character is >= ' ' and <= '~') && bytes.Length is > 0 and <= MaxSecretSize;
        }
        bytes = new byte[MaxSecretSize];
        var read = Convert.TryFromBase64String(value, bytes, out var size) && size > 0;
        bytes = bytes[..size];
        return read;
    }
}
