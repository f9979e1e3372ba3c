using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.OpenStack.Compute;

/// <summary>Calls Nova: flavors, aggregates, hosts, servers and usage.</summary>
/// <param name="session">The way into the cloud.</param>
/// <remarks>Thread-safe. Every call throws <see cref="RefusedException"/> with a reason of <see cref="CloudReasons"/>.</remarks>
public sealed class NovaClient(CloudSession session)
{
    // Nova's own limit on a page, and ours on a service that never stops to give pages.
    private const int PageSize = 1000;
    private const int MaxPages = 10_000;

    /// <summary>Lists all flavors, with their extra specs.</summary>
    public Task<IReadOnlyList<Flavor>> ListFlavorsAsync(CancellationToken cancellation = default) => ListPagesAsync(
        "flavors/detail?is_public=None", NovaJson.Default.FlavorList, page => page.Flavors, flavor => flavor.Id, cancellation);

    /// <summary>Creates a flavor that everybody may use.</summary>
    internal async Task<Flavor> CreateFlavorAsync(
        string name, int vcpus, int ramMebibytes, int diskGibibytes, CancellationToken cancellation = default)
    {
        var request = new NewFlavorRequest(new NewFlavor(name, vcpus, ramMebibytes, diskGibibytes));
        var answer = await PostAsync(
            "flavors", request, NovaJson.Default.NewFlavorRequest, NovaJson.Default.FlavorAnswer, cancellation).ConfigureAwait(false);
        return answer.Flavor;
    }

    /// <summary>Sets extra specs of a flavor; others stay.</summary>
    internal Task SetExtraSpecsAsync(
        string flavor, IReadOnlyDictionary<string, string> specs, CancellationToken cancellation = default) => PostAsync(
            $"flavors/{Uri.EscapeDataString(flavor)}/os-extra_specs", new ExtraSpecs(specs), NovaJson.Default.ExtraSpecs, cancellation);

    /// <summary>Lists all host aggregates.</summary>
    public async Task<IReadOnlyList<Aggregate>> ListAggregatesAsync(CancellationToken cancellation = default) =>
        (await GetAsync("os-aggregates", NovaJson.Default.AggregateList, cancellation).ConfigureAwait(false)).Aggregates;

    /// <summary>Creates an aggregate without hosts.</summary>
    /// <returns>Its identifier.</returns>
    internal async Task<int> CreateAggregateAsync(string name, CancellationToken cancellation = default)
    {
        // Nova's answer to a creation lists no hosts or metadata, so the aggregate is read again.
        var request = new NewAggregateRequest(new NewAggregate(name));
        await PostAsync("os-aggregates", request, NovaJson.Default.NewAggregateRequest, cancellation).ConfigureAwait(false);
        return (await ListAggregatesAsync(cancellation).ConfigureAwait(false)).First(aggregate => aggregate.Name == name).Id;
    }

    /// <summary>Sets metadata of an aggregate; other entries stay.</summary>
    internal Task SetAggregateMetadataAsync(
        int aggregate, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation = default) => PostAsync(
            $"os-aggregates/{aggregate}/action", new SetMetadataRequest(new SetMetadata(metadata)),
            NovaJson.Default.SetMetadataRequest, NovaJson.Default.AggregateAnswer, cancellation);

    /// <summary>Adds a compute service's host to an aggregate.</summary>
    internal Task AddAggregateHostAsync(int aggregate, string host, CancellationToken cancellation = default) => PostAsync(
        $"os-aggregates/{aggregate}/action", new AddHostRequest(new AddHost(host)),
        NovaJson.Default.AddHostRequest, NovaJson.Default.AggregateAnswer, cancellation);

    /// <summary>Lists all compute nodes.</summary>
    internal Task<IReadOnlyList<Hypervisor>> ListHypervisorsAsync(CancellationToken cancellation = default) => ListPagesAsync(
        "os-hypervisors/detail?", NovaJson.Default.HypervisorList, page => page.Hypervisors, node => node.Id.ToString(), cancellation);

    /// <summary>Finds the host of the nova-compute that serves a compute node, by which aggregates name it; null when Nova has no such
    /// node.</summary>
    /// <param name="node">The compute node's name, as <c>openstack hypervisor list</c> shows it.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task<string?> FindComputeHostAsync(string node, CancellationToken cancellation = default) =>
        (await ListHypervisorsAsync(cancellation).ConfigureAwait(false)).FirstOrDefault(known => known.HypervisorHostname == node)
            ?.Service.Host;

