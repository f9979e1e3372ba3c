using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Guardian.Hosting;

/// <summary>The address by which limits distinguish peers.</summary>
public static class PeerAddress
{
    /// <summary>Reduces an address to its owner: an IPv4 address, also when it is mapped to IPv6, or the first 64 bits of an IPv6 address,
    /// because one owner has all addresses that begin with them.</summary>
    /// <param name="address">The peer's address, or null.</param>
    /// <returns>The address; <see cref="IPAddress.None"/> for null.</returns>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Creates a limiter that bounds the concurrent uses of each address. It refuses more; nothing waits.</summary>
    /// <param name="maxConcurrent">Uses of one address at the same time.</param>
    /// <returns>The limiter.</returns>
    public static PartitionedRateLimiter<IPAddress?> Limit(int maxConcurrent) => PartitionedRateLimiter.Create<IPAddress?, IPAddress>(
        address => RateLimitPartition.GetConcurrencyLimiter(
            Of(address), _ => new ConcurrencyLimiterOptions { PermitLimit = maxConcurrent, QueueLimit = 0 }));
}
