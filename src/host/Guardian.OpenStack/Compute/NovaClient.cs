using System.Globalization;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.OpenStack.Compute;

/// <summary>Nova: flavors, aggregates, hosts, servers and usage. Every call throws <see cref="OpenStackException"/>. Thread-safe.</summary>
public sealed class NovaClient(CloudSession session)
{
    // Nova's own limit on a page; a service that gives pages without end is stopped.
    private const int PageSize = 1000;
    private const int MaxPages = 10_000;

    /// <summary>All flavors, with their extra specs.</summary>
    public Task<IReadOnlyList<Flavor>> ListFlavorsAsync(CancellationToken cancellation = default) => PagesAsync(
        "flavors/detail?is_public=None", CloudJson.Default.FlavorList, page => page.Flavors, flavor => flavor.Id, cancellation);

    /// <summary>Makes a flavor that everybody may use.</summary>
    public async Task<Flavor> CreateFlavorAsync(string name, int vcpus, int ramMebibytes, int diskGibibytes, CancellationToken cancellation = default) =>
        (await SendAsync(HttpMethod.Post, "flavors", new NewFlavorRequest(new NewFlavor(name, vcpus, ramMebibytes, diskGibibytes)), CloudJson.Default.NewFlavorRequest, CloudJson.Default.FlavorAnswer, cancellation).ConfigureAwait(false)).Flavor;

    /// <summary>Sets extra specs of a flavor; others stay.</summary>
    public Task SetExtraSpecsAsync(string flavor, IReadOnlyDictionary<string, string> specs, CancellationToken cancellation = default) => session.SendAsync(
        ServiceRequest.Create(ServiceKind.Nova, HttpMethod.Post, $"flavors/{Uri.EscapeDataString(flavor)}/os-extra_specs", new ExtraSpecs(specs), CloudJson.Default.ExtraSpecs), cancellation);

    /// <summary>All host aggregates.</summary>
    public async Task<IReadOnlyList<Aggregate>> ListAggregatesAsync(CancellationToken cancellation = default) =>
        (await GetAsync("os-aggregates", CloudJson.Default.AggregateList, cancellation).ConfigureAwait(false)).Aggregates;

    /// <summary>Makes an aggregate without hosts.</summary>
    public async Task<int> CreateAggregateAsync(string name, CancellationToken cancellation = default)
    {
        // The answer to a creation lists no hosts or metadata, so it is read again.
        await session.SendAsync(ServiceRequest.Create(ServiceKind.Nova, HttpMethod.Post, "os-aggregates", new NewAggregateRequest(new NewAggregate(name)), CloudJson.Default.NewAggregateRequest), cancellation).ConfigureAwait(false);
        return (await ListAggregatesAsync(cancellation).ConfigureAwait(false)).First(aggregate => aggregate.Name == name).Id;
    }

    /// <summary>Sets metadata of an aggregate; other entries stay.</summary>
    public Task SetAggregateMetadataAsync(int aggregate, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, $"os-aggregates/{aggregate}/action", new SetMetadataRequest(new SetMetadata(metadata)), CloudJson.Default.SetMetadataRequest, CloudJson.Default.AggregateAnswer, cancellation);

    /// <summary>Adds a compute service's host to an aggregate.</summary>
    public Task AddAggregateHostAsync(int aggregate, string host, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, $"os-aggregates/{aggregate}/action", new AddHostRequest(new AddHost(host)), CloudJson.Default.AddHostRequest, CloudJson.Default.AggregateAnswer, cancellation);

    /// <summary>All compute nodes.</summary>
    public Task<IReadOnlyList<Hypervisor>> ListHypervisorsAsync(CancellationToken cancellation = default) => PagesAsync(
        "os-hypervisors/detail?", CloudJson.Default.HypervisorList, page => page.Hypervisors, node => node.Id.ToString(), cancellation);

    /// <summary>All servers of all projects.</summary>
    public Task<IReadOnlyList<Server>> ListServersAsync(CancellationToken cancellation = default) => PagesAsync(
        "servers/detail?all_tenants=1", CloudJson.Default.ServerList, page => page.Servers, server => server.Id.ToString(), cancellation);

    /// <summary>All moves of servers that Nova remembers.</summary>
    public Task<IReadOnlyList<Migration>> ListMigrationsAsync(CancellationToken cancellation = default) => PagesAsync(
        "os-migrations?", CloudJson.Default.MigrationList, page => page.Migrations, migration => migration.Uuid.ToString(), cancellation);

    /// <summary>All that was asked for a server, also for one that is deleted, latest first.</summary>
    public Task<IReadOnlyList<ServerAction>> ListActionsAsync(Guid server, CancellationToken cancellation = default) => PagesAsync(
        $"servers/{server}/os-instance-actions?", CloudJson.Default.ServerActionList, page => page.Actions, action => action.RequestId, cancellation);

