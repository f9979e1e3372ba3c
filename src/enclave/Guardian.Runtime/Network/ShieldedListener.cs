using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Guardian.Cas.Client.Protocol;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Runtime.Base;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Network;

/// <summary>A listening socket whose connections complete TLS before the guest sees them. A slow or refused client delays no other
/// client.</summary>
internal sealed class ShieldedListener : IGuestListener
{
    private const int Backlog = 128;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly NetworkShield shield;
    private readonly SslServerAuthenticationOptions? options;
    private readonly Socket socket;
    private readonly Signal waiting = new();
    private readonly Lock gate = new();
    private readonly Queue<ShieldedSocket> ready = new();

    // A client that has said nothing costs a descriptor, and a handshake or a connection that waits for the guest 200 KiB. Further clients
    // wait in the system's backlog.
    private readonly Crowd silent = new(max: 256);
    private readonly Crowd pending = new(max: 64);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<Task, byte> handshakes = new();
    private readonly Task accepting;

    /// <exception cref="RefusedException">The port is taken, or its certificates cannot be used.</exception>
    public ShieldedListener(NetworkShield shield, ListenConfiguration listen, IPAddress address)
    {
        this.shield = shield;
        options = shield.CreateServerOptions(listen);
        var place = new IPEndPoint(address, listen.Port);
        socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any))
            {
                // All addresses, as for every server on Linux: those of IPv4 too.
                socket.DualMode = true;
            }
            socket.Bind(place);
            socket.Listen(Backlog);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new RefusedException(
                RuntimeReasons.BusyPort.Because($"the runtime cannot listen on {place}: {failure.Message}"), failure);
        }
        accepting = Task.Run(AcceptAsync);
    }

    public FileError Accept(out IGuestSocket? connection)
    {
        lock (gate)
        {
            if (!ready.TryDequeue(out var taken))
            {
                connection = null;
                return FileError.Again;
            }
            waiting.Set(ready.Count > 0);
            connection = taken;
        }
        pending.Leave();
        return FileError.Success;
    }

    public Readiness AcceptReadiness()
    {
        lock (gate)
        {
            return ready.Count > 0 ? Readiness.Now() : Readiness.After(waiting.Descriptor, forWriting: false);
        }
    }

    public void Dispose()
    {
        ending.Cancel();
        socket.Dispose();
        // Handshakes in progress end with the socket and free their slots.
        accepting.GetAwaiter().GetResult();
        Task.WhenAll(handshakes.Keys).GetAwaiter().GetResult();
        lock (gate)
        {
            while (ready.TryDequeue(out var left))
            {
                left.Dispose();
            }
        }
        waiting.Dispose();
        silent.Dispose();
        pending.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket? accepted = null;
            try
            {
                accepted = await socket.AcceptAsync(ending.Token).ConfigureAwait(false);
                await silent.EnterAsync(ending.Token).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The client gave up before the connection was accepted, or no descriptor is left.
                await Task.Delay(Pause).ConfigureAwait(false);
                continue;
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                accepted?.Dispose();
                return;
            }
            var handshake = AdmitAsync(accepted);
            handshakes.TryAdd(handshake, 0);
            _ = handshake.ContinueWith(done => handshakes.TryRemove(done, out byte _), TaskScheduler.Default);
        }
    }

    private async Task AdmitAsync(Socket accepted)
    {
        var isAdmitted = false;
        try
        {
            if (options is not null)
            {
                // Returns when there is something to read.
                await silent.RunAsync(
                    limit => accepted.ReceiveAsync(Memory<byte>.Empty, limit).AsTask(), ending.Token).ConfigureAwait(false);
            }
            await pending.EnterAsync(ending.Token).ConfigureAwait(false);
            isAdmitted = true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            accepted.Dispose();
        }
        silent.Leave();
        if (isAdmitted)
        {
            await HandshakeAsync(accepted).ConfigureAwait(false);
        }
    }

    private async Task HandshakeAsync(Socket accepted)
    {
        var carrier = new CarrierStream(accepted);
        SslStream? tls = null;
        try
        {
            accepted.NoDelay = true;
            if (options is not null)
            {
                tls = new SslStream(carrier);
                await pending.RunAsync(limit => tls.AuthenticateAsServerAsync(options, limit), ending.Token).ConfigureAwait(false);
            }
            lock (gate)
            {
                ready.Enqueue(shield.WrapConnection(carrier, tls));
                waiting.Set(true);
            }
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException or RefusedException
            or OperationCanceledException or ObjectDisposedException)
        {
            await ((Stream?)tls ?? carrier).DisposeAsync().ConfigureAwait(false);
            accepted.Dispose();
            pending.Leave();
        }
    }
}
