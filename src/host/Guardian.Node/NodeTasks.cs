using System.Diagnostics;
using System.Net;
using Guardian.Node.Metering;
using Guardian.Node.Metrics;
using Guardian.Node.Processes;
using Guardian.Node.Publishing;
using Guardian.Node.Relay;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;

namespace Guardian.Node;

/// <summary>What the daemon does beside relaying: meters guests, publishes the host's EPC, answers monitoring.</summary>
internal static class NodeTasks
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(30);

    /// <summary>Begins everything that the configuration asks for; it ends with the process.</summary>
    /// <param name="session">The cloud; null where none is configured, and then nothing is published.</param>
    /// <param name="passed">What the relay passes on.</param>
    /// <param name="check">The host's own check.</param>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    /// <exception cref="IOException">The journal cannot be opened, or the address cannot be listened on.</exception>
    public static void Start(NodeConfiguration configuration, CloudSession? session, PassedDefinitions passed, Func<bool> check, Action<string> log)
    {
        var clock = new HostClock(TimeProvider.System);
        var processes = new GuestProcesses();
        var meter = new Meter(configuration.Journal, clock.Read, log);
        new GuestWatch(meter, processes, passed, clock.Read, configuration.Upstream, log).Start();

        HostEpc Read() => HostEpc.OfThisHost(
            configuration.Sections.Count > 0 ? configuration.Sections.GroupBy(section => section.Node).ToDictionary(node => node.Key, node => node.Sum(section => section.Kibibytes) / 1024) : null,
            configuration.ReservedMebibytes, configuration.Check is { } program ? Passes(program) : check());
        var inventory = session is null ? null : new InventoryLoop(new EpcPublisher(new PlacementClient(session), configuration.Host), Read, TimeProvider.System, log);
        if (inventory is not null)
        {
            _ = Task.Run(() => inventory.RunAsync(CancellationToken.None));
        }
        if (configuration.Metrics is { } listen)
        {
            NodeEndpoint.Create(listen, () => Metrics(configuration, inventory, meter, processes), configuration.Journal).StartAsync().GetAwaiter().GetResult();
            log($"metrics on http://{listen}/metrics");
        }
    }

    private static string Metrics(NodeConfiguration configuration, InventoryLoop? inventory, Meter meter, GuestProcesses processes)
    {
        var host = inventory?.Seen;
        var mapped = processes.List().ToDictionary(process => process.Instance, process => process.Mebibytes);
        var reserved = configuration.ReservedMebibytes;
        var sections = new List<SectionMetrics>();
        foreach (var (node, total) in (host?.Mebibytes ?? new Dictionary<int, long>()).OrderBy(section => section.Key))
        {
            sections.Add(new SectionMetrics(node, total, Math.Min(reserved, total), inventory!.Claimed.TryGetValue(node, out var claimed) ? claimed : null));
            reserved -= Math.Min(reserved, total);
        }
        return NodeMetrics.Write(
            configuration.Host, host?.IsHealthy, sections,
            [.. meter.Guests().Select(guest => guest with { Mapped = mapped.GetValueOrDefault(guest.Instance) }).Where(guest => guest.Claimed + guest.Mapped > 0)]);
    }

    // An operator's own check in place of ours: what ends with 0 says that the host may take guests.
    private static bool Passes(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true })!;
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
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
