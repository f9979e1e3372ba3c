using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>The outcome of moving one server.</summary>
/// <param name="Server">The server.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mebibytes">Its EPC; 0 of a TDX guest.</param>
/// <param name="Target">The host that it moved to; null when it stays.</param>
/// <param name="Problem">The reason why it stays; null when it moved.</param>
public sealed record DrainedServer(Guid Server, string Name, long Mebibytes, string? Target, string? Problem);

/// <summary>
/// Moves the servers with EPC or TDX away from a host, one after the other, by cold migration: neither can move while a server runs.
/// </summary>
/// <param name="nova">Nova.</param>
/// <param name="time">The clock.</param>
public sealed class HostDrain(NovaClient nova, TimeProvider time)
{
    private const string Reason = "guardian cloud drain";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Lists the servers with EPC or TDX on a host.</summary>
    /// <param name="host">Nova's name of the host.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The servers, none of them moved.</returns>
    /// <exception cref="RefusedException">Nova refused or did not answer, or has no such host.</exception>
    public async Task<IReadOnlyList<DrainedServer>> ListAsync(string host, CancellationToken cancellation = default)
    {
        var node = await FindNodeAsync(host, cancellation).ConfigureAwait(false);
        return [.. (await ListServersAsync(node, cancellation).ConfigureAwait(false)).Select(server => Describe(server, null, null))];
    }

    /// <summary>Disables the host's nova-compute, and moves its servers with EPC or TDX.</summary>
    /// <param name="host">Nova's name of the host.</param>
    /// <param name="limit">The longest time that one server may take.</param>
    /// <param name="onServer">Called for each server, when it has moved or stays.</param>
    /// <param name="cancellation">Cancels the run; servers under way end their move by themselves and then wait for a confirmation.</param>
    /// <returns>All servers with EPC or TDX that were on the host.</returns>
    /// <exception cref="RefusedException">Nova refused or did not answer, or has no such host.</exception>
    public async Task<IReadOnlyList<DrainedServer>> RunAsync(
        string host, TimeSpan limit, Action<DrainedServer> onServer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(onServer);
        var node = await FindNodeAsync(host, cancellation).ConfigureAwait(false);
        var service = (await nova.ListComputeServicesAsync(cancellation).ConfigureAwait(false))
            .FirstOrDefault(known => known.Host == node.Service.Host)
            ?? throw new RefusedException(CloudReasons.NotFound.Because($"Nova has no compute service on '{host}'"));
        if (service.Status != "disabled")
        {
            await nova.DisableServiceAsync(service.Id, Reason, cancellation).ConfigureAwait(false);
        }
        var results = new List<DrainedServer>();
        foreach (var server in await ListServersAsync(node, cancellation).ConfigureAwait(false))
        {
            results.Add(await MoveAsync(server, node.HypervisorHostname, limit, cancellation).ConfigureAwait(false));
            onServer(results[^1]);
        }
        return results;
    }

    private async Task<Hypervisor> FindNodeAsync(string host, CancellationToken cancellation) =>
        (await nova.ListHypervisorsAsync(cancellation).ConfigureAwait(false))
            .FirstOrDefault(node => node.HypervisorHostname == host || node.Service.Host == host)
        ?? throw new RefusedException(
            CloudReasons.NotFound.Because($"Nova has no host '{host}'; openstack hypervisor list shows the names"));

    private async Task<IReadOnlyList<Server>> ListServersAsync(Hypervisor node, CancellationToken cancellation) =>
        [.. (await nova.ListServersAsync(cancellation).ConfigureAwait(false))
            .Where(server => server.Host == node.HypervisorHostname
                && (Epc.ReadRequest(server.Flavor.ExtraSpecs) > 0 || Tdx.RequestsKey(server.Flavor.ExtraSpecs)))
            .OrderBy(server => server.Name, StringComparer.Ordinal)];

    private static DrainedServer Describe(Server server, string? target, string? problem) =>
        new(server.Id, server.Name, Epc.ReadRequest(server.Flavor.ExtraSpecs), target, problem);

    private async Task<DrainedServer> MoveAsync(Server server, string source, TimeSpan limit, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        if (server.Status is not ("ACTIVE" or "SHUTOFF"))
        {
            return Describe(server, null, server.Status == "VERIFY_RESIZE"
                ? "its owner has resized it, and must confirm or revert that first"
                : $"Nova moves no server in the state {server.Status}");
        }
        try
        {
            await nova.MigrateAsync(server.Id, cancellation).ConfigureAwait(false);
            var moved = await WaitAsync(server.Id, "RESIZE", start, limit, cancellation).ConfigureAwait(false);
            if (moved?.Status != "VERIFY_RESIZE")
            {
                return Describe(server, null, moved is null
                    ? $"it did not move within {limit.TotalMinutes:0} minutes"
                    : moved.Status == "ERROR" ? "it is in the state ERROR now; a hard reboot fixes it" : "no other host took it");
            }
            await nova.ConfirmAsync(server.Id, cancellation).ConfigureAwait(false);
            var confirmed = await WaitAsync(server.Id, "VERIFY_RESIZE", start, limit, cancellation).ConfigureAwait(false);
            return confirmed is { Host: { } target } && target != source && confirmed.Status != "ERROR"
                ? Describe(server, target, null)
                : Describe(server, null, "its move is not confirmed; openstack server resize confirm does it");
        }
        catch (RefusedException failure)
        {
            // The other servers may still move.
            return Describe(server, null, failure.Message);
        }
    }

    // Until no work is under way; null when that takes too long. Nova notes a migration before it answers the request, but shows no task
    // while it confirms one.
    private async Task<Server?> WaitAsync(
        Guid server, string stateMeanwhile, long start, TimeSpan limit, CancellationToken cancellation)
    {
        while (true)
        {
            var now = await nova.GetServerAsync(server, cancellation).ConfigureAwait(false);
            if (now.TaskState is null && now.Status != stateMeanwhile)
            {
                return now;
            }
            if (time.GetElapsedTime(start) > limit)
            {
                return null;
            }
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }
}