    /// <summary>What a project used, with each server's part.</summary>
    /// <param name="project">Its identifier.</param>
    /// <param name="start">UTC.</param>
    /// <param name="end">UTC, not included; Nova counts to now at the most.</param>
    public async Task<ProjectUsage> GetUsageAsync(string project, DateTimeOffset start, DateTimeOffset end, CancellationToken cancellation = default)
    {
        var total = new ProjectUsage(project, 0, 0, 0, 0);
        var servers = new List<ServerUsage>();
        for (var (page, marker) = (0, ""); page < MaxPages; page++)
        {
            var part = (await GetAsync($"os-simple-tenant-usage/{Uri.EscapeDataString(project)}?{Period(start, end)}{marker}", CloudJson.Default.UsageAnswer, cancellation).ConfigureAwait(false)).TenantUsage;
            if (part.ServerUsages is not { Count: > 0 } found)
            {
                break;
            }
            servers.AddRange(found);
            total = Add(total, part.TotalVcpusUsage, part.TotalMemoryMbUsage, part.TotalLocalGbUsage, part.TotalHours);
            marker = $"&marker={found[^1].InstanceId}";
        }
        return total with { ServerUsages = servers };
    }

    /// <summary>What every project used, with each server's part, by project.</summary>
    public async Task<IReadOnlyList<ProjectUsage>> ListUsagesAsync(DateTimeOffset start, DateTimeOffset end, CancellationToken cancellation = default)
    {
        // A page counts servers, not projects, so one project's servers may lie on several.
        var projects = new SortedDictionary<string, ProjectUsage>(StringComparer.Ordinal);
        for (var (page, marker) = (0, ""); page < MaxPages; page++)
        {
            var parts = (await GetAsync($"os-simple-tenant-usage?detailed=1&{Period(start, end)}{marker}", CloudJson.Default.UsageList, cancellation).ConfigureAwait(false)).TenantUsages;
            foreach (var part in parts)
            {
                var known = projects.GetValueOrDefault(part.TenantId, new ProjectUsage(part.TenantId, 0, 0, 0, 0, []));
                projects[part.TenantId] = Add(known, part.TotalVcpusUsage, part.TotalMemoryMbUsage, part.TotalLocalGbUsage, part.TotalHours) with
                {
                    ServerUsages = [.. known.ServerUsages!, .. part.ServerUsages ?? []],
                };
            }
            if (parts is not [.., { ServerUsages: [.., var last] }])
            {
                break;
            }
            marker = $"&marker={last.InstanceId}";
        }
        return [.. projects.Values];
    }

    /// <summary>All projects that the user may see: their names stand in tables.</summary>
    public async Task<IReadOnlyList<Project>> ListProjectsAsync(CancellationToken cancellation = default) =>
        (await session.SendAsync(new ServiceRequest(ServiceKind.Keystone, HttpMethod.Get, "projects"), CloudJson.Default.ProjectList, cancellation).ConfigureAwait(false)).Projects;

    private static ProjectUsage Add(ProjectUsage usage, double vcpus, double memory, double disk, double hours) => usage with
    {
        TotalVcpusUsage = usage.TotalVcpusUsage + vcpus,
        TotalMemoryMbUsage = usage.TotalMemoryMbUsage + memory,
        TotalLocalGbUsage = usage.TotalLocalGbUsage + disk,
        TotalHours = usage.TotalHours + hours,
    };

    private static string Period(DateTimeOffset start, DateTimeOffset end) =>
        string.Create(CultureInfo.InvariantCulture, $"start={start.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}&end={end.UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}");

    private async Task<IReadOnlyList<T>> PagesAsync<TPage, T>(
        string path, JsonTypeInfo<TPage> type, Func<TPage, IReadOnlyList<T>> itemsOf, Func<T, string> markerOf, CancellationToken cancellation)
    {
        var items = new List<T>();
        for (var page = 0; page < MaxPages; page++)
        {
            var marker = items.Count == 0 ? "" : $"&marker={Uri.EscapeDataString(markerOf(items[^1]))}";
            var found = itemsOf(await GetAsync($"{path}&limit={PageSize}{marker}", type, cancellation).ConfigureAwait(false));
            items.AddRange(found);
            // A cloud may have set a smaller page, so only an empty one is the last for sure.
            if (found.Count == 0)
            {
                break;
            }
        }
        return items;
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        session.SendAsync(new ServiceRequest(ServiceKind.Nova, HttpMethod.Get, path), type, cancellation);

    private Task<TAnswer> SendAsync<TBody, TAnswer>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation) =>
        session.SendAsync(ServiceRequest.Create(ServiceKind.Nova, method, path, body, bodyType), answerType, cancellation);
}
