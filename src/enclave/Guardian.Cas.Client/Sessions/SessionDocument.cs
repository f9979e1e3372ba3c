using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Sessions;

/// <summary>A session (docs/spec/session.md), read and checked as the CAS does it. Immutable.</summary>
public sealed record SessionDocument
{
    /// <summary>The largest number of services, secrets, volumes and images. Each costs the CAS a row or an appraisal.</summary>
    internal const int MaxEntries = 256;

    // Strangers send sessions, and the CAS reads them before it knows whether it keeps them.
    private const int MaxNodes = 20_000;

    internal SessionDocument()
    {
    }

    /// <summary>The session's name.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the document's bytes, 64 lower-case hex digits.</summary>
    public required string Hash { get; init; }

    /// <summary>The hash of the session that this one replaces; null for a new session.</summary>
    public required string? Predecessor { get; init; }

    /// <summary>The hash of the only key that may create the session, 64 lower-case hex digits; null for any key.</summary>
    public string? Creator { get; init; }

    /// <summary>The document as it was written.</summary>
    public required string Text { get; init; }

    /// <summary>The admission rules of each service, in the order of the document.</summary>
    public IReadOnlyList<ServicePolicy> Policies => [.. Services.Select(service => new ServicePolicy(service.Name, service.Policy))];

    /// <summary>The services, each name once.</summary>
    internal IReadOnlyList<SessionService> Services { get; init; } = [];

    /// <summary>The secrets, each name once.</summary>
    internal IReadOnlyList<SessionSecret> Secrets { get; init; } = [];

    /// <summary>The volumes, each name once.</summary>
    internal IReadOnlyList<SessionVolume> Volumes { get; init; } = [];

    /// <summary>The access rules of the session itself.</summary>
    internal AccessPolicy Access { get; init; } = AccessPolicy.CreatorOnly;

    /// <summary>The one CAS that may keep the session.</summary>
    public CasPins Cas { get; init; } = CasPins.None;

    /// <summary>Reads a session and checks everything that can be checked without a CAS.</summary>
    /// <param name="utf8">The document as it was written, YAML; at most 1 MiB.</param>
    /// <returns>
    /// The session, or a refusal (<see cref="CasReasons.Invalid"/>) that lists every mistake as <c>line:column: message</c>.
    /// Never throws for any content.
    /// </returns>
    public static Outcome<SessionDocument> Read(ReadOnlySpan<byte> utf8) => Read(utf8, isStored: false);

    /// <summary>Reads a session that a CAS keeps. An earlier release may have accepted what this one refuses of a new session.</summary>
    internal static Outcome<SessionDocument> ReadStored(ReadOnlySpan<byte> utf8) => Read(utf8, isStored: true);

    private static Outcome<SessionDocument> Read(ReadOnlySpan<byte> utf8, bool isStored)
    {
        var problems = new DocumentProblems();
        if (YamlDocument.Read(utf8, problems, MaxNodes) is { } map)
        {
            var session = new SessionReader(map).Read(Convert.ToHexStringLower(SHA256.HashData(utf8)), Encoding.UTF8.GetString(utf8));
            if (!(isStored ? problems.AnyForStored : problems.Any))
            {
                return session;
            }
        }
        return CasReasons.Invalid.Because("the session has mistakes") with
        {
            Problems = [.. problems.Items.Select(problem => problem.ToString())],
        };
    }

    /// <summary>Finds the name of the session above a name, whose rules decide who may create this one; null at the top.</summary>
    /// <summary>
    /// Finds a way in which a secret of a service could leave it, now or after a change of the session. Anybody can ask this about a text:
    /// its hash names it.
    /// </summary>
    /// <param name="service">The service that may have the secret.</param>
    /// <param name="variable">The variable of its environment that holds the secret and nothing else.</param>
    /// <returns>The way, for people; null when there is none.</returns>
    public string? FindLeak(string service, string variable)
    {
        if (!Access.IsImmutable)
        {
            return "the session can be changed: its access policy has no 'update: [NONE]'";
        }
        if (Services is not [var only] || only.Name != service)
        {
            return $"the session has other services than '{service}', which could get its secrets";
        }
        if (!only.Environment.TryGetValue(variable, out var value) || Placeholders.NamesIn(value) is not [var name])
        {
            return $"'{service}' gets no secret as {variable}";
        }
        return Secrets.First(secret => secret.Name == name) switch
        {
            { Import: not null } => $"'{name}' belongs to another session",
            { IsForPeople: true } => $"people may set or read '{name}'",
            { Exports.Count: > 0 } => $"'{name}' is exported to other sessions",
            { IsPinned: false } => $"'{name}' is not pinned: a later text of the session could get the same value",
            _ => null,
        };
    }

    internal static string? NamespaceOf(string name) => name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : null;
}

/// <summary>The admission rules of a service.</summary>
/// <param name="Service">The service's name.</param>
/// <param name="Policy">The enclaves that the service admits.</param>
public sealed record ServicePolicy(string Service, AttestationPolicy Policy);

/// <summary>A volume of a session; the CAS makes its key.</summary>
/// <param name="Name">The volume's name.</param>
/// <param name="Regions">The protection of its parts.</param>
/// <param name="Import">The volume of another session that this one stands for; null for an own volume.</param>
/// <param name="Exports">The sessions that may import it.</param>
internal sealed record SessionVolume(
    string Name, IReadOnlyList<VolumeRegion> Regions, SessionImport? Import, IReadOnlyList<SessionExport> Exports);

/// <summary>A secret or volume of another session.</summary>
/// <param name="Session">The other session's name.</param>
/// <param name="Name">The secret's or volume's name there.</param>
internal sealed record SessionImport(string Session, string Name);

/// <summary>A session that may import.</summary>
/// <param name="Session">Its name; null admits every session.</param>
/// <param name="Hash">The hash that it must have; null admits any hash of a session of the right creator.</param>
/// <param name="Creator">
/// The hash of the key that created it; null is the exporter's own creator. It counts only when there is no hash.
/// </param>
/// <param name="WithPrivateKey">Certificates: whether the importer also gets the private key. Only with a hash.</param>
internal sealed record SessionExport(string? Session, string? Hash, string? Creator = null, bool WithPrivateKey = false);
