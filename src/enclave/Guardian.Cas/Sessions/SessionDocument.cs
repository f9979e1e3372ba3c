using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client;
using Guardian.Documents;

namespace Guardian.Cas.Sessions;

/// <summary>A session as it was written (docs/spec/session.md). Immutable.</summary>
public sealed record SessionDocument
{
    /// <summary>The largest number of services, secrets, volumes and the like. Each costs the CAS a row or an appraisal.</summary>
    public const int MaxEntries = 256;

    /// <summary>The session's name.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the document's bytes, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash this one replaces, or null.</summary>
    public required string? Predecessor { get; init; }

    /// <summary>The services by name.</summary>
    public required IReadOnlyList<SessionService> Services { get; init; }

    /// <summary>The secrets by name.</summary>
    public required IReadOnlyList<SessionSecret> Secrets { get; init; }

    /// <summary>The volumes by name.</summary>
    public required IReadOnlyList<SessionVolume> Volumes { get; init; }

    /// <summary>Who may read, update, create below, and list.</summary>
    public required AccessPolicy Access { get; init; }

    /// <summary>The document as it was written.</summary>
    public required string Text { get; init; }

    /// <summary>Reads a session. Never throws for any content.</summary>
    /// <param name="problems">Receives everything that is wrong, with line and column.</param>
    /// <returns>The session, or null when anything is wrong.</returns>
    public static SessionDocument? Read(ReadOnlySpan<byte> utf8, DocumentProblems problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        if (YamlDocument.Read(utf8, problems) is not { } map)
        {
            return null;
        }
        var session = new SessionReader(map).Read(Convert.ToHexStringLower(SHA256.HashData(utf8)), Encoding.UTF8.GetString(utf8));
        return problems.Any ? null : session;
    }

    /// <summary>The namespace a session of that name is in: the name of another session, or null at the top.</summary>
    public static string? NamespaceOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : null;
    }
}

/// <summary>A service: who is admitted, and what it gets.</summary>
public sealed record SessionService
{
    /// <summary>The service's name.</summary>
    public required string Name { get; init; }

    /// <summary>Which enclaves are admitted.</summary>
    public required AttestationPolicy Policy { get; init; }

    /// <summary>Whether only the enclave that was admitted last may move tags, and each is admitted once.</summary>
    public required bool IsSingleton { get; init; }

    /// <summary>The arguments, with placeholders.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The variables, with placeholders.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The working directory.</summary>
    public required string Pwd { get; init; }

    /// <summary>SHA-256 of the WASI module that may run, or null.</summary>
    public required string? Program { get; init; }

    /// <summary>Files in memory, contents with placeholders.</summary>
    public required IReadOnlyList<SessionFile> Files { get; init; }

    /// <summary>The volumes it sees.</summary>
    public required IReadOnlyList<VolumeMount> Volumes { get; init; }

    /// <summary>Freshness tags of its own, besides its volumes'.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Ports it may listen on.</summary>
    public required IReadOnlyList<SessionListen> Listen { get; init; }

    /// <summary>Destinations it may connect to.</summary>
    public required IReadOnlyList<SessionConnect> Connect { get; init; }

    /// <summary>Whether its standard streams leave encrypted.</summary>
    public required bool EncryptsStdio { get; init; }

    /// <summary>Who may have the key of its standard streams.</summary>
    public required AccessRule StdioReaders { get; init; }

    /// <summary>What it may use up.</summary>
    public required LimitsConfiguration Limits { get; init; }

    /// <summary>What the host may add.</summary>
    public required HostConfiguration Host { get; init; }

    /// <summary>The secret it gets by Gramine's secret provisioning, or null.</summary>
    public required string? ProvisionedSecret { get; init; }
}

/// <summary>A file in memory.</summary>
/// <param name="Content">With placeholders.</param>
/// <param name="Mode">POSIX permission bits.</param>
public sealed record SessionFile(string Path, string Content, int Mode);

/// <summary>A volume of a session; the CAS makes its key.</summary>
/// <param name="Import">Whose volume it is, when it is another session's.</param>
/// <param name="Exports">Which sessions may import it.</param>
public sealed record SessionVolume(string Name, IReadOnlyList<VolumeRegion> Regions, SessionImport? Import, IReadOnlyList<SessionExport> Exports);

/// <summary>A volume as a service sees it.</summary>
/// <param name="Name">Which volume.</param>
/// <param name="Path">Where.</param>
public sealed record VolumeMount(string Name, string Path, VolumeUpdate Update);

/// <summary>A port a service may listen on.</summary>
/// <param name="Identity">The x509 secret it shows, for TLS.</param>
/// <param name="Authority">The x509-ca secret that must have issued a client's certificate, or null.</param>
/// <param name="Peer">The service of this session that may connect, for attested connections.</param>
public sealed record SessionListen(int Port, NetworkProtocol Protocol, string? Identity, string? Authority, string? Peer);

/// <summary>A destination a service may connect to.</summary>
/// <param name="Identity">The x509 secret it shows, or null.</param>
/// <param name="Authority">The x509-ca secret that must have issued the server's certificate; null takes the well-known ones.</param>
/// <param name="Peer">The service of this session that must answer, for attested connections.</param>
public sealed record SessionConnect(string Host, int Port, NetworkProtocol Protocol, string? Identity, string? Authority, string? Peer);

/// <summary>Another session's secret or volume.</summary>
/// <param name="Name">Its name there.</param>
public sealed record SessionImport(string Session, string Name);

/// <summary>A session that may import.</summary>
/// <param name="Session">Its name; null is every session.</param>
/// <param name="Hash">The hash it must have, or null.</param>
public sealed record SessionExport(string? Session, string? Hash);
