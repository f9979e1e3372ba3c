using System.Collections.Concurrent;
using System.Net.Sockets;
using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Tests.Support;

/// <summary>Stands in for libvirtd: it keeps every frame, and answers as the test wants.</summary>
internal sealed class FakeDaemon : IDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public FakeDaemon(string path)
    {
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(64);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>Every frame that arrived, in order per connection.</summary>
    public BlockingCollection<byte[]> Frames { get; } = [];

    /// <summary>Makes the answer to a call; null sends none.</summary>
    public Func<RpcHeader, byte[], byte[]?> Answer { get; set; } = (header, _) => header.MakeReply(RpcStatus.Ok).MakeFrame([]);

    public byte[] Next() => Frames.TryTake(out var frame, TimeSpan.FromMinutes(10))
        ? frame
        : throw new TimeoutException("the daemon got no frame");

    public void Dispose()
    {
        listener.Dispose();
        Frames.Dispose();
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var client = listener.Accept();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private void Serve(Socket client)
    {
        using var peer = new Peer(client);
        try
        {
            while (peer.Receive() is { } frame)
            {
                RpcHeader.TryRead(frame, out var header);
                Frames.Add(frame);
                if (Answer(header, frame) is { } answer)
                {
                    peer.Send(answer);
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The relay has gone, or the test has ended.
        }
    }
}
