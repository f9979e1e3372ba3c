using System.Globalization;
using System.Security.Cryptography;
using Guardian.Attestation.Launch;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>Attested connections of real programs: with the service that the session names, and in attacks on the CAS.</summary>
public sealed partial class ConfidentialProgramTests
{
    private const string Imports = """
          (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "sock_accept" (func $sock_accept (param i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 1)
          (func $check (param $error i32) (if (local.get $error) (then (call $proc_exit (local.get $error)))))
        """;

    private static readonly string RuntimeMrEnclave = EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime")).ToString();

    [Fact]
    public async Task Two_services_of_two_sessions_talk_and_a_third_in_the_same_runtime_is_refused()
    {
        var place = ReservedPort.Reserve();
        await CreateNetworkSessionAsync("shop", Greeter, $"listen: [{{port: {place}, protocol: attested, session: client, service: app}}]");
        foreach (var session in new[] { "client", "thief" })
        {
            await CreateNetworkSessionAsync(
                session, Caller(place),
                $"connect: [{{host: 127.0.0.1, port: {place}, protocol: attested, peers: [{{session: shop, service: app}}]}}]");
        }
        await CreateNetworkSessionAsync(
            "misled", Caller(place), $"connect: [{{host: 127.0.0.1, port: {place}, protocol: attested, session: client, service: app}}]");
        var serving = StartAsync("shop", "Greeter.wasm");
        // The runtime, its measurement and the platform are the same for all. The caller tries until the port listens.
        Result? answer = null;
        for (var tries = 0; answer?.ExitCode != 0 && tries < 100; tries++)
        {
            answer = await StartAsync("misled", "Caller.wasm");
            if (answer.Error.Contains("no service that may be", StringComparison.Ordinal))
            {
                break;
            }
        }
        answer!.Ends(ConnectionAborted).Says("it is shop/app");
        Assert.DoesNotContain("welcome", (await StartAsync("thief", "Caller.wasm")).Output, StringComparison.Ordinal);
        Assert.Equal("welcome", (await StartAsync("client", "Caller.wasm")).Ends(0).Output);
        (await serving).Ends(0);
    }

    [Fact]
    public async Task A_program_that_calls_the_CAS_gets_no_other_sessions_secrets()
    {
        // The review's attack: a tenant's own session allows an attested connection to the CAS, and its program asks for another session.
        await CreateSessionAsync("victim", Convert.ToHexStringLower(SHA256.HashData(program)));
        foreach (var path in new[] { "/v1/configurations", "/v1/workload-certificates", "/v1/store-key" })
        {
            var attack = Caller(port, $"POST {path} HTTP/1.1\\0d\\0aHost: cas\\0d\\0aContent-Length: 36\\0d\\0a\\0d\\0a"
                + "{\\22session\\22:\\22victim\\22,\\22service\\22:\\22app\\22}");
            foreach (var peer in new[] { "session: victim, service: app", "service: app" })
            {
                await CreateNetworkSessionAsync(
                    $"thief{sessions}", attack, $"connect: [{{host: 127.0.0.1, port: {port}, protocol: attested, {peer}}}]");
                // The CAS has no workload certificate, and the program no other way to show evidence.
                (await StartAsync($"thief{sessions - 1}", "Caller.wasm")).Ends(ConnectionAborted).Says("no service that may be");
            }
        }
    }

    // errno of WASI
    private const int ConnectionAborted = 13;

    private int sessions;

    private static byte[] Greeter { get; } = WasmEngine.Assemble($"""
        (module
          {Imports}
          (data (i32.const 8) "welcome")
          (func (export "_start")
            (call $check (call $sock_accept (i32.const 4) (i32.const 0) (i32.const 112)))
            (i32.store (i32.const 120) (i32.const 8))
            (i32.store (i32.const 124) (i32.const 7))
            (call $check (call $fd_write (i32.load (i32.const 112)) (i32.const 120) (i32.const 1) (i32.const 128)))))
        """);

    // Connects, sends the request, and prints all that it gets.
    private static byte[] Caller(int port, string request = "")
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1/{port}");
        var size = request.Replace("\\0d", "r", StringComparison.Ordinal).Replace("\\0a", "n", StringComparison.Ordinal)
            .Replace("\\22", "q", StringComparison.Ordinal).Length;
        return WasmEngine.Assemble($"""
            (module
              {Imports}
              (data (i32.const 8) "{address}")
              (data (i32.const 1024) "{request}")
              (func (export "_start") (local $connection i32)
                (call $check
                  (call $path_open
                    (i32.const 4) (i32.const 0) (i32.const 8) (i32.const {address.Length}) (i32.const 0) (i64.const 66) (i64.const 0)
                    (i32.const 0) (i32.const 112)))
                (local.set $connection (i32.load (i32.const 112)))
                (i32.store (i32.const 120) (i32.const 1024))
                (i32.store (i32.const 124) (i32.const {size}))
                (if (i32.load (i32.const 124))
                  (then (call $check (call $fd_write (local.get $connection) (i32.const 120) (i32.const 1) (i32.const 128)))))
                (i32.store (i32.const 120) (i32.const 8192))
                (loop $next
                  (i32.store (i32.const 124) (i32.const 4096))
                  (call $check (call $fd_read (local.get $connection) (i32.const 120) (i32.const 1) (i32.const 128)))
                  (if (i32.load (i32.const 128))
                    (then
                      (i32.store (i32.const 124) (i32.load (i32.const 128)))
                      (call $check (call $fd_write (i32.const 1) (i32.const 120) (i32.const 1) (i32.const 128)))
                      (br $next))))))
            """);
    }

    private async Task CreateNetworkSessionAsync(string name, byte[] module, string network)
    {
        sessions++;
        var isGreeter = ReferenceEquals(module, Greeter);
        await File.WriteAllBytesAsync(folder.File(isGreeter ? "Greeter.wasm" : "Caller.wasm"), module);
        folder.Write("network.yaml", $$"""
            name: {{name}}
            version: "0.3"
            services:
              - name: app
                command: [app]
                program: {{Convert.ToHexStringLower(SHA256.HashData(module))}}
                attestation:
                  - mrenclave: [{{RuntimeMrEnclave}}]
                platforms: [simulated]
                network: {{{network}}}
            """);
        (await RunAsync("session", "create", "network.yaml", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated")).Ends(0);
    }
}
