using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Host;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Tests;

/// <summary>Arguments, clocks, randomness, waiting, streams and sockets.</summary>
public sealed class ProcessCallTests : IDisposable
{
    private readonly HostListener listener = HostListener.Listen(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly MemoryGuestStream output = new();
    private readonly CallingGuest guest;

    public ProcessCallTests() => guest = new CallingGuest(new WasiOptions
    {
        Arguments = ["program", "", "ärg"],
        Environment = ["NAME=value", "EMPTY="],
        StandardStreams = [new MemoryGuestStream("input"u8.ToArray()), output, new SilentStream()],
        Listeners = [listener],
    });

    public void Dispose()
    {
        guest.Dispose();
        output.Dispose();
        listener.Dispose();
    }

    [Fact]
    public void Arguments_and_environment_arrive_as_given()
    {
        Assert.Equal(FileError.Success, guest.Call("args_sizes_get", 16, 20));
        Assert.Equal((3U, 8U + 1 + 5), (guest.Read32(16), guest.Read32(20)));
        Assert.Equal(FileError.Success, guest.Call("args_get", 100, 200));
        Assert.Equal("program\0\0ärg\0", Encoding.UTF8.GetString(guest.Memory.Slice(200, 14)));
        Assert.Equal((200U, 208U, 209U), (guest.Read32(100), guest.Read32(104), guest.Read32(108)));
        Assert.Equal(FileError.Success, guest.Call("environ_sizes_get", 16, 20));
        Assert.Equal((2U, 18U), (guest.Read32(16), guest.Read32(20)));
        Assert.Equal(FileError.Success, guest.Call("environ_get", 100, 200));
        Assert.Equal("NAME=value\0EMPTY=\0", Encoding.UTF8.GetString(guest.Memory.Slice(200, 18)));
        Assert.Equal(FileError.Fault, guest.Call("args_get", 100, CallingGuest.MemorySize - 13));
        Assert.Equal(FileError.Fault, guest.Call("args_get", CallingGuest.MemorySize - 11, 100));
        Assert.Equal(FileError.Fault, guest.Call("args_sizes_get", uint.MaxValue, 0));
    }

    [Fact]
    public void A_guest_can_have_no_arguments()
    {
        using var bare = new CallingGuest(new WasiOptions { Arguments = [], StandardStreams = [] });
        Assert.Equal(FileError.Success, bare.Call("args_sizes_get", 16, 20));
        Assert.Equal((0U, 0U), (bare.Read32(16), bare.Read32(20)));
        Assert.Equal(FileError.Success, bare.Call("args_get", 100, 200));
        Assert.Equal(FileError.BadDescriptor, bare.Call("fd_close", 0));
    }

    [Fact]
    public void Four_clocks_go_forward()
    {
        for (var clock = 0UL; clock < 4; clock++)
        {
            Assert.Equal(FileError.Success, guest.Call("clock_time_get", clock, 0, 16));
            var first = guest.Read64();
            Assert.Equal(FileError.Success, guest.Call("clock_time_get", clock, 0, 16));
            Assert.InRange(guest.Read64(), Math.Max(1, first), ulong.MaxValue);
            Assert.Equal(FileError.Success, guest.Call("clock_res_get", clock, 16));
            Assert.InRange(guest.Read64(), 1UL, 1_000_000_000UL);
        }
        Assert.Equal(FileError.Invalid, guest.Call("clock_time_get", 4, 0, 16));
        Assert.Equal(FileError.Invalid, guest.Call("clock_res_get", 100, 16));
        Assert.Equal(FileError.Fault, guest.Call("clock_time_get", 0, 0, CallingGuest.MemorySize - 4));
    }

    [Fact]
    public void Random_bytes_fill_the_whole_buffer_and_nothing_else()
    {
        const int size = 200_000;
        Assert.Equal(FileError.Success, guest.Call("random_get", 1000, size));
        Assert.All(guest.Memory.Slice(1000, size).ToArray().Chunk(1000), part => Assert.Contains(part, each => each != 0));
        Assert.Equal(0, guest.Memory[999] | guest.Memory[1000 + size]);
        Assert.Equal(FileError.Success, guest.Call("random_get", CallingGuest.MemorySize, 0));
        Assert.Equal(FileError.Fault, guest.Call("random_get", CallingGuest.MemorySize - 1, 2));
        Assert.Equal(FileError.Fault, guest.Call("random_get", 1, uint.MaxValue));
    }

    [Fact]
    public void Streams_are_read_and_written_but_have_no_position()
    {
        Assert.Equal((FileError.Success, "inp"), guest.Read(0, 3));
        Assert.Equal((FileError.Success, "ut"), guest.Read(0, 100));
        Assert.Equal((FileError.Success, ""), guest.Read(0, 100));
        Assert.Equal((FileError.Success, 5), guest.Write(1, "hello"));
        Assert.Equal("hello"u8.ToArray(), output.Written);
        Assert.Equal(FileError.IllegalSeek, guest.Seek(1, 0, 1).Error);
        Assert.Equal(FileError.IllegalSeek, guest.Read(0, 1, 0).Error);
        Assert.Equal(FileError.IllegalSeek, guest.WriteAt(1, "x", 0).Error);
        Assert.Equal((FileKind.Unknown, FdFlags.None, Rights.OfStream & ~Rights.FdRead, Rights.None), guest.Describe(1));
        Assert.Equal(Rights.OfStream & ~Rights.FdWrite, guest.Describe(0).Base);
        Assert.Equal(FileError.BadDescriptor, guest.Write(0, "x").Error);
        Assert.Equal(FileError.BadDescriptor, guest.Read(1, 1).Error);
        Assert.Equal(FileError.BadDescriptor, guest.Read(2, 1).Error);
        Assert.Equal(FileKind.Unknown, guest.Stat(1).Kind);
        Assert.Equal(FileError.NotCapable, guest.Call("fd_sync", 1));
        Assert.Equal(FileError.NotDirectory, guest.TryOpen("x", directory: 1).Error);
        Assert.Equal(FileError.NotSocket, guest.Call("sock_shutdown", 1, 1));
        // A call that must not wait returns an error instead.
        Assert.Equal(FileError.Success, guest.Call("fd_fdstat_set_flags", 2, (ulong)FdFlags.Nonblock));
        Assert.Equal(FileError.Again, guest.Write(2, "x").Error);
        using var silent = new CallingGuest(TextGuest.Options(new SilentStream()));
        Assert.Equal(FileError.Success, silent.Call("fd_fdstat_set_flags", 0, (ulong)FdFlags.Nonblock));
        Assert.Equal(FileError.Again, silent.Read(0, 1).Error);
    }

    [Fact]
    public void All_functions_of_preview_1_exist()
    {
        Assert.Equal(46, WasiHost.Functions.Length);
        Assert.Equal(FileError.Success, guest.Call("sched_yield"));
        Assert.Equal(FileError.NotSupported, guest.Call("proc_raise", 6));
    }

    [Fact]
    public void Waiting_for_a_clock_takes_the_time()
    {
        guest.Call("clock_time_get", 1, 0, 16);
        var start = guest.Read64();
        const ulong wait = 20_000_000;
        Subscribe(0, userdata: 9, clock: 1, wait, flags: 0);
        Assert.Equal(FileError.Success, guest.Call("poll_oneoff", 1000, 2000, 1, 16));
        Assert.Equal((1U, 9UL, 0U, (byte)0), (guest.Read32(), guest.Read64(2000), guest.Read32(2008) & 0xFFFF, guest.Memory[2010]));
        guest.Call("clock_time_get", 1, 0, 16);
        Assert.InRange(guest.Read64() - start, wait, ulong.MaxValue);
    }

    [Fact]
    public void Polling_ends_with_the_first_clock_and_a_past_time_is_due_at_once()
    {
        Subscribe(0, 1, clock: 1, ulong.MaxValue, flags: 0);
        Subscribe(1, 2, clock: 0, 1, flags: 1);
        Subscribe(2, 3, clock: 1, ulong.MaxValue, flags: 1);
        Assert.Equal(FileError.Success, guest.Call("poll_oneoff", 1000, 2000, 3, 16));
        Assert.Equal((1U, 2UL), (guest.Read32(), guest.Read64(2000)));
    }

    [Fact]
    public void A_stream_that_is_ready_comes_before_a_clock_that_is_not()
    {
        Subscribe(0, 1, clock: 1, 60_000_000_000, flags: 0);
        SubscribeStream(1, 2, kind: 1, number: 2);
        SubscribeStream(2, 3, kind: 2, number: 1);
        SubscribeStream(3, 4, kind: 1, number: 0);
        Assert.Equal(FileError.Success, guest.Call("poll_oneoff", 1000, 2000, 4, 16));
        Assert.Equal((2U, 3UL, 4UL, 5UL), (guest.Read32(), guest.Read64(2000), guest.Read64(2032), guest.Read64(2048)));
    }

    [Fact]
    public void Impossible_subscriptions_are_refused()
    {
        Assert.Equal(FileError.Invalid, guest.Call("poll_oneoff", 1000, 2000, 0, 16));
        Assert.Equal(FileError.Invalid, guest.Call("poll_oneoff", 1000, 2000, uint.MaxValue, 16));
        Subscribe(0, 1, clock: 7, 0, flags: 0);
        Assert.Equal(FileError.Invalid, guest.Call("poll_oneoff", 1000, 2000, 1, 16));
        Subscribe(0, 1, clock: 1, 0, flags: 2);
        Assert.Equal(FileError.Invalid, guest.Call("poll_oneoff", 1000, 2000, 1, 16));
        guest.Memory[1008] = 3;
        Assert.Equal(FileError.Invalid, guest.Call("poll_oneoff", 1000, 2000, 1, 16));
        Assert.Equal(FileError.Fault, guest.Call("poll_oneoff", CallingGuest.MemorySize - 47, 2000, 1, 16));
        Assert.Equal(FileError.Fault, guest.Call("poll_oneoff", 1000, CallingGuest.MemorySize - 31, 1, 16));
    }

    [Fact]
    public async Task A_connection_is_accepted_read_written_and_ended()
    {
        Assert.Equal((FileKind.StreamSocket, FdFlags.Nonblock, Rights.OfListener, Rights.OfSocket), guest.Describe(3));
        Assert.Equal(FileError.BadDescriptor, guest.Call("fd_prestat_get", 3, 16));
        Assert.Equal(FileError.Invalid, guest.Call("sock_accept", 3, 1, 16));
        Assert.Equal(FileError.Success, guest.Call("fd_fdstat_set_flags", 3, (ulong)FdFlags.Nonblock));
        Assert.Equal(FileError.Again, guest.Call("sock_accept", 3, 0, 16));
        Assert.Equal(FileError.Success, guest.Call("fd_fdstat_set_flags", 3, 0));

        using var client = new TcpClient();
        await client.ConnectAsync(listener.Address, TestContext.Current.CancellationToken);
        SubscribeStream(0, 1, kind: 1, number: 3);
        Assert.Equal(FileError.Success, guest.Call("poll_oneoff", 1000, 2000, 1, 16));
        Assert.Equal(FileError.Success, guest.Call("sock_accept", 3, 0, 16));
        Assert.Equal(4U, guest.Read32());
        Assert.Equal(FileKind.StreamSocket, guest.Describe(4).Kind);

        await client.GetStream().WriteAsync("request"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal((FileError.Success, "reque"), Receive(4, 5, flags: 1 | 2));
        Assert.Equal((FileError.Success, "request"), Receive(4, 7, flags: 2));
        Assert.Equal((FileError.Success, 8), guest.Write(4, "response"));
        var answer = new byte[8];
        await client.GetStream().ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal("response"u8.ToArray(), answer);
        Assert.Equal(FileError.Invalid, guest.Call("sock_send", 4, 64, 0, 1, 16));
        Assert.Equal(FileError.Invalid, guest.Call("sock_shutdown", 4, 0));
        Assert.Equal(FileError.Success, guest.Call("sock_shutdown", 4, 2));
        Assert.Equal(0, await client.GetStream().ReadAsync(answer, TestContext.Current.CancellationToken));
        client.Close();
        Assert.Equal((FileError.Success, ""), guest.Read(4, 10));
        guest.Close(4);
        Assert.Equal(FileError.BadDescriptor, guest.Call("sock_shutdown", 4, 1));
        Assert.Equal(FileError.NotConnected, guest.Call("sock_shutdown", 3, 1));
    }

    private (FileError, string) Receive(uint number, uint size, uint flags)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(guest.Memory[64..], 5000);
        BinaryPrimitives.WriteUInt32LittleEndian(guest.Memory[68..], size);
        var error = guest.Call("sock_recv", number, 64, 1, flags, 16, 24);
        return (error, Encoding.UTF8.GetString(guest.Memory.Slice(5000, (int)guest.Read32())));
    }

    private void Subscribe(int index, ulong userdata, uint clock, ulong timeout, ushort flags)
    {
        var target = guest.Memory.Slice(1000 + (48 * index), 48);
        target.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(target, userdata);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], clock);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], timeout);
        BinaryPrimitives.WriteUInt16LittleEndian(target[40..], flags);
    }

    private void SubscribeStream(int index, ulong userdata, byte kind, uint number)
    {
        Subscribe(index, userdata, number, 0, 0);
        guest.Memory[1008 + (48 * index)] = kind;
    }
}
