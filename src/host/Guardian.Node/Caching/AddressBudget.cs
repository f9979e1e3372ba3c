using System.Net;
using Guardian.Hosting;

namespace Guardian.Node.Caching;

/// <summary>Counts the requests of each address, so that one cannot take the service from the others. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class AddressBudget(TimeProvider time)
{
    /// <summary>The requests of an address in one window. A verification needs five.</summary>
    public const int Requests = 300;

    /// <summary>The length of a window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    // Beyond so many addresses, all new ones share one count.
    private const int MaxAddresses = 8192;

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> counts = [];
    private DateTimeOffset windowEnd;

    /// <summary>Counts a request.</summary>
    /// <param name="address">The client's address; null is an address of its own.</param>
    /// <returns>False when the address has used up its requests of this window.</returns>
    public bool TryTake(IPAddress? address)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (now >= windowEnd || windowEnd - now > Window)
            {
                counts.Clear();
                windowEnd = now + Window;
            }
            var key = PeerAddress.Of(address);
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
}