    /// <summary>Lists all servers of all projects, also those that Nova keeps for a while after their deletion, with their claims.
    /// </summary>
    internal Task<IReadOnlyList<Server>> ListServersAsync(CancellationToken cancellation = default) =>
        ListServersAsync("all_tenants=1&soft_deleted=1", cancellation);

    /// <summary>Lists the servers that a query selects.</summary>
    /// <param name="query">Nova's parameters, such as <c>all_tenants=1</c>; may be empty.</param>
    /// <param name="cancellation">Cancels the call.</param>
    internal Task<IReadOnlyList<Server>> ListServersAsync(string query, CancellationToken cancellation = default) => ListPagesAsync(
        $"servers/detail?{query}", NovaJson.Default.ServerList, page => page.Servers, server => server.Id.ToString(), cancellation);

    /// <summary>Reads one server.</summary>
    internal async Task<Server> GetServerAsync(Guid server, CancellationToken cancellation = default) =>
        (await GetAsync($"servers/{server}", NovaJson.Default.ServerAnswer, cancellation).ConfigureAwait(false)).Server;

    /// <summary>Requests a cold migration to a host that the scheduler chooses. Nova then waits for a confirmation.</summary>
    internal Task MigrateAsync(Guid server, CancellationToken cancellation = default) =>
        ActAsync(server, """{"migrate": null}"""u8, cancellation);

    /// <summary>Confirms a resize or cold migration, which frees the source.</summary>
    internal Task ConfirmAsync(Guid server, CancellationToken cancellation = default) =>
        ActAsync(server, """{"confirmResize": null}"""u8, cancellation);

    /// <summary>Lists all nova-computes.</summary>
    internal async Task<IReadOnlyList<ComputeService>> ListComputeServicesAsync(CancellationToken cancellation = default) =>
        (await GetAsync("os-services?binary=nova-compute", NovaJson.Default.ServiceList, cancellation).ConfigureAwait(false)).Services;

    /// <summary>Disables a nova-compute, so that it gets no new servers.</summary>
    internal Task DisableServiceAsync(Guid service, string reason, CancellationToken cancellation = default) => session.SendAsync(
        ServiceRequest.Create(
            ServiceKind.Nova, HttpMethod.Put, $"os-services/{service}", new ServiceChange("disabled", reason),
            NovaJson.Default.ServiceChange), cancellation);

    /// <summary>Lists all moves of servers that Nova remembers.</summary>
    internal Task<IReadOnlyList<Migration>> ListMigrationsAsync(CancellationToken cancellation = default) => ListPagesAsync(
        "os-migrations?", NovaJson.Default.MigrationList, page => page.Migrations, migration => migration.Uuid.ToString(), cancellation);

    /// <summary>Lists all actions that were requested for a server, latest first. The server may be deleted.</summary>
    public Task<IReadOnlyList<ServerAction>> ListActionsAsync(Guid server, CancellationToken cancellation = default) => ListPagesAsync(
        $"servers/{server}/os-instance-actions?", NovaJson.Default.ServerActionList,
        page => page.Actions, action => action.RequestId, cancellation);

