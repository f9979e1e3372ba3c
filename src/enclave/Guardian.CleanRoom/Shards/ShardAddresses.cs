using System.Net;
using System.Net.Sockets;

namespace Guardian.CleanRoom.Shards;

/// <summary>
/// Finds the shards of a room by the addresses that its host names. A name with several addresses stands for one shard at each of them, so
/// shards come and go with their addresses while the room runs. Nothing of this is trusted: the room verifies each shard that it calls.
/// Thread-safe.
/// </summary>
/// <param name="places">The addresses, <c>https://host:port</c>; a host is a name or an IP address.</param>
/// <param name="resolve">Finds the addresses of a name; a <see cref="SocketException"/> means that it is not known now.</param>
/// <param name="connect">Makes the shard at an address, without connecting to it.</param>
/// <param name="time">The clock.</param>
public sealed class ShardAddresses(
    IReadOnlyList<Uri> places, Func<string, IReadOnlyList<IPAddress>> resolve, Func<Uri, IShard> connect, TimeProvider time)
{
    /// <summary>The shards that a room uses at most; each has a thread during a question.</summary>
    public const int MaxShards = 256;

    // Members ask for the state of the room as often as they like.
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<Uri, IReadOnlyList<Uri>> found = [];
    private Dictionary<Uri, IShard> shards = [];
    private long? foundAt;

    /// <summary>Finds the shards that there are now, in a stable order. Names are resolved once a second at most.</summary>
    /// <returns>The shards; a name that is not known now stands for the addresses that it had.</returns>
    public IReadOnlyList<IShard> Find()
    {
        lock (gate)
        {
            if (foundAt is not { } before || time.GetElapsedTime(before) >= MaxAge)
            {
                // A shard whose address is gone keeps its connections for questions that use it; idle ones end by themselves.
                shards = places.SelectMany(Locate).Distinct().Take(MaxShards)
                    .ToDictionary(address => address, address => shards.GetValueOrDefault(address) ?? connect(address));
                foundAt = time.GetTimestamp();
            }
            return [.. shards.Values];
        }
    }

    private IReadOnlyList<Uri> Locate(Uri place)
    {
        if (place.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6)
        {
            return [place];
        }
        try
        {
            var addresses = resolve(place.IdnHost);
            // A shard may have an address of each family, and is still one.
            found[place] =
            [
                .. addresses.Where(address => address.AddressFamily == addresses[0].AddressFamily)
                    .Select(address => new UriBuilder(place) { Host = address.ToString() }.Uri)
                    .OrderBy(address => address.Host, StringComparer.Ordinal),
            ];
        }
        catch (SocketException)
        {
            // The service of names is away, or the name has no address: shards that still answer are used.
        }
        return found.GetValueOrDefault(place) ?? [];
    }
}
