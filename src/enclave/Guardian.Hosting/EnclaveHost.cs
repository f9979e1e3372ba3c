using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.RateLimiting;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Guardian.Hosting;

/// <summary>What an enclave program serves once it runs.</summary>
/// <param name="Certificate">Its RA-TLS certificate with private key.</param>
/// <param name="Map">Adds its calls.</param>
public sealed record EnclaveService(X509Certificate2 Certificate, Action<WebApplication> Map);

/// <summary>
/// What <c>guardian-cas</c> and <c>guardian-enclave</c> have in common: launch as an enclave, serve HTTPS over RA-TLS until told to end,
/// and say why not.
/// </summary>
public static class EnclaveHost
{
    // Peers are a handful of partners and enclaves; beyond this someone is holding connections open.
    private const long MaxConnections = 1_000;

    // Half of them, so that one address cannot keep all others out; a balancer before several replicas has as many.
    private const int MaxConnectionsOfAddress = 500;

    // The largest body is a chunk of a data set (docs/spec/room.md).
    private const long MaxBodySize = 64 * 1024 * 1024;

    // Nothing of ours needs more than a few hundred bytes of headers.
    private const int MaxHeadersSize = 16 * 1024;

    /// <summary>Runs an enclave program.</summary>
    /// <remarks>1 launch as an enclave. 2 make the service. 3 announce where it listens, in one line. 4 serve until told to end.</remarks>
    /// <param name="name">The program, for its messages.</param>
    /// <param name="platforms">The platforms of this build.</param>
    /// <param name="own">The required options it has besides the common ones.</param>
    /// <param name="optional">Those that may be absent.</param>
    /// <param name="start">Makes the service; may throw <see cref="HostException"/>.</param>
    /// <returns>Exit code: 0 ended as told, 1 refused, 2 wrong usage, 3 the world failed.</returns>
    public static async Task<int> RunAsync(
        string name, string[] arguments, PlatformSupport platforms, IReadOnlyList<string> own, IReadOnlyList<string> optional,
        Func<HostOptions, EnclaveProcess, Task<EnclaveService>> start)
    {
        ArgumentNullException.ThrowIfNull(platforms);
        ArgumentNullException.ThrowIfNull(start);
        try
        {
            var options = HostOptions.Parse(arguments, platforms.Anchors, own, optional);
            DurableFile.CreateDirectory(options.State);
            using var process = platforms.Open(AppContext.BaseDirectory, options.Machine, options.EpcSize);
            if (process.Enclave.Platform == PlatformKind.Simulated)
            {
                await Console.Error.WriteLineAsync($"{name}: warning: the platform is SIMULATED; it protects nothing from whoever runs this machine").ConfigureAwait(false);
            }
            var service = await start(options, process).ConfigureAwait(false);
            var server = CreateServer(name, options.Listen, service);
            await using (server.ConfigureAwait(false))
            {
                await server.StartAsync().ConfigureAwait(false);
                Announce(name, options.Json, server, process.Enclave);
                await server.WaitForShutdownAsync().ConfigureAwait(false);
            }
            return 0;
        }
        catch (HostException failure)
        {
            return Fail(name, failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or SocketException or RefusedException or PlatformNotSupportedException)
        {
            return Fail(name, new HostException(3, failure.Message));
        }
    }

    private static WebApplication CreateServer(string name, IPEndPoint listen, EnclaveService service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        // Requests carry secrets and partners' names: nothing is logged but what a program says itself.
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = MaxBodySize;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeadersSize;
            var limiter = PeerAddress.Limit(MaxConnectionsOfAddress);
            kestrel.Listen(listen, endPoint =>
            {
                endPoint.Use((connection, next) => LimitAsync(connection, next, limiter));
                endPoint.Protocols = HttpProtocols.Http1AndHttp2;
                endPoint.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(RaTlsTransport.ServerOptions(service.Certificate)) });
            });
        });
        var server = builder.Build();
        server.Use((context, next) => GuardAsync(name, context, next));
        service.Map(server);
        return server;
    }

    private static async Task LimitAsync(ConnectionContext connection, Func<Task> next, PartitionedRateLimiter<IPAddress?> limiter)
    {
        using var lease = limiter.AttemptAcquire((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (lease.IsAcquired)
        {
            await next().ConfigureAwait(false);
        }
        else
        {
            connection.Abort();
        }
    }

    // A fault of ours ends the request, not the program. Its message may hold data, so only its kind and place are told.
    private static async Task GuardAsync(string name, HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{name}: error: internal: {failure.GetType().Name}{Environment.NewLine}{failure.StackTrace}").ConfigureAwait(false);
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            }
        }
    }

    private static void Announce(string name, bool json, WebApplication server, IEnclave enclave)
    {
        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var (mrEnclave, platform) = (enclave.Identity.MrEnclave.ToString(), enclave.Platform == PlatformKind.Simulated ? "simulated" : "hardware");
        Console.WriteLine(json
            ? new JsonObject { ["event"] = "listening", ["address"] = address, ["mrEnclave"] = mrEnclave, ["platform"] = platform }.ToJsonString()
            : $"{name}: listening on {address} mrenclave {mrEnclave} platform {platform}");
    }

    private static int Fail(string name, HostException failure)
    {
        Console.Error.WriteLine($"{name}: error: {failure.Message}");
        foreach (var detail in failure.Details)
        {
            Console.Error.WriteLine($"  {detail}");
        }
        if (failure.Hint is not null)
        {
            Console.Error.WriteLine($"{name}: hint: {failure.Hint}");
        }
        return failure.ExitCode;
    }
}
