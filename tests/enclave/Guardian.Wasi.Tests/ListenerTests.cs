using System.Net;
using System.Net.Sockets;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>How a listening socket is handed over: to a program with a scheduler of its own, and to a plain loop in C.</summary>
public sealed class ListenerTests : IDisposable
{
    private const uint Listener = 3;
    private const uint Result = 16;

    private readonly HostListener listener = HostListener.Listen(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CallingGuest guest;

    public ListenerTests() => guest = new CallingGuest(new WasiOptions
    {
        Arguments = ["program"], StandardStreams = [new SilentStream(), new SilentStream(), new SilentStream()], Listeners = [listener],
    });

    public void Dispose()
    {
        guest.Dispose();
        listener.Dispose();
    }

    [Fact]
    public void A_port_has_one_listener() => Assert.Equal(
        SocketError.AddressAlreadyInUse, Assert.Throws<SocketException>(() => HostListener.Listen(listener.Address)).SocketErrorCode);

    [Fact]
    public void A_program_that_reads_the_flags_gets_listener_and_connections_that_do_not_block()
    {
        // Go looks at the flags when it makes its listener, and then relies on them.
        Assert.Equal(FdFlags.Nonblock, guest.Describe(Listener).Flags);
        Assert.Equal(FileError.Again, guest.Call("sock_accept", Listener, 0, Result));
        using var client = Connect();
        var connection = Accept(flags: 0);
        Assert.Equal(FdFlags.Nonblock, guest.Describe(connection).Flags);
        Assert.Equal((FileError.Again, ""), guest.Read(connection, 10));
        Assert.Equal(FileError.Again, guest.Call("sock_accept", Listener, 0, Result));
    }

    [Fact]
    public async Task A_program_that_never_looks_waits_for_a_connection_and_for_its_bytes()
    {
        var connecting = Task.Run(Connect, TestContext.Current.CancellationToken);
        var connection = Accept(flags: 0);
        using var client = await connecting;
        var sending = client.GetStream().WriteAsync("late"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal((FileError.Success, "late"), guest.Read(connection, 10));
        await sending;
        // Looking at a connection, as fdopen does, changes nothing for it.
        Assert.Equal(FdFlags.None, guest.Describe(connection).Flags);
    }

    [Fact]
    public void A_connection_has_the_flags_that_accept_asks_for()
    {
        using var client = Connect();
        Assert.Equal(FdFlags.Nonblock, guest.Describe(Accept((ulong)FdFlags.Nonblock)).Flags);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_program_that_sets_the_flags_gets_what_it_sets_and_its_connections_block(bool isNonblocking)
    {
        var set = isNonblocking ? FdFlags.Nonblock : FdFlags.None;
        guest.Describe(Listener);
        Assert.Equal(FileError.Success, guest.Call("fd_fdstat_set_flags", Listener, (ulong)set));
        Assert.Equal(set, guest.Describe(Listener).Flags);
        if (isNonblocking)
        {
            Assert.Equal(FileError.Again, guest.Call("sock_accept", Listener, 0, Result));
        }
        var connecting = Task.Run(Connect, TestContext.Current.CancellationToken);
        using var client = isNonblocking ? await connecting : null;
        Assert.Equal(FdFlags.None, guest.Describe(Accept(flags: 0)).Flags);
        (await connecting).Dispose();
    }

    private TcpClient Connect()
    {
        var client = new TcpClient();
        client.Connect(listener.Address);
        return client;
    }

    private uint Accept(ulong flags)
    {
        Assert.Equal(FileError.Success, guest.Call("sock_accept", Listener, flags, Result));
        return guest.Read32();
    }
}
