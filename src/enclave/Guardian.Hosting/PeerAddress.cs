using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Guardian.Hosting;

/// <summary>By which address peers are told apart where they share something.</summary>
public static class PeerAddress
{
    /// <summary>An IPv4 address, also when it comes as IPv6; of an IPv6 address the first 64 bits, for whoever has one has all that begin so.</summary>
    /// <returns>The address; <see cref="IPAddress.None"/> where there is none.</returns>
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

    /// <summary>Bounds what each address has at once, so that it leaves something to the others; what is beyond is refused, nothing waits.</summary>
    public static PartitionedRateLimiter<IPAddress?> Limit(int atOnce) => PartitionedRateLimiter.Create<IPAddress?, IPAddress>(
        address => RateLimitPartition.GetConcurrencyLimiter(Of(address), _ => new ConcurrencyLimiterOptions { PermitLimit = atOnce, QueueLimit = 0 }));
}
