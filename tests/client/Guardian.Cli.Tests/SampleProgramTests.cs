using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Launch;

namespace Guardian.Cli.Tests;

/// <summary>The programs of samples/programs, compiled by Debian's tools and run as docs/tutorials/confidential-programs.md says. The suite
/// 'samples' compiles them.</summary>
[Trait("Starts", "processes")]
public sealed class SampleProgramTests : IAsyncLifetime
{
    // The folder that samples/programs/build fills.
    private static readonly string? Samples = Environment.GetEnvironmentVariable("GUARDIAN_SAMPLES");

    private readonly TemporaryFolder folder = new();
    private Running? cas;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(
            Samples is null, "the sample programs are not compiled; ./test samples does it, with Debian's clang, wasi-libc and rustc");
        (await RunAsync("", "key", "create", "owner.pem")).Ends(0);
        cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
            "127.0.0.1:0", "--owners", GuardianProgram.PublicKey(folder.File("owner.pem")), "--threshold", "1");
    }

    public ValueTask DisposeAsync()
    {
        cas?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_notebook_keeps_its_lines()
    {
        Directory.CreateDirectory(folder.File("data"));
        string[] run = ["run", "--insecure-no-attestation", "--dir", "data::/data", Program("notes")];
        Assert.Equal("no notes yet\n", (await RunAsync("", run)).Ends(0).Output);
        (await RunAsync("", [.. run, "add", "first"])).Ends(0);
        (await RunAsync("second\nthird\n", [.. run, "read"])).Ends(0);
        Assert.Equal("  1  first\n  2  second\n  3  third\n", (await RunAsync("", run)).Ends(0).Output);
    }

    [Fact]
    public async Task The_counter_in_Rust_adds_to_what_it_kept()
    {
        Directory.CreateDirectory(folder.File("data"));
        string[] run = ["run", "--insecure-no-attestation", "--dir", "data::/data", Program("words")];
        Assert.Equal("     2  one\n     1  two\n", (await RunAsync("One two, one", run)).Ends(0).Output);
        Assert.Equal("     2  one\n     1  three\n     2  two\n", (await RunAsync("two THREE", run)).Ends(0).Output);
    }

    [Fact]
    public async Task SQLite_keeps_a_database_in_an_encrypted_volume()
    {
        await CreateSessionAsync("shop", $"""
            services:
              - name: app
                command: [sqlite, -vfs, unix-none, /data/shop.db]
                program: {Digest("sqlite")}
                {Admission}
                volumes:
                  - name: data
                    path: /data
            volumes:
              - name: data
            """);
        (await StartAsync("shop/app", "sqlite",
            "CREATE TABLE sale(customer TEXT, amount INT); INSERT INTO sale VALUES ('somebody special', 7), ('another', 35);")).Ends(0);
        Assert.Equal("somebody special|42\n",
            (await StartAsync("shop/app", "sqlite", "SELECT min('somebody special'), sum(amount) FROM sale;")).Ends(0).Output);
        Assert.All(
            Directory.EnumerateFiles(folder.File("volumes"), "*", SearchOption.AllDirectories),
            file => Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("somebody special"u8) < 0, file));
    }

    [Fact]
    public async Task The_web_server_answers_behind_TLS_with_a_certificate_of_the_CAS()
    {
        await CreateSessionAsync("web", $"""
            services:
              - name: server
                command: [web, "1"]
                program: {Digest("web")}
                {Admission}
                network:
                  listen:
                    - port: 8443
                      identity: server
              - name: authority
                command: [notes]
                environment:
                  NOTES: /etc/authority.pem
                program: {Digest("notes")}
                {Admission}
                injection_files:
                  - path: /etc/authority.pem
                    content: $$GUARDIAN::authority:crt$$
            secrets:
              - name: authority
                kind: x509-ca
                common_name: Sample CA
              - name: server
                kind: x509
                issuer: authority
                endpoint: server
                san: ["dns:web.example"]
            """);
        // The notebook numbers the lines of the authority's certificate.
        var pem = string.Concat(
            (await StartAsync("web/authority", "notes", "")).Ends(0).Output.Split('\n').Where(line => line.Length > 5)
            .Select(line => line[5..] + "\n"));
        using var authority = X509Certificate2.CreateFromPem(pem);
        using var server = GuardianProgram.Start(folder.Path, "Guardian.Cli", "guardian", AttestedRun("web/server", "web"));
        Assert.Equal(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 22\r\nConnection: close\r\n\r\nhello from an enclave\n",
            await GetAsync(authority));
        await server.WaitForExitAsync();
        Assert.Equal(0, server.ExitCode);
    }

    [Fact]
    public async Task The_echo_server_in_Go_serves_many_connections_at_once()
    {
        RequireGo();
        using var server = GuardianProgram.Start(
            folder.Path, "Guardian.Cli", "guardian",
            ["run", "--insecure-no-attestation", "--listen", "127.0.0.1:0", Program("echo"), "3", "2"]);
        const string listening = "guardian: listening on ";
        var line = await server.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith(listening, line, StringComparison.Ordinal);
        await TalkToBothAsync(() => ConnectAsync(IPEndPoint.Parse(line![listening.Length..])));
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, server.ExitCode);
    }

    [Fact]
    public async Task The_attested_echo_server_in_Go_serves_many_connections_at_once()
    {
        RequireGo();
        await CreateSessionAsync("echo", $"""
            services:
              - name: server
                command: [echo, "2"]
                program: {Digest("echo")}
                {Admission}
                network:
                  listen: [{"{port: 8443, protocol: plain}"}]
            """);
        using var server = GuardianProgram.Start(folder.Path, "Guardian.Cli", "guardian", AttestedRun("echo/server", "echo"));
        await TalkToBothAsync(() => ConnectAsync());
        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, server.ExitCode);
    }

    private static void RequireGo() => Assert.SkipUnless(
        File.Exists(Program("echo")), "echo.wasm is not compiled: samples/programs/build found no Go 1.21 or later");

    // The first connection is silent until the second one has its answer.
    private static async Task TalkToBothAsync(Func<Task<TcpClient>> connect)
    {
        using var silent = await connect();
        using var other = await connect();
        await TalkAsync(other, "second");
        await TalkAsync(silent, "first");
        await TalkAsync(other, "second again");
    }

    private static async Task TalkAsync(TcpClient connection, string line)
    {
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), TestContext.Current.CancellationToken);
        var answer = new byte[line.Length + 1];
        await connection.GetStream().ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Assert.Equal(line + "\n", Encoding.ASCII.GetString(answer));
    }

    private static string Admission =>
        $"attestation: [{{mrenclave: [{EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime"))}]}}]\n    platforms: "
        + "[simulated]";

    private static string Program(string name) => Path.Combine(Samples!, $"{name}.wasm");

    private static string Digest(string name) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Program(name))));

    private static async Task<string> GetAsync(X509Certificate2 authority)
    {
        using var connection = await ConnectAsync();
        using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "web.example",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        });
        await tls.WriteAsync("GET / HTTP/1.1\r\nHost: web.example\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(tls, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    // The program listens once it is attested.
    private static async Task<TcpClient> ConnectAsync(IPEndPoint? address = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (true)
        {
            var client = new TcpClient();
            try
            {
                await client.ConnectAsync(address ?? new IPEndPoint(IPAddress.Loopback, 8443), limit.Token);
                return client;
            }
            catch (SocketException)
            {
                client.Dispose();
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private async Task CreateSessionAsync(string name, string body)
    {
        folder.Write("session.yaml", $"name: {name}\nversion: \"0.3\"\n{body}\n");
        (await RunAsync("", "session", "create", "session.yaml", "--cas", cas!.Address.Authority, "--key", "owner.pem", "--platform",
            "simulated")).Ends(0);
    }

    private Task<Result> StartAsync(string service, string program, string input) => RunAsync(input, AttestedRun(service, program));

    private string[] AttestedRun(string service, string program) =>
        ["run", "--session", service, "--cas", cas!.Address.Authority, "--platform", "simulated", "--machine", "machine", "--volumes",
            "volumes", "--listen-on", "127.0.0.1", Program(program)];

    private Task<Result> RunAsync(string input, params string[] arguments) => GuardianProgram.RunAsync(folder.Path, input, arguments);
}
