using System.Globalization;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.OpenStack.Setup;

/// <summary>
/// Reads the EPC that is claimed for servers by the flavors with which they were created or resized. A flavor that was deleted or changed
/// since then does not matter.
/// </summary>
/// <param name="nova">Nova.</param>
public sealed class RequestedEpc(NovaClient nova)
{
    /// <summary>Reads the EPC of all servers of a period, in MiB.</summary>
    /// <param name="since">Servers that were deleted before this time are left out.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>By server; a server is absent if the user may not see it, or not its flavor's extra specs. A user who may not list all
    /// projects' servers gets those of the own project.</returns>
    /// <exception cref="RefusedException">Nova refused or did not answer.</exception>
    public async Task<IReadOnlyDictionary<Guid, long>> ReadAsync(DateTimeOffset since, CancellationToken cancellation = default)
    {
        try
        {
            return await ReadAsync("all_tenants=1", since, cancellation).ConfigureAwait(false);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.Forbidden)
        {
            return await ReadAsync("", since, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyDictionary<Guid, long>> ReadAsync(string scope, DateTimeOffset since, CancellationToken cancellation)
    {
        // Only with changes-since, Nova lists deleted servers to everybody, but then it leaves out servers that did not change.
        var changes = string.Create(CultureInfo.InvariantCulture, $"{scope}&changes-since={since.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z");
        var requests = new Dictionary<Guid, long>();
        foreach (var query in new[] { $"{scope}&soft_deleted=1", changes })
        {
            foreach (var server in await nova.ListServersAsync(query, cancellation).ConfigureAwait(false))
            {
                if (server.Flavor.ExtraSpecs is { } specs)
                {
                    requests[server.Id] = Epc.ReadRequest(specs);
                }
            }
        }
        return requests;
    }
}
