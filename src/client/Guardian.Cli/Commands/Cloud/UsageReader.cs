using System.CommandLine;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Metering;
using Guardian.OpenStack;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>Adds enclave memory to the usage that Nova counts, over the same hours.</summary>
internal sealed class UsageReader(
    UsageOptions options, ParseResult arguments, Terminal terminal, CloudSession session, CancellationToken cancellation)
{
    private readonly NovaClient nova = new(session);

    private readonly (DateTimeOffset Start, DateTimeOffset End) period = options.ReadPeriod(arguments);

    /// <summary>Reads one project's usage.</summary>
    /// <param name="project">The project, by name or identifier; null for the user's own.</param>
    public async Task<UsageResult> ReadProjectAsync(string? project)
    {
        var id = await FindProjectAsync(project).ConfigureAwait(false);
        return (await AddEpcAsync([await nova.GetUsageAsync(id, period.Start, period.End, cancellation).ConfigureAwait(false)])
            .ConfigureAwait(false))[0];
    }

    /// <summary>Reads every project's usage.</summary>
    /// <returns>The usages, and the projects' names by identifier.</returns>
    public async Task<(List<UsageResult> Usages, IReadOnlyDictionary<string, string> Names)> ReadAllAsync()
    {
        var usages = await AddEpcAsync(await nova.ListUsagesAsync(period.Start, period.End, cancellation).ConfigureAwait(false))
            .ConfigureAwait(false);
        return (usages,
            (await nova.ListProjectsAsync(cancellation).ConfigureAwait(false)).ToDictionary(known => known.Id, known => known.Name));
    }

    private async Task<string> FindProjectAsync(string? wanted)
    {
        if (wanted is null)
        {
            return await session.GetProjectAsync(cancellation).ConfigureAwait(false)
                ?? throw CliReasons.NoProjectScope.Refuse("your token is for no project");
        }
        try
        {
            var projects = await nova.ListProjectsAsync(cancellation).ConfigureAwait(false);
            return projects.Where(project => project.Id == wanted || project.Name == wanted).ToList() switch
            {
                [var one] => one.Id,
                [] => throw CliReasons.NoProject.Refuse($"there is no project '{wanted}'"),
                var several => throw CliReasons.AmbiguousProject.Refuse($"{several.Count} projects are called '{wanted}'"),
            };
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Forbidden)
        {
            // A member may not list projects, but may ask for its own by identifier.
            return wanted;
        }
    }

    private async Task<List<UsageResult>> AddEpcAsync(IReadOnlyList<ProjectUsage> usages)
    {
        var (timelines, missing) = await options.ReadTimelinesAsync(arguments, session, cancellation).ConfigureAwait(false);
        foreach (var host in missing)
        {
            terminal.Note($"{host.Host} is away: {host.Problem}; EPC of servers that were there is counted by their flavor, or not at all");
        }
        if (timelines is null)
        {
            terminal.Note("no journal is given, so EPC is counted by each server's own flavor, as Nova counts RAM; --node or "
                + "--journal count every resize");
        }
        InstanceTimeline? FindTimeline(ServerUsage server) =>
            timelines?.GetValueOrDefault(server.InstanceId) is { Sizes.Count: > 0 } timeline ? timeline : null;
        // Most servers have no EPC, and no journal has those.
        var requests = usages.Any(usage => usage.ServerUsages!.Any(server => FindTimeline(server) is null))
            ? await ReadRequestsAsync().ConfigureAwait(false)
            : _ => 0;
        var results = new List<UsageResult>();
        foreach (var usage in usages)
        {
            List<ServerUsageResult> servers = [];
            foreach (var server in usage.ServerUsages!)
            {
                servers.Add(await CountAsync(server, FindTimeline(server), requests).ConfigureAwait(false));
            }
            List<string> byFlavor = [.. servers.Where(server => server.CountedByFlavor).Select(server => server.Server.ToString())];
            if (timelines is not null && byFlavor.Count > 0)
            {
                terminal.Note($"{byFlavor.Count} servers of project {usage.TenantId} are in no journal that was given, and are counted by "
                    + $"their flavor: {string.Join(", ", byFlavor)}");
            }
            results.Add(new UsageResult(
                usage.TenantId, period.Start, period.End, usage.TotalVcpusUsage, usage.TotalLocalGbUsage,
                decimal.Round(servers.Sum(server => server.EpcMebibyteHours), 6), usage.TotalMemoryMbUsage, usage.ServerUsages!.Count,
                byFlavor, missing)
            {
                PerServer = [.. servers.Select(server => server with { EpcMebibyteHours = decimal.Round(server.EpcMebibyteHours, 6) })
                    .OrderByDescending(server => server.EpcMebibyteHours)],
            });
        }
        return results;
    }

    private async Task<ServerUsageResult> CountAsync(ServerUsage server, InstanceTimeline? timeline, Func<ServerUsage, long> requests)
    {
        var mebibytes = timeline is null ? requests(server) : 0;
        var epc = timeline is null ? (decimal)server.Hours * mebibytes : await CountHeldAsync(server, timeline).ConfigureAwait(false);
        return new ServerUsageResult(server.InstanceId, server.Name, server.Flavor, server.Hours, epc, mebibytes > 0);
    }

    // A server's own flavor, as it was when the server was created or resized; else the present flavor of that name.
    private async Task<Func<ServerUsage, long>> ReadRequestsAsync()
    {
        var own = await new RequestedEpc(nova).ReadAsync(period.Start, cancellation).ConfigureAwait(false);
        var present = (await nova.ListFlavorsAsync(cancellation).ConfigureAwait(false))
            .GroupBy(flavor => flavor.Name).ToDictionary(group => group.Key, group => Epc.ReadRequest(group.First().ExtraSpecs));
        return server => own.TryGetValue(server.InstanceId, out var mebibytes) || present.TryGetValue(server.Flavor, out mebibytes)
            ? mebibytes
            : throw CliReasons.UnknownFlavor.Refuse(
                $"there is no flavor '{server.Flavor}' any more, so the EPC of server {server.InstanceId} is not known");
    }

    private async Task<decimal> CountHeldAsync(ServerUsage server, InstanceTimeline timeline)
    {
        var launched = new DateTimeOffset(DateTime.SpecifyKind(server.StartedAt, DateTimeKind.Utc));
        var counted = EpcUsage.FindCounted(timeline, period.Start, launched, (decimal)server.Hours);
        var absences = ShelvedTime.FindAbsences(timeline, launched, counted);
        var released = absences.Count == 0
            ? []
            : ShelvedTime.FindReleased(absences, await nova.ListActionsAsync(server.InstanceId, cancellation).ConfigureAwait(false));
        return EpcUsage.SumHeld(timeline, counted, released);
    }
}
