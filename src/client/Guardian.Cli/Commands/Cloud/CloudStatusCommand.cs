using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.OpenStack.Setup;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cloud;

/// <summary><c>guardian cloud status</c>.</summary>
internal sealed class CloudStatusCommand : CliCommand
{
    private readonly Option<string?> cloud = CloudOptions.Create();
    private readonly NodeDownloads downloads = new();
    private readonly NodeFleet fleet;

    public CloudStatusCommand() : base(
        "status", "Show each host's enclave memory, and claims that fit no server; ends with 1 when there are any, or a daemon is away.")
    {
        fleet = new NodeFleet(downloads);
        AddSymbols([cloud, fleet.Option, .. downloads.All]);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        using var session = CloudOptions.Connect(arguments.GetValue(cloud));
        var status = await new CloudStatus(new PlacementClient(session), new NovaClient(session)).ReadAsync(cancellation)
            .ConfigureAwait(false);
        var daemons = fleet.IsWanted(arguments)
            ? await fleet.AskAsync(arguments, session, AskAsync, cancellation).ConfigureAwait(false)
            : null;
        var result = CloudStatusResult.Of(status, daemons);
        terminal.Show(result, CloudJson.Default.CloudStatusResult, people => Show(people, result));
        return result.Drift.Count == 0 && result.Hosts.All(host => host.Daemon?.Problem is null) ? ExitCode.Done : ExitCode.Refused;
    }

    private static async Task<NodeReport> AskAsync(HttpClient http, Uri node, CancellationToken cancellation) =>
        NodeReport.Read(await NodeDownloads.DownloadMetricsAsync(http, node, cancellation).ConfigureAwait(false));

    private static void Show(TextOutput people, CloudStatusResult status)
    {
        var table = new TextTable(TableFrame.Ascii).AddTextColumns("Host", "State", "Healthy")
            .AddNumberColumns("Sections", "EPC MiB", "Reserved", "Claimed", "Free", "Largest", "Guests");
        foreach (var host in status.Hosts)
        {
            table.AddRow([
                host.Host, host.State, host.Healthy ? "yes" : "no",
                .. new[]
                {
                    host.Sections, host.TotalMebibytes, host.ReservedMebibytes, host.ClaimedMebibytes, host.FreeMebibytes,
                        host.LargestFreeMebibytes, host.Guests,
                }.Select(Format.Number)]);
        }
        people.WriteTable(table);
        ShowDaemons(people, status);
        people.WriteLine(status.Drift.Count == 0 ? "claims and servers agree" : "claims and servers disagree:");
        Show(people, status.Drift);
        if (status.Leftovers.Count > 0)
        {
            people.WriteLine("claims that wait for a host to be back:");
            Show(people, status.Leftovers);
        }
    }

    private static void ShowDaemons(TextOutput people, CloudStatusResult status)
    {
        if (status.Hosts.All(host => host.Daemon is null))
        {
            return;
        }
        var table = new TextTable(TableFrame.Ascii).AddTextColumns("Host", "Daemon", "Published").AddNumberColumns("Refusals");
        foreach (var host in status.Hosts)
        {
            table.AddRow(
                host.Host, host.Daemon?.Problem is null ? host.Daemon?.Version ?? "unknown" : "away",
                host.Daemon?.PublishedAt?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
                Format.Number(host.Daemon?.Refusals ?? 0));
        }
        people.WriteTable(table);
        foreach (var host in status.Hosts.Where(host => host.Daemon?.Problem is not null))
        {
            people.WriteLine($"{host.Host}: {host.Daemon!.Problem}");
        }
    }

    private static void Show(TextOutput people, IReadOnlyList<DriftResult> items)
    {
        foreach (var item in items)
        {
            people.WriteLine(
                $"  {item.Consumer} on {item.Host ?? "an unknown host"}: claimed {item.ClaimedMebibytes} MiB, "
                + $"expected {item.ExpectedMebibytes} MiB: {item.Problem}");
        }
    }
}

/// <summary>The result of <c>cloud status</c>.</summary>
/// <param name="Leftovers">Claims on hosts from which servers were evacuated; they are no disagreement.</param>
internal sealed record CloudStatusResult(
    IReadOnlyList<HostResult> Hosts, IReadOnlyList<DriftResult> Drift, IReadOnlyList<DriftResult> Leftovers)
{
    public static CloudStatusResult Of(EpcStatus status, IReadOnlyDictionary<string, Outcome<NodeReport>>? daemons = null) => new(
        [.. status.Hosts.Select(host => new HostResult(
            host.Host, host.State, host.IsHealthy, host.Sections, host.Total, host.Reserved, host.Claimed, host.Free, host.LargestFree,
            host.Guests, daemons?.TryGetValue(host.Host, out var answer) == true
                ? answer.Value ?? new NodeReport(null, null, 0, answer.Refusal!.Detail)
                : null))],
        Of(status.Drift), Of(status.Leftovers));

    private static IReadOnlyList<DriftResult> Of(IReadOnlyList<EpcDrift> items) =>
        [.. items.Select(item => new DriftResult(item.Consumer.ToString(), item.Host, item.Claimed, item.Expected, item.Problem))];
}

/// <summary>A host with enclave memory.</summary>
/// <param name="State"><c>up</c>, <c>down</c>, or <c>disabled</c>, which is up and takes no new servers.</param>
/// <param name="LargestFreeMebibytes">The largest claim that one of its sections can take.</param>
/// <param name="Daemon">The daemon's own report; absent when daemons are not asked.</param>
internal sealed record HostResult(
    string Host, string State, bool Healthy, long Sections, long TotalMebibytes, long ReservedMebibytes, long ClaimedMebibytes,
    long FreeMebibytes,
    long LargestFreeMebibytes, long Guests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] NodeReport? Daemon);

/// <summary>A claim that fits no server.</summary>
/// <param name="Consumer">The server's identifier.</param>
/// <param name="Host">The host; null when it is unknown.</param>
internal sealed record DriftResult(string Consumer, string? Host, long ClaimedMebibytes, long ExpectedMebibytes, string Problem);
