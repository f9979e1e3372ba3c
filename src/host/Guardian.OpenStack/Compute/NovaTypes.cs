using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Compute;

/// <summary>A flavor.</summary>
/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
public sealed record Flavor(string Id, string Name, int Vcpus, int Ram, int Disk, IReadOnlyDictionary<string, string>? ExtraSpecs = null);

/// <summary>A host aggregate.</summary>
public sealed record Aggregate(int Id, string Name, IReadOnlyList<string> Hosts, IReadOnlyDictionary<string, string> Metadata);

/// <summary>A compute node.</summary>
/// <param name="HypervisorHostname">The name of its provider in Placement.</param>
/// <param name="State">up or down.</param>
/// <param name="Status">enabled or disabled.</param>
public sealed record Hypervisor(Guid Id, string HypervisorHostname, string State, string Status, HypervisorService Service);

/// <summary>The nova-compute that serves a compute node.</summary>
public sealed record HypervisorService(string Host);

/// <summary>A server, as an administrator sees it.</summary>
public sealed record Server(
    Guid Id, string Name, string Status, string TenantId, ServerFlavor Flavor,
    [property: JsonPropertyName("OS-EXT-SRV-ATTR:hypervisor_hostname")] string? Host = null,
    [property: JsonPropertyName("OS-EXT-STS:power_state")] int PowerState = 0)
{
    /// <summary>Whether its QEMU runs.</summary>
    public bool IsRunning => PowerState is 1 or 3;
}

/// <summary>The flavor as it was when the server was made or resized.</summary>
public sealed record ServerFlavor(string OriginalName, IReadOnlyDictionary<string, string>? ExtraSpecs = null);

/// <summary>What a project used, by Nova's rule: from launch to delete, stopped or not, at the present flavor.</summary>
public sealed record ProjectUsage(
    string TenantId, double TotalVcpusUsage, double TotalMemoryMbUsage, double TotalLocalGbUsage, double TotalHours, IReadOnlyList<ServerUsage>? ServerUsages = null);

/// <summary>One server's part of a project's usage.</summary>
/// <param name="Hours">Within the period that was asked for.</param>
/// <param name="StartedAt">UTC, as Nova writes it.</param>
/// <param name="EndedAt">Null while the server exists.</param>
public sealed record ServerUsage(
    Guid InstanceId, string Name, string Flavor, double Hours, int Vcpus, int MemoryMb, int LocalGb, string TenantId, DateTime StartedAt, DateTime? EndedAt = null);

/// <summary>Something that was asked of Nova for a server.</summary>
/// <param name="Action">Nova's own word.</param>
/// <param name="StartTime">UTC, as Nova writes it.</param>
public sealed record ServerAction(string Action, string RequestId, DateTime StartTime)
{
    /// <summary>The server's disk is kept as an image, and its host gives it up, at once or later.</summary>
    public const string Shelve = "shelve";

    /// <summary>The host of a shelved server gives it up.</summary>
    public const string ShelveOffload = "shelveOffload";

    /// <summary>A shelved server is wanted back.</summary>
    public const string Unshelve = "unshelve";
}

/// <summary>A project.</summary>
public sealed record Project(string Id, string Name);

/// <summary>A move of a server; while it lasts, its identifier holds a claim on the source.</summary>
public sealed record Migration(Guid Uuid, Guid InstanceUuid, string Status);

internal sealed record MigrationList(IReadOnlyList<Migration> Migrations, IReadOnlyList<Link>? MigrationsLinks = null);

internal sealed record ServerActionList([property: JsonPropertyName("instanceActions")] IReadOnlyList<ServerAction> Actions);

internal sealed record Link(string Rel, string Href);

internal sealed record FlavorList(IReadOnlyList<Flavor> Flavors, IReadOnlyList<Link>? FlavorsLinks = null);

internal sealed record FlavorAnswer(Flavor Flavor);

internal sealed record NewFlavor(string Name, int Vcpus, int Ram, int Disk);

internal sealed record NewFlavorRequest(NewFlavor Flavor);

internal sealed record ExtraSpecs([property: JsonPropertyName("extra_specs")] IReadOnlyDictionary<string, string> Values);

internal sealed record AggregateList(IReadOnlyList<Aggregate> Aggregates);

internal sealed record AggregateAnswer(Aggregate Aggregate);

internal sealed record NewAggregate(string Name);

internal sealed record NewAggregateRequest(NewAggregate Aggregate);

internal sealed record AddHost(string Host);

internal sealed record AddHostRequest(AddHost AddHost);

internal sealed record SetMetadata(IReadOnlyDictionary<string, string> Metadata);

internal sealed record SetMetadataRequest(SetMetadata SetMetadata);

internal sealed record HypervisorList(IReadOnlyList<Hypervisor> Hypervisors, IReadOnlyList<Link>? HypervisorsLinks = null);

internal sealed record ServerList(IReadOnlyList<Server> Servers, IReadOnlyList<Link>? ServersLinks = null);

internal sealed record UsageAnswer(ProjectUsageOrEmpty TenantUsage, IReadOnlyList<Link>? TenantUsageLinks = null);

/// <summary>Nova answers an empty object for a project that used nothing.</summary>
internal sealed record ProjectUsageOrEmpty(
    string? TenantId = null, double TotalVcpusUsage = 0, double TotalMemoryMbUsage = 0, double TotalLocalGbUsage = 0, double TotalHours = 0, IReadOnlyList<ServerUsage>? ServerUsages = null);

internal sealed record UsageList(IReadOnlyList<ProjectUsage> TenantUsages, IReadOnlyList<Link>? TenantUsagesLinks = null);

internal sealed record ProjectList(IReadOnlyList<Project> Projects);
