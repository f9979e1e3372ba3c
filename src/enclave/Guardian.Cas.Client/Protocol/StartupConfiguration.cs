using System.Text.Json.Serialization;

namespace Guardian.Cas.Client.Protocol;

/// <summary>Everything that an admitted service needs to start (docs/spec/session.md, Startup configuration). Holds secrets.</summary>
public sealed record StartupConfiguration
{
    /// <summary>The session's name.</summary>
    public required string Session { get; init; }

    /// <summary>The service's name.</summary>
    public required string Service { get; init; }

    /// <summary>SHA-256 of the session's bytes, 64 lower-case hex digits.</summary>
    public required string SessionHash { get; init; }

    /// <summary>Whether nobody can ever replace the session, so that it has this hash for ever.</summary>
    public bool IsImmutable { get; init; }

    /// <summary>
    /// The environment variables whose only secrets are pinned secrets of the session itself, which it exports to nobody.
    /// </summary>
    public IReadOnlyList<string> PinnedVariables { get; init; } = [];

    /// <summary>The arguments, beginning with the program's own name. Secrets stand in place of placeholders.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The environment variables, and no others. Secrets stand in place of placeholders.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The working directory, absolute.</summary>
    public required string Pwd { get; init; }

    /// <summary>SHA-256, lower-case hex, of the only WASI module that may run; null when the measurement covers the program.</summary>
    public required string? Program { get; init; }

    /// <summary>Files that exist in memory only.</summary>
    public required IReadOnlyList<InjectedFile> Files { get; init; }

    /// <summary>Encrypted volumes.</summary>
    public required IReadOnlyList<VolumeConfiguration> Volumes { get; init; }

    /// <summary>The only ports and destinations of the program.</summary>
    public required NetworkConfiguration Network { get; init; }

    /// <summary>The certificate by which other services know this one; null when the runtime sent no key for it.</summary>
    public WorkloadConfiguration? Workload { get; init; }

    /// <summary>Protection of the standard streams.</summary>
    public required StdioConfiguration Stdio { get; init; }

    /// <summary>The program's limits.</summary>
    public required LimitsConfiguration Limits { get; init; }

    /// <summary>The arguments and variables that the untrusted host may add.</summary>
    public required HostConfiguration Host { get; init; }
}

/// <summary>A file in memory.</summary>
/// <param name="Path">Absolute path without <c>.</c>, <c>..</c> or empty parts.</param>
/// <param name="Content">The bytes; base64 on the wire.</param>
/// <param name="Mode">POSIX permission bits.</param>
public sealed record InjectedFile(string Path, byte[] Content, int Mode);

/// <summary>An encrypted volume.</summary>
/// <param name="Name">The volume's name, which is also the name of its tag.</param>
/// <param name="Path">The path at which the program finds it: absolute, without <c>.</c>, <c>..</c> or empty parts.</param>
/// <param name="Key">32 bytes; base64 on the wire.</param>
/// <param name="Tag">The freshness tag, 32 bytes; null when the volume was never written or keeps no tag.</param>
/// <param name="Update">When the tag moves.</param>
/// <param name="Regions">The protection of paths; the longest prefix decides, and a path without one is encrypted.</param>
public sealed record VolumeConfiguration(
    string Name, string Path, byte[] Key, byte[]? Tag, VolumeUpdate Update, IReadOnlyList<VolumeRegion> Regions);

/// <summary>Protection of everything under a path.</summary>
/// <param name="Path">A path inside the volume: absolute, without <c>.</c>, <c>..</c> or empty parts.</param>
/// <param name="Protection">The protection.</param>
public sealed record VolumeRegion(string Path, VolumeProtection Protection);

/// <summary>When the freshness tag of a volume moves.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VolumeUpdate>))]
public enum VolumeUpdate
{
    /// <summary>With every acknowledged change. An older state is never accepted.</summary>
    [JsonStringEnumMemberName("rollback_protected")]
    RollbackProtected,

    /// <summary>At intervals. A rollback can undo the writes since the last one.</summary>
    [JsonStringEnumMemberName("interval")]
    Interval,

    /// <summary>Never. The key is new at each start, so the volume begins empty.</summary>
    [JsonStringEnumMemberName("ephemeral")]
    Ephemeral,

