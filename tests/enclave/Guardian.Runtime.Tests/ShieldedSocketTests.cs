using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Guardian.Files;
using Guardian.Runtime.Network;

namespace Guardian.Runtime.Tests;

/// <summary>The end of a connection behind TLS.</summary>
public sealed class ShieldedSocketTests : IDisposable
{
    private readonly TestAuthority authority = new();

    public void Dispose() => authority.Dispose();

    [Fact]
    [SuppressMessage("Security", "CA5359", Justification = "the test is about the server's end")]
    public async Task A_peer_that_lets_the_closing_message_wait_does_not_keep_the_connection()
    {
        using var listening = new TcpListener(IPAddress.Loopback, 0);
        listening.Start();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndpoint);
        var carrier = new CarrierStream(await listening.AcceptSocketAsync());
        var stalling = new StallingStream(carrier);
        var server = new SslStream(stalling);
        await using var tls = new SslStream(new NetworkStream(client));
        var (chain, key) = authority.Issue("server.example");
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = Certificates.CreateIdentity(chain, key),
            }),
            tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "server.example",
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            }));
        var connection = new ShieldedSocket(carrier, server);
        Assert.Equal(FileError.Success, connection.Write("all of it"u8, out _));
        await tls.ReadExactlyAsync(new byte["all of it".Length]);

        // All data has arrived. The window of the peer is full for what comes now.
        stalling.IsStalled = true;
        connection.Dispose();
        await stalling.Stalled.WaitAsync(TimeSpan.FromMinutes(10));
        await connection.Closed.WaitAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(0, await client.ReceiveAsync(new byte[100]));
    }

    /// <summary>A connection that takes nothing from a moment on, and whose writes do not end when they are cancelled.</summary>
    private sealed class StallingStream(NetworkStream inner) : Stream
    {
        private readonly TaskCompletionSource stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsStalled { get; set; }

        public Task Stalled => stalled.Task;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsStalled)
            {
                stalled.TrySetResult();
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }
            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override void Flush()
        {
            // Nothing is kept back.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
