using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Guardian.Hosting;

/// <summary>Bounds how many connections one address has, so that it leaves some to the others. Thread-safe.</summary>
/// <param name="max">As many; a further one is to be closed at once.</param>
public sealed class AddressShares(int max)
{
    private readonly Dictionary<IPAddress, int> counts = [];
    private readonly Lock gate = new();

    /// <summary>Counts a connection, if its address may have one more; <see cref="GiveBack"/> ends that.</summary>
    public bool TryTake(IPAddress address)
    {
        lock (gate)
        {
            var count = counts.GetValueOrDefault(address);
            if (count < max)
            {
                counts[address] = count + 1;
            }
            return count < max;
        }
    }

    /// <summary>A connection that was counted has ended.</summary>
    public void GiveBack(IPAddress address)
    {
        lock (gate)
        {
            if (--counts[address] == 0)
            {
                counts.Remove(address);
            }
        }
    }

    // As middleware of a server's connections.
    internal async Task RunAsync(ConnectionContext connection, Func<Task> next)
    {
        var address = PeerAddress.Of((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!TryTake(address))
        {
            connection.Abort();
            return;
        }
        try
        {
            await next().ConfigureAwait(false);
        }
        finally
        {
            GiveBack(address);
        }
    }
}
