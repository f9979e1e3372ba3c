using System.Net.Sockets;
using System.Text;
using Guardian.Node.Kubernetes;
using Guardian.Node.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>Calls whose authority is the path of a socket, as kubelets before 2022 send them.</summary>
public sealed class SocketAuthorityTests : IDisposable
{
    private const string Socket = "/var/lib/kubelet/device-plugins/guardian-enclave.sock";
    private const byte HeadersType = 1;
    private const byte ResetType = 3;

    // :method POST, :scheme http, :path, :authority, content-type, te; the last four enter the table of fields.
    private static readonly byte[] First =
        [0x83, 0x86, .. Literal(0x44, "/ask"), .. Literal(0x41, Socket), .. Literal(0x5f, "application/grpc"), .. Named("te", "trailers")];

    // The same fields, all from the table.
    private static readonly byte[] Second = [0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Kestrel_alone_resets_such_a_call() => Assert.Equal(ResetType, (await CallAsync(_ => { }, [First]))[0].Type);

    [Fact]
    public async Task Each_call_on_a_connection_is_answered()
    {
        var answers = await CallAsync(SocketAuthority.Replace, [First, Second, Second]);
        Assert.All(answers, answer => Assert.Equal(HeadersType, answer.Type));
        Assert.Equal([1, 3, 5], answers.Select(answer => answer.Stream));
    }

    [Fact]
    public async Task Fields_in_other_forms_are_found()
    {
        // A size of the table, a path that does not enter it, and an authority that is never indexed.
        byte[] block = [0x3f, 0xe1, 0x1f, 0x83, 0x86, .. Literal(0x04, "/ask"), .. Literal(0x11, Socket), .. Named("te", "trailers", 0x10)];
        Assert.Equal(HeadersType, (await CallAsync(SocketAuthority.Replace, [block]))[0].Type);
    }

    [Fact]
    public void Blocks_that_cannot_be_read_stay_as_they_are()
    {
        for (var size = 0; size <= First.Length; size++)
        {
            var changed = SocketAuthority.ReplaceIn(First.AsSpan(0, size));
            Assert.True(changed.Length <= size);
        }
        byte[] huge = [0x41, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f];
        Assert.Equal(huge, SocketAuthority.ReplaceIn(huge));
        byte[] negative = [0x41, 0x7f, 0xff, 0xff, 0xff, 0xff];
        Assert.Equal(negative, SocketAuthority.ReplaceIn(negative));
        Assert.Equal(Literal(0x41, "here"), SocketAuthority.ReplaceIn(Literal(0x41, "here")));
    }

    private static byte[] Literal(byte first, string value) => [first, .. Text(value)];

    private static byte[] Named(string name, string value, byte first = 0x40) => [first, .. Text(name), .. Text(value)];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Frame(byte type, byte flags, int stream, params byte[] payload) =>
        [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, (byte)stream, .. payload];

    // The first answer to each block, which is a call without a body.
    private async Task<List<(byte Type, int Stream)>> CallAsync(Action<ListenOptions> configure, byte[][] blocks)
    {
        var path = Path.Combine(folder.Path, "plugin.sock");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path, endPoint =>
        {
            endPoint.Protocols = HttpProtocols.Http2;
            configure(endPoint);
        }));
        await using var server = builder.Build();
        server.Run(context => context.Response.WriteAsync("answer"));
        await server.StartAsync(TestContext.Current.CancellationToken);

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
        await using var stream = new NetworkStream(socket);
        // The preface comes in two pieces, and each frame too.
        await SendAsync(stream, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await SendAsync(stream, Frame(4, 0, 0));
        var answers = new List<(byte, int)>();
        for (var call = 0; call < blocks.Length; call++)
        {
            await SendAsync(stream, Frame(HeadersType, 0x05, (2 * call) + 1, blocks[call]));
            answers.Add(await ReadAnswerAsync(stream));
        }
        return answers;
    }

    private static async Task SendAsync(NetworkStream stream, byte[] bytes)
    {
        await stream.WriteAsync(bytes.AsMemory(0, 5), TestContext.Current.CancellationToken);
        await stream.WriteAsync(bytes.AsMemory(5), TestContext.Current.CancellationToken);
    }

    private static async Task<(byte Type, int Stream)> ReadAnswerAsync(NetworkStream stream)
    {
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
            await stream.ReadExactlyAsync(new byte[(head[1] << 8) | head[2]], TestContext.Current.CancellationToken);
            if (head[3] is HeadersType or ResetType)
            {
                return (head[3], head[8]);
            }
        }
    }
}
