namespace Guardian.Cas.Sessions;

/// <summary>A secret as a session describes it. Which members count depends on the kind.</summary>
public sealed record SessionSecret(string Name, SecretKind Kind)
{
    /// <summary>Binary and ascii: bytes or characters that are made.</summary>
    public int Size { get; init; }

    /// <summary>The value's bytes when it was given, else null: for keys, PKCS#8 or SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>Private keys and certificates: what kind of key is made.</summary>
    public KeyType KeyType { get; init; }

    /// <summary>The private-key secret that a public key, certificate or token belongs to; null means a certificate has a key of its own.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>Certificates: the x509-ca secret that issues it; null means it issues itself.</summary>
    public string? Issuer { get; init; }

    /// <summary>Certificates: the subject's common name.</summary>
    public string CommonName { get; init; } = "";

    /// <summary>Certificates: <c>dns:NAME</c> and <c>ip:ADDRESS</c>.</summary>
    public IReadOnlyList<string> AlternativeNames { get; init; } = [];

    /// <summary>Certificates: whether for servers, for clients, or (both false) for anything.</summary>
    public (bool Server, bool Client) Endpoint { get; init; }

    /// <summary>Certificates and tokens: how long one is valid. A certificate is renewed after two thirds of it.</summary>
    public TimeSpan ValidFor { get; init; }

    /// <summary>Tokens: claims besides the times.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();

    /// <summary>Raise it to have the secret made anew.</summary>
    public int Version { get; init; }

    /// <summary>How old a made value may become before it is made anew; null is any age.</summary>
    public TimeSpan? RotateEvery { get; init; }

    /// <summary>How long the value before stays available as <c>NAME.previous</c>.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Which sessions may import it.</summary>
    public IReadOnlyList<SessionExport> Exports { get; init; } = [];

    /// <summary>Whose secret it is, when it is another session's.</summary>
    public SessionImport? Import { get; init; }

    /// <summary>Whether a value made for another description may stand for this one.</summary>
    public bool KeepsValueOf(SessionSecret other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Value is null && other.Value is null && Import is null && other.Import is null
            && (Name, Kind, Size, KeyType, PrivateKey, Version) == (other.Name, other.Kind, other.Size, other.KeyType, other.PrivateKey, other.Version);
    }
}

/// <summary>What a secret is made of.</summary>
public enum SecretKind
{
    /// <summary>Bytes; a placeholder says how they are written.</summary>
    Binary,

    /// <summary>Letters, digits, hyphen and underscore; stands as it is.</summary>
    Ascii,

    /// <summary>A private key.</summary>
    PrivateKey,

    /// <summary>A public key: a private one's other half, or given.</summary>
    PublicKey,

    /// <summary>A certificate with its key.</summary>
    X509,

    /// <summary>A certificate that issues others.</summary>
    X509Authority,

    /// <summary>A signed token, new with each start.</summary>
    Jwt,
}

/// <summary>Kinds of keys.</summary>
public enum KeyType
{
    /// <summary>ECDSA on NIST P-256.</summary>
    P256,

    /// <summary>ECDSA on NIST P-384.</summary>
    P384,

    /// <summary>Ed25519, RFC 8032.</summary>
    Ed25519,

    /// <summary>RSA of 2048 bits.</summary>
    Rsa2048,

    /// <summary>RSA of 3072 bits.</summary>
    Rsa3072,
}
