using System.Diagnostics;
using System.Text.Json.Nodes;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian guest check --quoting-service</c> against the quoting service of a host, both as programs.</summary>
[Trait("Starts", "processes")]
public sealed class QuotingServiceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private Process? service;

    public void Dispose()
    {
        if (service is not null)
        {
            service.Kill();
            service.WaitForExit();
            service.Dispose();
        }
        folder.Dispose();
    }

    [Fact]
    public async Task A_guest_gets_one_quote_and_verifies_it()
    {
        var address = await ServeAsync("--simulated-machine", folder.File("machine"));
        var finding = await CheckAsync(address, "machine");
        Assert.Equal("ok", (string?)finding["status"]);
        Assert.Contains("Guardian Simulated SGX Root CA", (string?)finding["what"], StringComparison.Ordinal);

        // A guest on another machine cannot use this one's quoting enclave.
        finding = await CheckAsync(address, "other");
        Assert.Equal("failed", (string?)finding["status"]);
        Assert.Contains("0x12003", (string?)finding["why"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_quoting_enclave_the_guest_is_told()
    {
        Assert.Equal("failed", (string?)(await CheckAsync(await ServeAsync(), "machine"))["status"]);
        Assert.Contains(
            "ask the operator", (string?)(await CheckAsync($"unix:{folder.File("none")}", "machine"))["remedy"], StringComparison.Ordinal);
        (await GuardianProgram.RunAsync(folder.Path, "guest", "check", "--quoting-service", "tcp:1")).Ends(2).Says("takes vsock:CID:PORT");
    }

    [Fact]
    public async Task The_commands_of_the_page_about_quoting_work()
    {
        const string at = "2025-07-01T00:00:00Z";
        var vector = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");
        using var stub = new CollateralStub(Guardian.Attestation.Collateral.CollateralFiles.Read(vector).Value!, isCaching: true);
        Directory.CreateDirectory(folder.File("hosts"));
        File.Copy(Path.Combine(vector, "quote.bin"), Path.Combine(folder.File("hosts"), "cmp01.bin"));
        var lines = (await File.ReadAllLinesAsync(Repository.File("docs", "how-to", "quoting.md")))
            .Where(line => line.StartsWith("guardian", StringComparison.Ordinal))
            .Select(line => line.Replace("https://pccs.example:8081/", stub.Address, StringComparison.Ordinal)
                .Replace("00606a000000:platform:sgx", "b0c06f000000:platform:tdx", StringComparison.Ordinal)
                .Replace("/tmp/quoting.sock", folder.File("quoting.sock"), StringComparison.Ordinal))
            .ToList();
        var fetch = Shell.Split(Assert.Single(lines, line => line.StartsWith("guardian quote collateral fetch", StringComparison.Ordinal)));
        (await GuardianProgram.RunAsync(folder.Path, [.. fetch[1..], "--at", at])).Ends(0);
        (await GuardianProgram.RunAsync(folder.Path, [.. fetch[1..], "--at", at, "--early"])).Ends(0);
        foreach (var line in lines.Where(line => line.StartsWith("guardian quote forecast", StringComparison.Ordinal)))
        {
            (await GuardianProgram.RunAsync(folder.Path, [.. Shell.Split(line)[1..], "--at", at])).Ends(0);
        }
        var serve = Shell.Split(Assert.Single(lines, line => line.Contains("--listen unix:", StringComparison.Ordinal)));
        await ServeAsync(serve[4..]);
        var check = Shell.Split(Assert.Single(lines, line => line.StartsWith("guardian guest check", StringComparison.Ordinal)));
        var result = await GuardianProgram.RunAsync(folder.Path, check[1..]);
        Assert.Contains("made a quote, which verifies", result.Output, StringComparison.Ordinal);
        // The other lines are the service on vsock, which needs a guest.
        Assert.Equal(6, lines.Count);
    }

    private async Task<JsonNode> CheckAsync(string address, string machine)
    {
        var checkedHere = await GuardianProgram.RunAsync(
            folder.Path, "guest", "check", "--quoting-service", address, "--machine", folder.File(machine), "--json");
        return checkedHere.Json["findings"]!.AsArray().Single(each => (string?)each!["id"] == "quoting-service")!;
    }

    private async Task<string> ServeAsync(params string[] more)
    {
        var path = folder.File("quoting.sock");
        service = GuardianProgram.Start(folder.Path, "Guardian.Node", "guardian-node", ["quoting", "--listen", $"unix:{path}", .. more]);
        var said = await service.StandardError.ReadLineAsync();
        Assert.Contains("quoting on unix:", said, StringComparison.Ordinal);
        return $"unix:{path}";
    }
}
