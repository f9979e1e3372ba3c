using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation.Launch;
using Guardian.Attestation.RaTls;
using Guardian.Files.Durable;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Enclaves;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;

namespace Guardian.Hosting;

/// <summary>The service of an enclave program.</summary>
/// <param name="Certificate">The program's RA-TLS certificate, with its private key.</param>
/// <param name="Map">Adds the program's calls to the server.</param>
public sealed record EnclaveService(X509Certificate2 Certificate, Action<WebApplication> Map)
{
    /// <summary>The versions of HTTP. HTTP/2 compresses headers, so sizes depend on earlier messages.</summary>
    public HttpProtocols Protocols { get; init; } = HttpProtocols.Http1AndHttp2;

    /// <summary>The bounds of connections.</summary>
    public ConnectionLimits Connections { get; init; } = ConnectionLimits.Default;

    /// <summary>Writes a refusal that no call of the program makes (<see cref="HttpsSettings.Refuse"/>).</summary>
    public Func<HttpContext, int, Refusal, Task>? Refuse { get; init; }
}

/// <summary>
/// The common part of <c>guardian-cas</c> and <c>guardian-enclave</c>: launches the enclave, serves HTTPS over RA-TLS until a signal
/// arrives, and explains a failure.
/// </summary>
public static class EnclaveHost
{
    // The largest body is a chunk of a data set (docs/spec/room.md).
    private const long MaxBodySize = 64 * 1024 * 1024;

    /// <summary>Runs an enclave program.</summary>
    /// <remarks>1 launch the enclave. 2 create the service. 3 announce the address in one line. 4 serve until a signal arrives.</remarks>
    /// <param name="name">The program's name, for its messages.</param>
    /// <param name="product">The program's number.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="platforms">The platforms of this build.</param>
    /// <param name="own">The program's required options besides the common ones.</param>
    /// <param name="optional">The program's other options.</param>
    /// <param name="start">
    /// Creates the service, or returns null when the program has no more to do; may throw <see cref="RefusedException"/>.
    /// </param>
    /// <returns>The exit code: 0 after a signal, 1 refused, 2 invalid input, 3 the machine or a service failed.</returns>
    public static async Task<int> RunAsync(
        string name, EnclaveProduct product, string[] arguments, PlatformSupport platforms, IReadOnlyList<string> own,
        IReadOnlyList<string> optional, Func<HostOptions, EnclaveProcess, Task<EnclaveService?>> start)
    {
        ArgumentNullException.ThrowIfNull(platforms);
        ArgumentNullException.ThrowIfNull(start);
        try
        {
            var options = HostOptions.Parse(arguments, platforms.Anchors, own, optional);
            DurableFile.CreateDirectory(options.State);
            options.ReportStep("measuring its code");
            using var process = platforms.Open(AppContext.BaseDirectory, options.Machine, product, options.EpcSize);
            if (process.Enclave.Platform == PlatformKind.Simulated)
            {
                await Console.Error.WriteLineAsync(
                    $"{name}: warning: the platform is SIMULATED; it does not protect from this machine's operator").ConfigureAwait(false);
            }
            if (await start(options, process).ConfigureAwait(false) is not { } service)
            {
                return 0;
            }
            var server = CreateServer(name, options.Listen, service);
            await using (server.ConfigureAwait(false))
            {
                await server.StartAsync().ConfigureAwait(false);
                Announce(name, options.Json, server, process.Enclave);
                await server.WaitForShutdownAsync().ConfigureAwait(false);
            }
            return 0;
        }
        catch (RefusedException refused)
        {
            return Fail(name, refused.Refusal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException or SocketException
            or PlatformNotSupportedException)
        {
            return Fail(name, HostingReasons.MachineFailed.Because(failure.Message));
        }
    }

    private static WebApplication CreateServer(string name, IPEndPoint listen, EnclaveService service) => HttpsServer.Create(
        name, listen,
        new HttpsSettings(() => RaTlsTransport.ServerOptions(service.Certificate), MaxBodySize)
        {
            Protocols = service.Protocols, Connections = service.Connections, Refuse = service.Refuse,
        },
        service.Map);

    private static void Announce(string name, bool json, WebApplication server, IEnclave enclave)
    {
        var address = HttpsServer.AddressOf(server);
        var mrEnclave = enclave.Identity.MrEnclave.ToString();
        var platform = enclave.Platform == PlatformKind.Simulated ? "simulated" : "hardware";
        Console.WriteLine(json
            ? new JsonObject
            {
                ["event"] = "listening", ["address"] = address, ["mrEnclave"] = mrEnclave, ["platform"] = platform,
            }.ToJsonString()
            : $"{name}: listening on {address} mrenclave {mrEnclave} platform {platform}");
    }

    private static int Fail(string name, Refusal refusal)
    {
        Console.Error.WriteLine($"{name}: error: {refusal.Detail}");
        foreach (var problem in refusal.Problems)
        {
            Console.Error.WriteLine($"  {problem}");
        }
        if (refusal.Remedy is not null)
        {
            Console.Error.WriteLine($"{name}: hint: {refusal.Remedy}");
        }
        return refusal.Kind switch
        {
            RefusalKind.Invalid => 2,
            RefusalKind.Damaged or RefusalKind.Unavailable => 3,
            _ => 1,
        };
    }
}
