using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Guests;
using Guardian.ComputeHost.Inventory;
using Guardian.ComputeHost.Machine;
using Guardian.Node.Definitions;
using Guardian.Node.Metering;
using Guardian.Node.Metrics;
using Guardian.Node.Publishing;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Node.Daemon;

/// <summary>The relay's part of the daemon's state.</summary>
/// <param name="Statistics">The relay's counts.</param>
/// <param name="CountConnections">Counts the open connections.</param>
/// <param name="AreLookupsSuspended">Whether lookups are not made at present.</param>
internal sealed record RelayState(RelayStatistics Statistics, Func<int> CountConnections, Func<bool> AreLookupsSuspended);

/// <summary>The daemon's tasks beside relaying: it meters guests, publishes the host's EPC, and answers monitoring.</summary>
internal static class NodeTasks
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(30);

    /// <summary>Starts every task that the configuration asks for; they end with the process.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="name">Nova's name of this host.</param>
    /// <param name="session">The cloud; null when none is configured, and then nothing is published.</param>
    /// <param name="meter">The meter, which runs.</param>
    /// <param name="relay">Reads the relay's part of the daemon's state.</param>
    /// <param name="check">Runs the built-in check of the host.</param>
    /// <param name="log">Receives a line for each event that an operator may want to know.</param>
    /// <exception cref="RefusedException">A reason of <see cref="EndpointReasons"/>.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static void Start(
        NodeConfiguration configuration, HostName name, CloudSession? session, Meter meter, RelayState relay, Func<bool> check,
        Action<string> log)
    {
        var inventory = session is null ? null : StartInventory(configuration, name, session, check, log);
        if (configuration.Monitoring is { } address)
        {
            var processes = new GuestProcesses();
            string Write() => WriteMetrics(configuration, name.Current, inventory, meter, processes)
                + DaemonMetrics.Write(name.Current, ReadState(session, inventory, meter, relay));
            IEnumerable<GuestMetrics> ListGuests() => meter.ListGuests().Where(guest => guest.Claimed > 0);
            NodeEndpoint.Create(address, Write, configuration.Journal, ListGuests, log).StartAsync().GetAwaiter().GetResult();
            log($"metrics on {(address.Certificate is null ? "http" : "https")}://{address.Listen}/metrics");
        }
    }

    private static InventoryLoop StartInventory(
        NodeConfiguration configuration, HostName name, CloudSession session, Func<bool> check, Action<string> log)
    {
        var sections = configuration.Sections.Count == 0 ? null : configuration.Sections
            .GroupBy(section => section.Node).ToDictionary(node => node.Key, node => node.Sum(section => section.Kibibytes) / 1024);
        HostEpc Read()
        {
            name.Refresh();
            var isHealthy = configuration.Check is { } program ? Passes(program) : check();
            var keys = configuration.TdxGuests
                ? TdxCheck.CountKeys(new HostRoot(), () => LibvirtFacts.Read(configuration.Upstream))
                : 0;
            return HostEpc.Read(sections, configuration.ReservedMebibytes, isHealthy) with { TdxKeys = keys };
        }
        var publisher = new EpcPublisher(
            new PlacementClient(session), () => name.Current, configuration.ProvisionKey == ProvisionKeyRule.ByFlavor);
        var inventory = new InventoryLoop(publisher, Read, TimeProvider.System, log);
        _ = Task.Run(() => inventory.RunAsync(CancellationToken.None));
        return inventory;
    }

    private static DaemonState ReadState(CloudSession? session, InventoryLoop? inventory, Meter meter, RelayState relay) => new()
    {
        Version = typeof(NodeTasks).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        Relay = relay.Statistics,
        Connections = relay.CountConnections(),
        LookupsSuspended = relay.AreLookupsSuspended(),
        Services = session?.Answers ?? new Dictionary<string, bool>(),
        PublishedAt = inventory?.PublishedAt,
        PublicationFailures = inventory?.Failures,
        JournalBacklog = meter.Backlog,
    };

    private static string WriteMetrics(
        NodeConfiguration configuration, string name, InventoryLoop? inventory, Meter meter, GuestProcesses processes)
    {
        var host = inventory?.LastRead;
        var mapped = processes.List().ToDictionary(process => process.Instance, process => process.Mebibytes);
        var reserved = configuration.ReservedMebibytes;
        var sections = new List<SectionMetrics>();
        foreach (var (node, total) in (host?.Mebibytes ?? new Dictionary<int, long>()).OrderBy(section => section.Key))
        {
            long? claimed = inventory!.Claimed.TryGetValue(node, out var known) ? known : null;
            sections.Add(new SectionMetrics(node, total, Math.Min(reserved, total), claimed));
            reserved -= Math.Min(reserved, total);
        }
        var guests = meter.ListGuests().Select(guest => guest with { Mapped = mapped.GetValueOrDefault(guest.Instance) })
            .Where(guest => guest.Claimed + guest.Mapped > 0).ToList();
        return NodeMetrics.Write(name, host?.IsHealthy, sections, guests);
    }

    // An operator's own check in place of the built-in one: exit code 0 means that the host may take guests.
    private static bool Passes(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (process.WaitForExit(CheckLimit))
            {
                return process.ExitCode == 0;
            }
            process.Kill(entireProcessTree: true);
            return false;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