    /// <summary>Reads a project's usage, with each server's part.</summary>
    /// <param name="project">The project's identifier.</param>
    /// <param name="start">The period's start.</param>
    /// <param name="end">The period's end, not included; Nova never counts beyond the present.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task<ProjectUsage> GetUsageAsync(
        string project, DateTimeOffset start, DateTimeOffset end, CancellationToken cancellation = default)
    {
        var total = new ProjectUsage(project, 0, 0, 0, 0);
        var (servers, known) = (new List<ServerUsage>(), new HashSet<Guid>());
        for (var (page, marker) = (0, ""); page < MaxPages; page++)
        {
            var path = $"os-simple-tenant-usage/{Uri.EscapeDataString(project)}?{FormatPeriod(start, end)}{marker}";
            var part = (await GetAsync(path, NovaJson.Default.UsageAnswer, cancellation).ConfigureAwait(false)).TenantUsage;
            if (part.ServerUsages is not { Count: > 0 } found)
            {
                break;
            }
            CountOnce(found, known);
            servers.AddRange(found);
            total = Add(total, part.TotalVcpusUsage, part.TotalMemoryMbUsage, part.TotalLocalGbUsage, part.TotalHours);
            marker = $"&marker={found[^1].InstanceId}";
        }
        return total with { ServerUsages = servers };
    }

    /// <summary>Reads every project's usage, with each server's part, in the order of projects.</summary>
    /// <param name="start">The period's start.</param>
    /// <param name="end">The period's end, not included; Nova never counts beyond the present.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task<IReadOnlyList<ProjectUsage>> ListUsagesAsync(
        DateTimeOffset start, DateTimeOffset end, CancellationToken cancellation = default)
    {
        // A page counts servers, not projects, so several pages may list one project.
        var projects = new SortedDictionary<string, ProjectUsage>(StringComparer.Ordinal);
        var servers = new HashSet<Guid>();
        for (var (page, marker) = (0, ""); page < MaxPages; page++)
        {
            var path = $"os-simple-tenant-usage?detailed=1&{FormatPeriod(start, end)}{marker}";
            var parts = (await GetAsync(path, NovaJson.Default.UsageList, cancellation).ConfigureAwait(false)).TenantUsages;
            CountOnce(parts.SelectMany(part => part.ServerUsages ?? []), servers);
            foreach (var part in parts)
            {
                var known = projects.GetValueOrDefault(part.TenantId, new ProjectUsage(part.TenantId, 0, 0, 0, 0, []));
                var total = Add(known, part.TotalVcpusUsage, part.TotalMemoryMbUsage, part.TotalLocalGbUsage, part.TotalHours);
                projects[part.TenantId] = total with { ServerUsages = [.. known.ServerUsages!, .. part.ServerUsages ?? []] };
            }
            if (parts is not [.., { ServerUsages: [.., var last] }])
            {
                break;
            }
            marker = $"&marker={last.InstanceId}";
        }
        return [.. projects.Values];
    }

    // A bill with a server that counts twice is worse than none.
    private static void CountOnce(IEnumerable<ServerUsage> page, HashSet<Guid> known)
    {
        if (page.FirstOrDefault(server => !known.Add(server.InstanceId)) is { } twice)
        {
            throw new RefusedException(CloudReasons.BadAnswer.Because(
                $"nova GET os-simple-tenant-usage: server {twice.InstanceId} is in the answer, or in its pages, twice"));
        }
    }

    /// <summary>Lists all projects that the user may see, from Keystone.</summary>
    public async Task<IReadOnlyList<Project>> ListProjectsAsync(CancellationToken cancellation = default)
    {
        var request = new ServiceRequest(ServiceKind.Keystone, HttpMethod.Get, "projects");
        return (await session.SendAsync(request, NovaJson.Default.ProjectList, cancellation).ConfigureAwait(false)).Projects;
    }

    private Task<byte[]> ActAsync(Guid server, ReadOnlySpan<byte> action, CancellationToken cancellation) => session.SendAsync(
        new ServiceRequest(ServiceKind.Nova, HttpMethod.Post, $"servers/{server}/action", action.ToArray()), cancellation);

    private static ProjectUsage Add(ProjectUsage usage, double vcpus, double memory, double disk, double hours) => usage with
    {
        TotalVcpusUsage = usage.TotalVcpusUsage + vcpus,
        TotalMemoryMbUsage = usage.TotalMemoryMbUsage + memory,
        TotalLocalGbUsage = usage.TotalLocalGbUsage + disk,
        TotalHours = usage.TotalHours + hours,
    };

    private static string FormatPeriod(DateTimeOffset start, DateTimeOffset end) => string.Create(
        CultureInfo.InvariantCulture,
        $"start={start.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}&end={end.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}");

    private async Task<IReadOnlyList<T>> ListPagesAsync<TPage, T>(
        string path, JsonTypeInfo<TPage> type, Func<TPage, IReadOnlyList<T>> itemsOf, Func<T, string> markerOf,
        CancellationToken cancellation)
    {
        var items = new OrderedDictionary<string, T>();
        for (var page = 0; page < MaxPages; page++)
        {
            var marker = items.Count == 0 ? "" : $"&marker={Uri.EscapeDataString(items.GetAt(items.Count - 1).Key)}";
            var before = items.Count;
            foreach (var item in itemsOf(await GetAsync($"{path}&limit={PageSize}{marker}", type, cancellation).ConfigureAwait(false)))
            {
                items.TryAdd(markerOf(item), item);
            }
            // A cloud may have set a smaller page, so only a page with nothing new is surely the last.
            if (items.Count == before)
            {
                break;
            }
        }
        return [.. items.Values];
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(new ServiceRequest(ServiceKind.Nova, HttpMethod.Get, path), type, cancellation);

    private Task<byte[]> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(ServiceRequest.Create(ServiceKind.Nova, HttpMethod.Post, path, body, type), cancellation);

    private Task<TAnswer> PostAsync<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation) =>
        session.SendAsync(ServiceRequest.Create(ServiceKind.Nova, HttpMethod.Post, path, body, bodyType), answerType, cancellation);
}
