using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Client.Sessions;

/// <summary>A service of a session: its admission rules, and what an admitted enclave gets.</summary>
internal sealed record SessionService
{
    /// <summary>The largest number of replicas; each has keys and tags of its own.</summary>
    public const int MaxReplicas = 1000;

    /// <summary>The service's name.</summary>
    public required string Name { get; init; }

    /// <summary>The enclaves that are admitted.</summary>
    public required AttestationPolicy Policy { get; init; }

    /// <summary>Whether each enclave is admitted once, and only the one admitted last may move tags.</summary>
    public required bool IsSingleton { get; init; }

    /// <summary>How often enclaves are admitted at most, over all texts of the session; null is no limit.</summary>
    public required int? MaxActivations { get; init; }

    /// <summary>The people who issue a token for each start; null when a start needs none.</summary>
    public required AccessRule? StartTokenIssuers { get; init; }

    /// <summary>The arguments, with placeholders.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The environment variables, with placeholders.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The working directory.</summary>
    public required string Pwd { get; init; }

    /// <summary>SHA-256 of the WASI modules that may run; empty when the measurement covers the program.</summary>
    public required IReadOnlyList<string> Programs { get; init; }

    /// <summary>How many replicas of the service have volumes of their own; null when the service has no replicas.</summary>
    public required int? Replicas { get; init; }

    /// <summary>Files in memory, with placeholders in their content.</summary>
    public required IReadOnlyList<SessionFile> Files { get; init; }

    /// <summary>The mounted volumes.</summary>
    public required IReadOnlyList<VolumeMount> Volumes { get; init; }

    /// <summary>Freshness tags besides those of the volumes.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The ports that it may listen on.</summary>
    public required IReadOnlyList<SessionListen> Listen { get; init; }

    /// <summary>The destinations that it may connect to.</summary>
    public required IReadOnlyList<SessionConnect> Connect { get; init; }

    /// <summary>Whether its standard streams leave encrypted.</summary>
    public required bool EncryptsStdio { get; init; }

    /// <summary>The people who may read the key of its standard streams.</summary>
    public required AccessRule StdioReaders { get; init; }

    /// <summary>Its limits.</summary>
    public required LimitsConfiguration Limits { get; init; }

    /// <summary>The arguments and variables that the host may add.</summary>
    public required HostConfiguration Host { get; init; }

    /// <summary>The secret that it gets by Gramine's secret provisioning, or null.</summary>
    public required string? ProvisionedSecret { get; init; }
}

/// <summary>Files and volumes that several services have in common.</summary>
internal sealed record SessionImage(string Name, IReadOnlyList<VolumeMount> Volumes, IReadOnlyList<SessionFile> Files)
{
    public static SessionImage None { get; } = new("", [], []);
}

/// <summary>A file in memory.</summary>
/// <param name="Path">The file's path.</param>
/// <param name="Content">The text, with placeholders.</param>
/// <param name="Mode">POSIX permission bits.</param>
internal sealed record SessionFile(string Path, string Content, int Mode);

/// <summary>A volume in the file tree of a service.</summary>
/// <param name="Name">The volume's name in the session.</param>
/// <param name="Path">The path at which the service finds it.</param>
/// <param name="Update">When its freshness tag moves.</param>
/// <param name="IsPerReplica">Whether each replica of the service has a volume of its own.</param>
internal sealed record VolumeMount(string Name, string Path, VolumeUpdate Update, bool IsPerReplica);

/// <summary>A port that a service may listen on.</summary>
/// <param name="Port">The port.</param>
/// <param name="Protocol">The protection of connections.</param>
/// <param name="Identity">The x509 secret that it shows; for TLS.</param>
/// <param name="Authority">The x509-ca secret that must have issued a client's certificate; null asks for none.</param>
/// <param name="Peers">The services that may connect; for attested connections.</param>
internal sealed record SessionListen(
    int Port, NetworkProtocol Protocol, string? Identity, string? Authority, IReadOnlyList<SessionPeer> Peers);

/// <summary>A destination that a service may connect to.</summary>
/// <param name="Host">The name or address, as the program gives it.</param>
/// <param name="Port">The port.</param>
/// <param name="Protocol">The protection of connections.</param>
/// <param name="Identity">The x509 secret that it shows, or null.</param>
/// <param name="Authority">The x509-ca secret that must have issued the server's certificate; null takes the well-known ones.</param>
/// <param name="Peers">The services that may answer; for attested connections.</param>
internal sealed record SessionConnect(
    string Host, int Port, NetworkProtocol Protocol, string? Identity, string? Authority, IReadOnlyList<SessionPeer> Peers);

/// <summary>A service at the other end of an attested connection.</summary>
/// <param name="Session">Its session; null is this session.</param>
/// <param name="Service">Its name.</param>
/// <param name="Program">The digest of its program; null accepts any that its session names.</param>
/// <param name="Policies">The identifiers of the attestation policies that may have admitted it; empty accepts any that its own session
/// has, and for a program of another session that of the service that names this peer.</param>
internal sealed record SessionPeer(string? Session, string Service, string? Program, IReadOnlyList<string> Policies);
