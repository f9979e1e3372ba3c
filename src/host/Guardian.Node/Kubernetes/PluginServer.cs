using System.Net.Sockets;
using Grpc.Net.Client;
using Guardian.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Guardian.Node.Kubernetes;

/// <summary>Serves one resource on a socket in the kubelet's folder.</summary>
internal sealed class PluginServer : IAsyncDisposable
{
    private const string KubeletSocket = "kubelet.sock";
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    private readonly WebApplication server;
    private readonly CancellationTokenSource stopping;

    private PluginServer(WebApplication server, CancellationTokenSource stopping) => (this.server, this.stopping) = (server, stopping);

    /// <summary>Serves a resource, and tells the kubelet.</summary>
    /// <param name="folder">The kubelet's folder of device plugins.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="units">The number of units.</param>
    /// <param name="epc">The node's EPC.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Grpc.Core.RpcException">The kubelet does not answer, or does not accept the plugin.</exception>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public static async Task<PluginServer> StartAsync(
        string folder, SgxResource resource, int units, NodeEpc epc, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, resource.Endpoint);
        File.Delete(path);
        var builder = HttpsServer.CreateBuilder(kestrel => kestrel.ListenUnixSocket(path, endPoint =>
        {
            endPoint.Protocols = HttpProtocols.Http2;
            SocketAuthority.Replace(endPoint);
        }));
        builder.Services.AddGrpc();
        var stopping = new CancellationTokenSource();
        builder.Services.AddSingleton(new DevicePluginService(resource, units, epc, stopping.Token));
        var app = builder.Build();
        app.MapGrpcService<DevicePluginService>();
        var server = new PluginServer(app, stopping);
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
            await RegisterAsync(Path.Combine(folder, KubeletSocket), resource, cancellation).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await server.DisposeAsync().ConfigureAwait(false);
        stopping.Dispose();
    }

    private static async Task RegisterAsync(string kubelet, SgxResource resource, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ending) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(kubelet), ending).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
        var request = new RegisterRequest { Version = "v1beta1", Endpoint = resource.Endpoint, ResourceName = resource.Name };
        var call = new Registration.RegistrationClient(channel)
            .RegisterAsync(request, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + CallLimit, cancellationToken: cancellation);
        await call.ConfigureAwait(false);
    }
}
