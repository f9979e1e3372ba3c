using System.Collections.Concurrent;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Guardian.Node.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Guardian.Node.Tests.Support;

/// <summary>A kubelet's side of device plugins: it empties its folder, listens, and calls the plugins that register.</summary>
internal sealed class FakeKubelet : IAsyncDisposable
{
    private readonly string folder;
    private readonly WebApplication server;

    private FakeKubelet(string folder, WebApplication server) => (this.folder, this.server) = (folder, server);

    public ConcurrentQueue<RegisterRequest> Registered { get; } = new();

    public static async Task<FakeKubelet> StartAsync(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            File.Delete(file);
        }
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(
            Path.Combine(folder, "kubelet.sock"), endPoint => endPoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        var calls = new Calls();
        builder.Services.AddSingleton(calls);
        var server = builder.Build();
        server.MapGrpcService<Calls>();
        var kubelet = new FakeKubelet(folder, server);
        calls.Kubelet = kubelet;
        await server.StartAsync();
        return kubelet;
    }

    public async Task<RegisterRequest> WaitForAsync(string resource)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (true)
        {
            if (Registered.FirstOrDefault(each => each.ResourceName == resource) is { } found)
            {
                return found;
            }
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Calls a plugin.</summary>
    public async Task<T> CallAsync<T>(string endpoint, Func<DevicePlugin.DevicePluginClient, Task<T>> call)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder, endpoint)), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler });
        return await call(new DevicePlugin.DevicePluginClient(channel));
    }

    /// <summary>The units that a plugin lists first.</summary>
    public Task<IReadOnlyList<Device>> ListAsync(string endpoint) => CallAsync<IReadOnlyList<Device>>(endpoint, async client =>
    {
        using var answers = client.ListAndWatch(new Empty());
        Assert.True(await answers.ResponseStream.MoveNext(CancellationToken.None));
        return [.. answers.ResponseStream.Current.Devices];
    });

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private sealed class Calls : Registration.RegistrationBase
    {
        public FakeKubelet? Kubelet { get; set; }

        public override Task<Empty> Register(RegisterRequest request, ServerCallContext context)
        {
            Kubelet!.Registered.Enqueue(request);
            return Task.FromResult(new Empty());
        }
    }
}