    /// <summary>Never. The owner of the disk can bring back an older state.</summary>
    [JsonStringEnumMemberName("no_rollback_protection")]
    NoRollbackProtection,
}

/// <summary>Protection of a region of a volume against the host.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VolumeProtection>))]
public enum VolumeProtection
{
    /// <summary>The host sees ciphertext, and every change of it is detected.</summary>
    [JsonStringEnumMemberName("encrypted")]
    Encrypted,

    /// <summary>The host can read the content, and every change of it is detected.</summary>
    [JsonStringEnumMemberName("authenticated")]
    Authenticated,

    /// <summary>The host can read and change the content.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,
}

/// <summary>The only ports and destinations of the program.</summary>
/// <param name="Listen">The ports that the program may listen on.</param>
/// <param name="Connect">The destinations that the program may connect to.</param>
public sealed record NetworkConfiguration(IReadOnlyList<ListenConfiguration> Listen, IReadOnlyList<ConnectConfiguration> Connect);

/// <summary>A port that the program may listen on.</summary>
/// <param name="Port">1 to 65535.</param>
/// <param name="Protocol">The protection of connections.</param>
/// <param name="Certificate">The chain that the program shows, PEM, leaf first; for <see cref="NetworkProtocol.Tls"/> only.</param>
/// <param name="PrivateKey">The key of the leaf, PKCS#8 in PEM; for <see cref="NetworkProtocol.Tls"/> only.</param>
/// <param name="ClientAuthorities">The issuers of client certificates, PEM; null asks clients for no certificate.</param>
/// <param name="Peers">The services that may connect; for <see cref="NetworkProtocol.Attested"/> only.</param>
public sealed record ListenConfiguration(
    int Port, NetworkProtocol Protocol, string? Certificate, string? PrivateKey, string? ClientAuthorities,
    IReadOnlyList<PeerService>? Peers);

/// <summary>A destination that the program may connect to.</summary>
/// <param name="Host">A name or an address, as the program gives it; the server's certificate must be for it.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Protocol">The protection of connections.</param>
/// <param name="Authorities">
/// The issuers of the server's certificate, PEM; null takes the well-known ones. For <see cref="NetworkProtocol.Tls"/> only.
/// </param>
/// <param name="Certificate">The certificate chain that the program shows, PEM, leaf first; null shows none.</param>
/// <param name="PrivateKey">The key of the leaf, PKCS#8 in PEM; null without <paramref name="Certificate"/>.</param>
/// <param name="Peers">The services that may answer; for <see cref="NetworkProtocol.Attested"/> only.</param>
public sealed record ConnectConfiguration(
    string Host, int Port, NetworkProtocol Protocol, string? Authorities, string? Certificate, string? PrivateKey,
    IReadOnlyList<PeerService>? Peers);

/// <summary>Protection of a connection.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkProtocol>))]
public enum NetworkProtocol
{
    /// <summary>TLS with certificates from the session.</summary>
    [JsonStringEnumMemberName("tls")]
    Tls,

    /// <summary>None. The host can read and change the traffic.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,

    /// <summary>TLS between services that verify each other's workload certificates.</summary>
    [JsonStringEnumMemberName("attested")]
    Attested,
}

/// <summary>A workload certificate (docs/spec/evidence.md, Workload certificates).</summary>
/// <param name="Certificate">PEM. It is valid for 24 hours.</param>
/// <param name="Authority">The certificate of the CAS's workload authority, PEM, which issued it and those of all peers.</param>
public sealed record WorkloadConfiguration(string Certificate, string Authority);

/// <summary>Protection of the standard streams.</summary>
/// <param name="Key">The key that encrypts them, 32 bytes, base64 on the wire; null when they leave in the clear.</param>
public sealed record StdioConfiguration(byte[]? Key);

/// <summary>The program's limits; null is no limit.</summary>
/// <param name="CpuSeconds">Processor time in seconds.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
public sealed record LimitsConfiguration(int? CpuSeconds, int? MemoryMiB);

/// <summary>The arguments and variables that the untrusted host may add.</summary>
/// <param name="Arguments">How many arguments the host may append to the command, at most.</param>
/// <param name="Environment">Names of variables that the host may set; a variable of the session wins.</param>
public sealed record HostConfiguration(int Arguments, IReadOnlyList<string> Environment);
