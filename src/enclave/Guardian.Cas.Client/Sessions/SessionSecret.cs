namespace Guardian.Cas.Client.Sessions;

/// <summary>A secret as a session describes it. The kind decides which members count.</summary>
internal sealed record SessionSecret(string Name, SecretKind Kind)
{
    /// <summary>Binary and ascii: how many bytes or characters the CAS makes.</summary>
    public int Size { get; init; }

    /// <summary>The bytes of a given value, for keys PKCS#8 or SubjectPublicKeyInfo; null when the CAS makes the value.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>The value as it is sealed to a CAS; null when it is not.</summary>
    public SealedValue? Sealed { get; init; }

    /// <summary>Private keys and certificates: the type of the key that the CAS makes.</summary>
    public KeyType KeyType { get; init; }

    /// <summary>
    /// Public keys, certificates and tokens: the private-key secret that they belong to; null gives a certificate a key of its own.
    /// </summary>
    public string? PrivateKey { get; init; }

    /// <summary>Certificates: the x509-ca secret that issues it; null means that it issues itself.</summary>
    public string? Issuer { get; init; }

    /// <summary>Certificates: the subject's common name.</summary>
    public string CommonName { get; init; } = "";

    /// <summary>Certificates: <c>dns:NAME</c> and <c>ip:ADDRESS</c>.</summary>
    public IReadOnlyList<string> AlternativeNames { get; init; } = [];

    /// <summary>Certificates: whether for servers, for clients, or (both false) for anything.</summary>
    public (bool Server, bool Client) Endpoint { get; init; }

    /// <summary>Certificates and tokens: how long one is valid. The CAS renews a certificate after two thirds of it.</summary>
    public TimeSpan ValidFor { get; init; }

    /// <summary>Tokens: the claims besides the times.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();

    /// <summary>The version; another one makes the CAS draw a new value.</summary>
    public int Version { get; init; }

    /// <summary>The age at which the CAS draws a new value; null is never.</summary>
    public TimeSpan? RotateEvery { get; init; }

    /// <summary>How long the previous value stays available as <c>NAME.previous</c>.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Whether the value belongs to one text of the session: a changed session has another value.</summary>
    public bool IsPinned { get; init; }

    /// <summary>The people who may set the value; null when the CAS draws it or the session gives it.</summary>
    public AccessRule? Setters { get; init; }

    /// <summary>The people who may read the value.</summary>
    public AccessRule Readers { get; init; } = AccessRule.Nobody;

    /// <summary>Whether people can know the value by their own right.</summary>
    public bool IsForPeople => Setters is not null || Readers != AccessRule.Nobody;

    /// <summary>The sessions that may import it.</summary>
    public IReadOnlyList<SessionExport> Exports { get; init; } = [];

    /// <summary>The secret of another session that this one stands for; null for an own secret.</summary>
    public SessionImport? Import { get; init; }

    /// <summary>Private keys and certificates: whether the key that the CAS makes, or that is given, is an RSA key.</summary>
    public bool HasRsaKey => Import is null && (Value is { } given
        ? Kind == SecretKind.PrivateKey && PemKey.IsRsa(given.Span)
        : PrivateKey is null && KeyType is KeyType.Rsa2048 or KeyType.Rsa3072);

    /// <summary>As <see cref="HasRsaKey"/>, for keys with which everything takes milliseconds: RSA and P-384.</summary>
    public bool HasSlowKey => HasRsaKey || (Import is null && (Value is { } given
        ? Kind == SecretKind.PrivateKey && PemKey.IsSlow(given.Span)
        : PrivateKey is null && KeyType == KeyType.P384));

    /// <summary>Whether the value that was made for the description in another text of the session still fits this one.</summary>
    public bool KeepsValueOf(SessionSecret other) =>
        !IsPinned && !other.IsPinned && Value is null && other.Value is null && Import is null && other.Import is null
        && Sealed is null && other.Sealed is null && Setters is null == other.Setters is null
        && (Name, Kind, Size, KeyType, PrivateKey, Version)
            == (other.Name, other.Kind, other.Size, other.KeyType, other.PrivateKey, other.Version);
}

/// <summary>The kind of a secret.</summary>
internal enum SecretKind
{
    /// <summary>Bytes; a placeholder chooses their format.</summary>
    Binary,

    /// <summary>Printable text; a placeholder inserts it unchanged.</summary>
    Ascii,

    /// <summary>UTF-8 text of any number of lines, always given; a placeholder inserts it unchanged.</summary>
    Text,

    /// <summary>A private key.</summary>
    PrivateKey,

    /// <summary>A public key: the other half of a private key, or given.</summary>
    PublicKey,

    /// <summary>A certificate with its key.</summary>
    X509,

    /// <summary>A certificate that issues others.</summary>
    X509Authority,

    /// <summary>A signed token, new with each start.</summary>
    Jwt,
}

/// <summary>The type of a private key.</summary>
internal enum KeyType
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
