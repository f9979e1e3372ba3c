using System.Net;

namespace Guardian.Node.Caching;

/// <summary>
/// Counts the requests and connections of each address, so that one cannot take the service from the others. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class AddressBudget(TimeProvider time)
{
    /// <summary>The requests of an address in one window. A verification needs five.</summary>
    public const int Requests = 300;

    /// <summary>The connections of an address at a time.</summary>
    public const int Connections = 32;

    /// <summary>The length of a window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    // Beyond so many addresses, all new ones share one count.
    private const int MaxAddresses = 8192;
    private const int PrefixSize = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> counts = [];
    private readonly Dictionary<IPAddress, int> open = [];
    private DateTimeOffset windowEnd;

    /// <summary>Counts a connection until <see cref="Close"/>.</summary>
    /// <param name="address">The client's address.</param>
    /// <returns>False when the address has too many.</returns>
    public bool TryOpen(IPAddress address)
    {
        var key = KeyOf(address);
        lock (gate)
        {
            var count = open.GetValueOrDefault(key);
            if (count >= Connections)
            {
                return false;
            }
            open[key] = count + 1;
            return true;
        }
    }

    /// <summary>Ends a connection.</summary>
    /// <param name="address">The client's address.</param>
    public void Close(IPAddress address)
    {
        var key = KeyOf(address);
        lock (gate)
        {
            if (--open[key] == 0)
            {
                open.Remove(key);
            }
        }
    }

    /// <summary>Counts a request.</summary>
    /// <param name="address">The client's address.</param>
    /// <returns>False when the address has used up its requests of this window.</returns>
    public bool TryTake(IPAddress address)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (now >= windowEnd || windowEnd - now > Window)
            {
                counts.Clear();
                windowEnd = now + Window;
            }
            var key = KeyOf(address);
            if (!counts.ContainsKey(key) && counts.Count >= MaxAddresses)
            {
                key = IPAddress.None;
            }
            var count = counts.GetValueOrDefault(key);
            if (count >= Requests)
            {
                return false;
            }
            counts[key] = count + 1;
            return true;
        }
    }

    // A machine has a whole /64 of IPv6 addresses.
    private static IPAddress KeyOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }
        var bytes = address.GetAddressBytes();
        if (bytes.Length > PrefixSize)
        {
            bytes.AsSpan(PrefixSize).Clear();
        }
        return new IPAddress(bytes);
    }
}
