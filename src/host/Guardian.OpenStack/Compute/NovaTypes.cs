using System.Text.Json.Serialization;

namespace Guardian.OpenStack.Compute;

/// <summary>A flavor.</summary>
/// <param name="Id">Nova's identifier.</param>
/// <param name="Name">The name.</param>
/// <param name="Vcpus">The number of virtual processors.</param>
/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
/// <param name="ExtraSpecs">The extra specs; null when Nova does not list them.</param>
public sealed record Flavor(string Id, string Name, int Vcpus, int Ram, int Disk, IReadOnlyDictionary<string, string>? ExtraSpecs = null);

/// <summary>A host aggregate.</summary>
public sealed record Aggregate(int Id, string Name, IReadOnlyList<string> Hosts, IReadOnlyDictionary<string, string> Metadata);

/// <summary>A compute node.</summary>
/// <param name="Id">The UUID, which is also its provider's in Placement.</param>
/// <param name="HypervisorHostname">The name of its provider in Placement.</param>
/// <param name="State">up or down.</param>
/// <param name="Status">enabled or disabled.</param>
/// <param name="Service">Its nova-compute.</param>
internal sealed record Hypervisor(Guid Id, string HypervisorHostname, string State, string Status, HypervisorService Service);

/// <summary>The nova-compute that serves a compute node.</summary>
/// <param name="Host">The service's host.</param>
internal sealed record HypervisorService(string Host);

/// <summary>A server, as an administrator sees it.</summary>
/// <param name="Id">The UUID.</param>
/// <param name="Name">The name.</param>
/// <param name="Status">Nova's word, such as ACTIVE.</param>
/// <param name="TenantId">The project.</param>
/// <param name="Flavor">The flavor that it was created with or resized to.</param>
/// <param name="Host">The compute node's name; null when it has none.</param>
/// <param name="PowerState">Nova's number.</param>
/// <param name="TaskState">Nova's word for the work under way; null when there is none.</param>
internal sealed record Server(
    Guid Id, string Name, string Status, string TenantId, ServerFlavor Flavor,
    [property: JsonPropertyName("OS-EXT-SRV-ATTR:hypervisor_hostname")] string? Host = null,
    [property: JsonPropertyName("OS-EXT-STS:power_state")] int PowerState = 0,
    [property: JsonPropertyName("OS-EXT-STS:task_state")] string? TaskState = null);

/// <summary>A nova-compute.</summary>
/// <param name="Id">The UUID.</param>
/// <param name="Host">The service's host.</param>
/// <param name="State">up or down.</param>
/// <param name="Status">enabled or disabled.</param>
internal sealed record ComputeService(Guid Id, string Host, string State, string Status);

/// <summary>The flavor as it was when the server was created or resized.</summary>
internal sealed record ServerFlavor(string OriginalName, IReadOnlyDictionary<string, string>? ExtraSpecs = null);

/// <summary>A project's usage by Nova's rule: from launch to delete, stopped or not, with the present flavor.</summary>
public sealed record ProjectUsage(
    string TenantId, double TotalVcpusUsage, double TotalMemoryMbUsage, double TotalLocalGbUsage, double TotalHours,
    IReadOnlyList<ServerUsage>? ServerUsages = null);

/// <summary>One server's part of a project's usage.</summary>
/// <param name="InstanceId">The server.</param>
/// <param name="Name">The server's name.</param>
/// <param name="Flavor">The present flavor's name.</param>
/// <param name="Hours">The hours within the requested period.</param>
/// <param name="Vcpus">The number of virtual processors.</param>
/// <param name="MemoryMb">MiB.</param>
/// <param name="LocalGb">GiB.</param>
/// <param name="TenantId">The project.</param>
/// <param name="StartedAt">The launch, UTC as Nova writes it.</param>
/// <param name="EndedAt">The end, UTC as Nova writes it; null while the server exists.</param>
public sealed record ServerUsage(
    Guid InstanceId, string Name, string Flavor, double Hours, int Vcpus, int MemoryMb, int LocalGb, string TenantId,
    DateTime StartedAt, DateTime? EndedAt = null);

/// <summary>An action that somebody requested for a server.</summary>
/// <param name="Action">Nova's own word.</param>
/// <param name="RequestId">Nova's identifier of the request.</param>
/// <param name="StartTime">The time of the request, UTC as Nova writes it.</param>
public sealed record ServerAction(string Action, string RequestId, DateTime StartTime)
{
    /// <summary>The server's disk becomes an image, and its host releases it, at once or later.</summary>
    public const string Shelve = "shelve";

    /// <summary>The host of a shelved server releases it.</summary>
    public const string ShelveOffload = "shelveOffload";

    /// <summary>A shelved server is requested again.</summary>
    public const string Unshelve = "unshelve";
}

/// <summary>A project.</summary>
public sealed record Project(string Id, string Name);

/// <summary>A move of a server; while it lasts, its identifier holds a claim on the source.</summary>
/// <param name="Uuid">The identifier.</param>
/// <param name="InstanceUuid">The server.</param>
/// <param name="Status">Nova's word, such as <c>done</c>.</param>
/// <param name="MigrationType">Nova's word, such as <c>evacuation</c>.</param>
/// <param name="SourceNode">The compute node that the server left; null in old records.</param>
internal sealed record Migration(
    Guid Uuid, Guid InstanceUuid, string Status, string? MigrationType = null, string? SourceNode = null)
{
    /// <summary>
    /// Whether it is an evacuation that has ended well. Nova keeps the server's claim on the source until the source's nova-compute is
    /// back.
    /// </summary>
    public bool IsEvacuationDone => MigrationType == "evacuation" && (Status is "done" or "completed");

    /// <summary>Whether it has ended, well or not, so that it holds no claim any more.</summary>
    public bool HasEnded => Status is "done" or "completed" or "confirmed" or "reverted" or "cancelled" or "failed" or "error";
}
