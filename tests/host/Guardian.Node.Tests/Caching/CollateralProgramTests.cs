using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Node.Tests.Caching;

/// <summary><c>guardian-node collateral</c> as a program: curl, Python and this repository's verifier are its clients.</summary>
[Trait("Starts", "processes")]
public sealed class CollateralProgramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly HttpListener upstream = new();
    private readonly SyntheticEvidence evidence;
    private Process? program;

    public CollateralProgramTests()
    {
        var now = DateTimeOffset.UtcNow;
        foreach (var document in new[] { platform.TcbInfo, platform.QeIdentity })
        {
            document.Content["issueDate"] = Text(now.AddDays(-1));
            document.Content["nextUpdate"] = Text(now.AddDays(29));
        }
        foreach (var list in new[] { platform.RootList, platform.PckList })
        {
            (list.ThisUpdate, list.NextUpdate) = (now.AddDays(-1), now.AddDays(29));
        }
        evidence = platform.Build();

        static string Text(DateTimeOffset instant) => instant.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        upstream.Close();
        if (program is not null)
        {
            program.Kill();
            program.WaitForExit();
            program.Dispose();
        }
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Clients_of_PCCS_use_it()
    {
        var cache = await StartAsync();
        using var http = CollateralService.CreateClient(cache);
        var id = PlatformId.Of(Quote.TryParse(evidence.Quote).Value!)!;
        var fetched = await new CollateralService(http).FetchAsync(id, cancellation: Ending);
        var options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] };
        Assert.Equal(
            TcbStatus.UpToDate, QuoteVerifier.Verify(evidence.Quote, fetched, DateTimeOffset.UtcNow, options).Value!.Tcb!.Status);

        var raw = $"qeid={new string('0', 32)}&cpusvn={Convert.ToHexString(SyntheticPlatform.Components)}&pcesvn=0D00&pceid=0000";
        var curl = await RunAsync("curl", "-sSi", $"{cache}sgx/certification/v4/pckcert?{raw}");
        Assert.Contains($"SGX-TCBm: {Convert.ToHexString(SyntheticPlatform.Components)}0D00", curl, StringComparison.Ordinal);
        Assert.Contains("SGX-PCK-Certificate-Issuer-Chain: -----BEGIN%20CERTIFICATE", curl, StringComparison.Ordinal);
        Assert.Contains("-----BEGIN CERTIFICATE-----", curl, StringComparison.Ordinal);

        var python = await RunAsync(
            "python3", "-c",
            """
            import json, sys, urllib.parse, urllib.request
            with urllib.request.urlopen(sys.argv[1] + "sgx/certification/v4/tcb?fmspc=00606A000000") as answer:
                chain = urllib.parse.unquote(answer.headers["TCB-Info-Issuer-Chain"])
                print(json.load(answer)["tcbInfo"]["fmspc"], chain.count("BEGIN CERTIFICATE"))
            with urllib.request.urlopen(sys.argv[1] + "sgx/certification/v4/rootcacrl") as answer:
                print(bytes.fromhex(answer.read().decode())[0])
            """,
            cache.ToString());
        Assert.Equal("00606A000000 2\n48\n", python);
    }

    [Theory]
    [InlineData(2, "takes --config FILE", "collateral")]
    [InlineData(3, "Could not find", "collateral", "--config", "absent.yaml")]
    [InlineData(2, "--listen needs an address", "quoting")]
    [InlineData(2, "needs one value", "quoting", "--listen")]
    public async Task A_wrong_call_is_refused(int code, string words, params string[] arguments)
    {
        program = GuardianProgram.Start(folder.Path, "Guardian.Node", "guardian-node", arguments);
        var error = await program.StandardError.ReadToEndAsync(Ending);
        await program.WaitForExitAsync(Ending);
        Assert.Equal(code, program.ExitCode);
        Assert.Contains(words, error, StringComparison.Ordinal);
    }

    private async Task<Uri> StartAsync()
    {
        var port = ReservedPort.Reserve();
        upstream.Prefixes.Add($"http://127.0.0.1:{port}/");
        upstream.Start();
        _ = Task.Run(AnswerAsync);
        folder.Write("root.pem", evidence.Root);
        Directory.CreateDirectory(folder.File("collateral/pck"));
        folder.Write(
            $"collateral/pck/{new string('0', 32)}-0000.pem", platform.Pck.Pem() + platform.Authority.Pem() + platform.Root.Pem());
        var own = ReservedPort.Reserve();
        var configuration = folder.Write(
            "collateral.yaml",
            $"""
            listen: 127.0.0.1:{own}
            folder: {folder.File("collateral")}
            services: [http://127.0.0.1:1/, http://127.0.0.1:{port}/]
            root: {folder.File("root.pem")}
            early: false
            """);
        program = GuardianProgram.Start(folder.Path, "Guardian.Node", "guardian-node", ["collateral", "--config", configuration]);
        while (await program.StandardError.ReadLineAsync(Ending) is { } line)
        {
            if (line.Contains("is current", StringComparison.Ordinal))
            {
                return new Uri($"http://127.0.0.1:{own}/");
            }
        }
        throw new InvalidOperationException("the program ended");
    }

    private async Task AnswerAsync()
    {
        while (upstream.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await upstream.GetContextAsync();
            }
            catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var collateral = evidence.Collateral;
            var (body, header, chain) = context.Request.Url!.AbsolutePath["/sgx/certification/v4/".Length..] switch
            {
                "tcb" => (collateral.TcbInfo, "TCB-Info-Issuer-Chain", collateral.TcbInfoIssuerChain),
                "qe/identity" => (collateral.QeIdentity, "SGX-Enclave-Identity-Issuer-Chain", collateral.QeIdentityIssuerChain),
                "pckcrl" => (collateral.PckCrl, "SGX-PCK-CRL-Issuer-Chain", collateral.PckCrlIssuerChain),
                "rootcacrl" => (collateral.RootCaCrl, "X-None", default),
                _ => (default(ReadOnlyMemory<byte>), "X-None", default(ReadOnlyMemory<byte>)),
            };
            context.Response.StatusCode = body.IsEmpty ? 404 : 200;
            context.Response.Headers[header] = Uri.EscapeDataString(Encoding.ASCII.GetString(chain.Span));
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
    }

    private static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Ending);
        await process.WaitForExitAsync(Ending);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
