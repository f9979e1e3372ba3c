using System.Globalization;
using Grpc.Core;
using Guardian.ComputeHost.Machine;

namespace Guardian.Node.Kubernetes;

/// <summary>
/// The daemon's role on a node of Kubernetes: it serves the resources of SGX to the kubelet and keeps the node's EPC in its status.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="readEpc">Reads the EPC of the machine.</param>
/// <param name="status">The node's status; null to leave it alone.</param>
/// <param name="log">Receives a line for each event that an operator may want to know.</param>
internal sealed class KubernetesRole(
    KubernetesSettings settings, Func<IReadOnlyList<EpcSection>> readEpc, NodeStatus? status, Action<string> log)
{
    /// <summary>The time between two looks at the kubelet's folder.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The time after which the status is written again, because others may have changed it.</summary>
    private static readonly TimeSpan StatusAge = TimeSpan.FromMinutes(1);

    private static readonly SgxResource[] Resources = [SgxResource.Enclave, SgxResource.Provision];

    private readonly Dictionary<SgxResource, PluginServer> servers = [];
    private string? trouble;

    /// <summary>Serves until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var served = Read();
        log(served.Bytes == 0 ? "this machine has no EPC"
            : string.Create(CultureInfo.InvariantCulture, $"this machine has {served.Bytes >> 20} MiB of {served.Platform} EPC"));
        if (served is { Bytes: > 0, IsSimulated: true })
        {
            log("simulated EPC protects nothing");
        }
        long? published = null;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var present = Read();
                if (present != served)
                {
                    await StopAsync().ConfigureAwait(false);
                    (served, published) = (present, null);
                }
                var registered = await RegisterAsync(served, cancellation).ConfigureAwait(false);
                if (registered || published is not { } before || TimeProvider.System.GetElapsedTime(before) > StatusAge)
                {
                    await (status?.PublishAsync(settings.Node, served, cancellation) ?? Task.CompletedTask).ConfigureAwait(false);
                    published = TimeProvider.System.GetTimestamp();
                }
                Note(null);
            }
            catch (Exception failure) when (IsPassing(failure))
            {
                // The end of the daemon interrupts calls too.
                if (!cancellation.IsCancellationRequested)
                {
                    Note(failure is RpcException call ? $"the kubelet does not answer: {call.Status.Detail}" : failure.Message);
                }
            }
            await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await StopAsync().ConfigureAwait(false);
    }

    private NodeEpc Read() => settings.SimulatedMebibytes is { } simulated
        ? new NodeEpc((long)simulated << 20, IsSimulated: true)
        : NodeEpc.Of(readEpc());

    // A kubelet that starts removes every socket from its folder: a plugin whose socket is gone registers again.
    private async Task<bool> RegisterAsync(NodeEpc epc, CancellationToken cancellation)
    {
        var registered = false;
        foreach (var resource in Resources.Where(resource => !File.Exists(Path.Combine(settings.Folder, resource.Endpoint))))
        {
            if (servers.Remove(resource, out var former))
            {
                await former.DisposeAsync().ConfigureAwait(false);
            }
            servers[resource] = await PluginServer.StartAsync(settings.Folder, resource, settings.Units, epc, cancellation)
                .ConfigureAwait(false);
            log($"registered {resource.Name}");
            registered = true;
        }
        return registered;
    }

    private async Task StopAsync()
    {
        foreach (var server in servers.Values)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var resource in servers.Keys)
        {
            File.Delete(Path.Combine(settings.Folder, resource.Endpoint));
        }
        servers.Clear();
    }

    // An outage that lasts is one line.
    private void Note(string? now)
    {
        if (now is not null && now != trouble)
        {
            log(now);
        }
        trouble = now;
    }

    private static bool IsPassing(Exception failure) =>
        failure is RpcException or HttpRequestException or IOException or UnauthorizedAccessException or OperationCanceledException;
}
