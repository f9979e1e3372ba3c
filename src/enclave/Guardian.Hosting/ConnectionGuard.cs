using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Guardian.Hosting;

/// <summary>Bounds the connections of each address, and closes those that ask for nothing. Thread-safe.</summary>
public sealed class ConnectionGuard
{
    private static readonly object Key = new();

    private readonly PartitionedRateLimiter<IPAddress?> limiter;

    /// <summary>Creates a guard.</summary>
    /// <param name="limits">The bounds; <see cref="ConnectionLimits.Total"/> is the server's own to keep.</param>
    /// <exception cref="ArgumentNullException"><paramref name="limits"/> is null.</exception>
    public ConnectionGuard(ConnectionLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        limiter = PeerAddress.Limit(limits.OfAddress);
    }

    /// <summary>Serves a connection, unless its address has too many. Runs before the handshake, so that one too many costs nothing
    /// more.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="next">Serves it.</param>
    /// <returns>A task that ends with the connection.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public async Task ServeAsync(ConnectionContext connection, Func<Task> next)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(next);
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
    /// <param name="context">The request.</param>
    /// <param name="next">Answers it.</param>
    /// <returns>The task of <paramref name="next"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static Task MarkUsed(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out var idle) == true)
        {
            ((Timer)idle!).Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        return next(context);
    }
}
