using System.Text.Json.Serialization;

namespace Guardian.Cas.Client;

/// <summary>What an admitted service gets: everything it needs to start (docs/spec/session.md, Startup configuration). Holds secrets.</summary>
public sealed record StartupConfiguration
{
    /// <summary>The session's name.</summary>
    public required string Session { get; init; }

    /// <summary>The service's name.</summary>
    public required string Service { get; init; }

    /// <summary>SHA-256 of the session's bytes, lower-case hex.</summary>
    public required string SessionHash { get; init; }

    /// <summary>The arguments, the program's own name first, placeholders replaced by secrets.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The variables, placeholders replaced by secrets. The program gets these and no others.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The working directory, absolute.</summary>
    public required string Pwd { get; init; }

    /// <summary>SHA-256 of the WASI module that may run, lower-case hex; null when the enclave's measurement says it all.</summary>
    public required string? Program { get; init; }

    /// <summary>Files that the program finds, in memory alone.</summary>
    public required IReadOnlyList<InjectedFile> Files { get; init; }

    /// <summary>Encrypted volumes.</summary>
    public required IReadOnlyList<VolumeConfiguration> Volumes { get; init; }

    /// <summary>What the program may listen on and connect to; nothing else.</summary>
    public required NetworkConfiguration Network { get; init; }

    /// <summary>How the standard streams leave.</summary>
    public required StdioConfiguration Stdio { get; init; }

    /// <summary>What the program may use up.</summary>
    public required LimitsConfiguration Limits { get; init; }

    /// <summary>What the untrusted host may add.</summary>
    public required HostConfiguration Host { get; init; }
}

/// <summary>A file in memory.</summary>
/// <param name="Path">Absolute, normal.</param>
/// <param name="Content">The bytes; base64 on the wire.</param>
/// <param name="Mode">POSIX permission bits.</param>
public sealed record InjectedFile(string Path, byte[] Content, int Mode);

/// <summary>An encrypted volume.</summary>
/// <param name="Name">The volume's name, which is its tag's name too.</param>
/// <param name="Path">Where the program finds it: absolute, normal.</param>
/// <param name="Key">32 bytes; base64 on the wire.</param>
/// <param name="Tag">32 bytes, or null when it was never written or keeps no tag.</param>
/// <param name="Regions">How parts of it are protected, by longest path prefix; encrypted where none fits.</param>
public sealed record VolumeConfiguration(string Name, string Path, byte[] Key, byte[]? Tag, VolumeUpdate Update, IReadOnlyList<VolumeRegion> Regions);

/// <summary>Protection of everything under a path.</summary>
/// <param name="Path">Inside the volume: absolute, normal.</param>
public sealed record VolumeRegion(string Path, VolumeProtection Protection);

/// <summary>When a volume's tag is moved.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VolumeUpdate>))]
public enum VolumeUpdate
{
    /// <summary>With every change that is acknowledged: nothing older is ever accepted.</summary>
    [JsonStringEnumMemberName("rollback_protected")]
    RollbackProtected,

    /// <summary>Now and then: what was written since may be lost to a rollback.</summary>
    [JsonStringEnumMemberName("interval")]
    Interval,

    /// <summary>Never: the key is new at each start, so the volume begins empty.</summary>
    [JsonStringEnumMemberName("ephemeral")]
    Ephemeral,

    /// <summary>Never: whoever keeps the disk may bring back an older state.</summary>
    [JsonStringEnumMemberName("no_rollback_protection")]
    NoRollbackProtection,
}

/// <summary>What the host learns of a region, and can do to it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VolumeProtection>))]
public enum VolumeProtection
{
    /// <summary>It sees ciphertext, and every change of it is noticed.</summary>
    [JsonStringEnumMemberName("encrypted")]
    Encrypted,

    /// <summary>It reads it, and every change of it is noticed.</summary>
    [JsonStringEnumMemberName("authenticated")]
    Authenticated,

    /// <summary>It reads and changes it.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,
}

/// <summary>What the program may listen on and connect to; nothing else.</summary>
public sealed record NetworkConfiguration(IReadOnlyList<ListenConfiguration> Listen, IReadOnlyList<ConnectConfiguration> Connect);

/// <summary>A port that the program may listen on.</summary>
/// <param name="Certificate">PEM, the chain from the leaf; for <see cref="NetworkProtocol.Tls"/>.</param>
/// <param name="PrivateKey">PEM, PKCS#8, of the leaf.</param>
/// <param name="ClientAuthorities">PEM: clients must show a certificate that one of these issued; null asks for none.</param>
/// <param name="Peer">For <see cref="NetworkProtocol.Attested"/>: who may connect.</param>
public sealed record ListenConfiguration(int Port, NetworkProtocol Protocol, string? Certificate, string? PrivateKey, string? ClientAuthorities, PeerPolicy? Peer);

/// <summary>A destination that the program may connect to.</summary>
/// <param name="Host">A name or an address, as the program gives it; it is also what the server's certificate must be for.</param>
/// <param name="Authorities">PEM: who may have issued the server's certificate; null means the well-known ones. For <see cref="NetworkProtocol.Tls"/>.</param>
/// <param name="Certificate">PEM chain that the program shows, or null.</param>
/// <param name="PrivateKey">PEM, PKCS#8, of its leaf.</param>
/// <param name="Peer">For <see cref="NetworkProtocol.Attested"/>: who must answer.</param>
public sealed record ConnectConfiguration(
    string Host, int Port, NetworkProtocol Protocol, string? Authorities, string? Certificate, string? PrivateKey, PeerPolicy? Peer);

/// <summary>How a connection is protected.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkProtocol>))]
public enum NetworkProtocol
{
    /// <summary>TLS with certificates from the session.</summary>
    [JsonStringEnumMemberName("tls")]
    Tls,

    /// <summary>Nothing: the host reads and changes it.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,

    /// <summary>TLS between enclaves that verify each other's quotes (RA-TLS).</summary>
    [JsonStringEnumMemberName("attested")]
    Attested,
}

/// <summary>How the standard streams leave.</summary>
/// <param name="Key">32 bytes by which they are encrypted, base64 on the wire; null when they leave in the clear.</param>
public sealed record StdioConfiguration(byte[]? Key);

/// <summary>What the program may use up; null is no limit.</summary>
public sealed record LimitsConfiguration(int? CpuSeconds, int? MemoryMiB);

/// <summary>What the untrusted host may add.</summary>
/// <param name="Arguments">How many arguments of the host are appended to the command, at most.</param>
/// <param name="Environment">Names of variables that are taken from the host where it has them; those of the session win.</param>
public sealed record HostConfiguration(int Arguments, IReadOnlyList<string> Environment);
