using System.Text.Json.Serialization.Metadata;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>A project's quota of EPC, in MiB.</summary>
/// <param name="Project">The project's identifier.</param>
/// <param name="Limit">The most that its servers may claim together, -1 for unlimited; null when Keystone has no limit, and Nova then
/// refuses all EPC.</param>
/// <param name="IsOwn">Whether the limit is the project's own, and not the default.</param>
/// <param name="Claimed">The claims of its servers.</param>
public sealed record ProjectQuota(string Project, long? Limit, bool IsOwn, long Claimed);

/// <summary>
/// Reads and sets quotas of EPC: Keystone's unified limits of the resource <c>class:CUSTOM_SGX_EPC_MB</c>, which Nova's
/// <c>UnifiedLimitsDriver</c> enforces.
/// </summary>
/// <param name="session">The way into the cloud.</param>
/// <remarks>Every call throws <see cref="RefusedException"/> with a reason of <see cref="CloudReasons"/>.</remarks>
public sealed class EpcQuota(CloudSession session)
{
    /// <summary>The resource's name in Keystone.</summary>
    public const string Resource = $"class:{Epc.ResourceClass}";

    private (string Service, string? Region)? compute;

    /// <summary>Reads the limit of projects without one of their own, in MiB; null when there is none.</summary>
    public async Task<long?> ReadDefaultAsync(CancellationToken cancellation = default) =>
        (await FindDefaultAsync(cancellation).ConfigureAwait(false))?.DefaultLimit;

    /// <summary>Reads the quotas of projects.</summary>
    /// <param name="projects">The projects' identifiers.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The quotas, in the order of the projects.</returns>
    public async Task<IReadOnlyList<ProjectQuota>> ReadAsync(IReadOnlyList<string> projects, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(projects);
        var common = await ReadDefaultAsync(cancellation).ConfigureAwait(false);
        var own = (await ListLimitsAsync(cancellation).ConfigureAwait(false))
            .Where(limit => limit.ProjectId is not null).ToDictionary(limit => limit.ProjectId!, limit => limit.ResourceLimit);
        var quotas = new List<ProjectQuota>();
        foreach (var project in projects)
        {
            var path = $"usages?project_id={Uri.EscapeDataString(project)}";
            var used = await SendAsync(
                new ServiceRequest(ServiceKind.Placement, HttpMethod.Get, path), LimitJson.Default.ProjectUsages, cancellation)
                .ConfigureAwait(false);
            var isOwn = own.TryGetValue(project, out var limit);
            quotas.Add(new ProjectQuota(project, isOwn ? limit : common, isOwn, used.Usages.GetValueOrDefault(Epc.ResourceClass)));
        }
        return quotas;
    }

    /// <summary>Sets the limit of projects without one of their own.</summary>
    /// <param name="mebibytes">The limit in MiB; -1 for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task SetDefaultAsync(long mebibytes, CancellationToken cancellation = default)
    {
        var (service, region) = await FindComputeAsync(cancellation).ConfigureAwait(false);
        var request = await FindDefaultAsync(cancellation).ConfigureAwait(false) is { } known
            ? ServiceRequest.Create(
                ServiceKind.Keystone, HttpMethod.Patch, $"registered_limits/{known.Id}",
                new RegisteredLimitChange(new RegisteredLimitValue(mebibytes)), LimitJson.Default.RegisteredLimitChange)
            : ServiceRequest.Create(
                ServiceKind.Keystone, HttpMethod.Post, "registered_limits",
                new NewRegisteredLimits([new NewRegisteredLimit(service, region, Resource, mebibytes, "EPC of SGX guests, in MiB")]),
                LimitJson.Default.NewRegisteredLimits);
        await session.SendAsync(request, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sets a project's own limit. Keystone allows one only where there is a default.</summary>
    /// <param name="project">The project's identifier.</param>
    /// <param name="mebibytes">The limit in MiB; -1 for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task SetAsync(string project, long mebibytes, CancellationToken cancellation = default)
    {
        var (service, region) = await FindComputeAsync(cancellation).ConfigureAwait(false);
        if (await FindDefaultAsync(cancellation).ConfigureAwait(false) is null)
        {
            throw new RefusedException(CloudReasons.NoDefaultQuota.Because($"Keystone has no default limit of {Resource}"));
        }
        var known = (await ListLimitsAsync(cancellation).ConfigureAwait(false)).FirstOrDefault(limit => limit.ProjectId == project);
        var request = known is not null
            ? ServiceRequest.Create(
                ServiceKind.Keystone, HttpMethod.Patch, $"limits/{known.Id}", new LimitChange(new LimitValue(mebibytes)),
                LimitJson.Default.LimitChange)
            : ServiceRequest.Create(
                ServiceKind.Keystone, HttpMethod.Post, "limits",
                new NewLimits([new NewLimit(service, region, project, Resource, mebibytes)]), LimitJson.Default.NewLimits);
        await session.SendAsync(request, cancellation).ConfigureAwait(false);
    }

    private async Task<RegisteredLimit?> FindDefaultAsync(CancellationToken cancellation) =>
        (await ListAsync("registered_limits", LimitJson.Default.RegisteredLimitList, cancellation).ConfigureAwait(false))
            .RegisteredLimits.FirstOrDefault(limit => limit.ResourceName == Resource);

    private async Task<IEnumerable<Limit>> ListLimitsAsync(CancellationToken cancellation) =>
        (await ListAsync("limits", LimitJson.Default.LimitList, cancellation).ConfigureAwait(false))
            .Limits.Where(limit => limit.ResourceName == Resource);

    // Limits belong to Nova's service and, as Nova asks for them, to the region of its endpoint.
    private async Task<T> ListAsync<T>(string kind, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var (service, region) = await FindComputeAsync(cancellation).ConfigureAwait(false);
        var place = region is null ? "" : $"&region_id={Uri.EscapeDataString(region)}";
        var path = $"{kind}?service_id={service}{place}&resource_name={Uri.EscapeDataString(Resource)}";
        return await SendAsync(new ServiceRequest(ServiceKind.Keystone, HttpMethod.Get, path), type, cancellation).ConfigureAwait(false);
    }

    private async Task<(string Service, string? Region)> FindComputeAsync(CancellationToken cancellation)
    {
        if (compute is not { } known)
        {
            var request = new ServiceRequest(ServiceKind.Keystone, HttpMethod.Get, "services?type=compute");
            var services = (await SendAsync(request, LimitJson.Default.ServiceList, cancellation).ConfigureAwait(false)).Services;
            var region = await session.FindRegionAsync(ServiceKind.Nova, cancellation).ConfigureAwait(false);
            compute = known = services.Count > 0
                ? (services[0].Id, region)
                : throw new RefusedException(CloudReasons.NotFound.Because("Keystone has no service of the type compute"));
        }
        return known;
    }

    private Task<T> SendAsync<T>(ServiceRequest request, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(request, type, cancellation);
}
