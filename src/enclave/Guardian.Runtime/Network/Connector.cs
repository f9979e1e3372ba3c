using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Network;

/// <summary>Makes the guest's outgoing connections.</summary>
/// <param name="shield">The rules for connections.</param>
/// <param name="onProblem">Receives the reason of a failed connection; the guest gets only an errno.</param>
/// <param name="cancellation">Ends the wait for a peer.</param>
internal sealed class Connector(NetworkShield shield, Action<string> onProblem, CancellationToken cancellation)
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(30);

    /// <summary>Connects and completes TLS. Blocks until that is done or has failed.</summary>
    public FileError Connect(ConnectConfiguration destination, out IGuestSocket? connection)
    {
        (connection, var error) = ConnectAsync(destination).GetAwaiter().GetResult();
        return error;
    }

    private async Task<(IGuestSocket? Connection, FileError Error)> ConnectAsync(ConnectConfiguration destination)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectLimit);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(destination.Host, destination.Port, limit.Token).ConfigureAwait(false);
            var carrier = new CarrierStream(socket);
            SslStream? tls = null;
            if (shield.CreateClientOptions(destination) is { } options)
            {
                tls = new SslStream(carrier);
                await tls.AuthenticateAsClientAsync(options, limit.Token).ConfigureAwait(false);
            }
            return (shield.WrapConnection(carrier, tls), FileError.Success);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException or RefusedException
            or OperationCanceledException)
        {
            socket.Dispose();
            var cause = failure.InnerException as RefusedException ?? failure;
            onProblem($"no connection to {destination.Host}:{destination.Port}: {cause.Message}");
            return (null, failure switch
            {
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => FileError.ConnectionRefused,
                OperationCanceledException => cancellation.IsCancellationRequested ? FileError.Canceled : FileError.TimedOut,
                SocketException => FileError.HostUnreachable,
                _ => FileError.ConnectionAborted,
            });
        }
    }
}

/// <summary>A destination of the network directory. Opening it connects.</summary>
internal sealed class DestinationNode(ConnectConfiguration destination, Connector connector) : IConnectionNode
{
    public FileKind Kind => FileKind.StreamSocket;

    public FileError Connect(out IGuestSocket? connection) => connector.Connect(destination, out connection);

    public FileError Stat(out FileStat stat)
    {
        stat = new FileStat(0, 1, Kind, 1, 0, 0, 0, 0);
        return FileError.Success;
    }

    public FileError SetTimes(ulong? access, ulong? modification) => FileError.ReadOnly;

    public FileError Sync(bool dataOnly) => FileError.Invalid;

    public void Dispose()
    {
        // It holds nothing.
    }
}
