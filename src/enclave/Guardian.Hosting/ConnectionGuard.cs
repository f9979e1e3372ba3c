using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Guardian.Hosting;

/// <summary>Bounds the connections of each address, and closes those that ask for nothing. Thread-safe.</summary>
internal sealed class ConnectionGuard(ConnectionLimits limits)
{
    private static readonly object Key = new();

    private readonly PartitionedRateLimiter<IPAddress?> limiter = PeerAddress.Limit(limits.OfAddress);

    /// <summary>Serves a connection, unless its address has too many.</summary>
    public async Task ServeAsync(ConnectionContext connection, Func<Task> next)
    {
        using var lease = limiter.AttemptAcquire((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!lease.IsAcquired)
        {
            connection.Abort();
            return;
        }
        // The server's own timeouts begin with the first byte of a request; a handshake alone would hold a place for minutes.
        var idle = new Timer(
            state => ((ConnectionContext)state!).Abort(), connection, ConnectionLimits.FirstRequest, Timeout.InfiniteTimeSpan);
        await using (idle.ConfigureAwait(false))
        {
            connection.Items[Key] = idle;
            await next().ConfigureAwait(false);
        }
    }

    /// <summary>Notes that a connection has made a request.</summary>
    public static Task MarkUsed(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out var idle) == true)
        {
            ((Timer)idle!).Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        return next(context);
    }
}
