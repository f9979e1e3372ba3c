using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian verifier start</c>, its clients as docs/how-to/attestation.md shows them, and <c>guardian verify</c> of its
/// tokens.</summary>
[Trait("Starts", "processes")]
public sealed class VerifierCommandTests : IDisposable
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset To = From.AddDays(30);

    private readonly TemporaryFolder folder = new();
    private readonly SimulatedQuotes quotes;

    public VerifierCommandTests()
    {
        quotes = new SimulatedQuotes(folder.Path);
        folder.Write("policy.yaml", $"attestation:\n  - mrenclave: [{quotes.MrEnclave}]\nplatforms: [simulated]\n");
        folder.Write("other.yaml", $"attestation:\n  - mrenclave: [{new string('0', 64)}]\nplatforms: [simulated]\n");
    }

    public void Dispose()
    {
        quotes.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_commands_of_the_page_lead_to_a_token_that_verify_reads()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "curl is not installed");
        (await RunAsync("key", "create", "verifier.pem")).Ends(0);
        using var process = GuardianProgram.Start(
            folder.Path, "Guardian.Cli", "guardian",
            ["verifier", "start", "--policy", "policy.yaml", "--key", "verifier.pem", "--simulated", "--json"]);
        var started = await GuardianProgram.ReadEventAsync(process);
        using var running = new Running(process, new Uri((string)started["address"]!));
        var lines = (await File.ReadAllLinesAsync(Repository.File("docs", "how-to", "attestation.md")))
            .Where(line => line.StartsWith("curl ", StringComparison.Ordinal))
            .Select(line => line.Replace("https://127.0.0.1:8900", (string)started["address"]!, StringComparison.Ordinal)).ToList();
        Assert.Equal(3, lines.Count);

        var nonce = (string)JsonNode.Parse(await ShellAsync(lines[0], started))!["nonce"]!;
        var quote = Convert.ToBase64String(quotes.Create([.. Base64Url.DecodeFromChars(nonce), .. new byte[32]]));
        await ShellAsync(
            lines[1].Replace("BASE64", quote, StringComparison.Ordinal).Replace("NONCE", nonce, StringComparison.Ordinal), started);
        await ShellAsync(lines[2], started);
        Assert.Equal(
            JsonNode.Parse((await RunAsync("key", "show", "verifier.pem", "--jwks")).Ends(0).Output)!.ToJsonString(),
            JsonNode.Parse(await File.ReadAllTextAsync(folder.File("jwks.json")))!.ToJsonString());

        // All holds but the platform, which is simulated.
        Assert.Equal(["'sgx' is contraindicated, not affirming"], await ProblemsAsync("--policy", "policy.yaml", "--nonce", nonce));
        Assert.Contains("another nonce", (await ProblemsAsync("--nonce", "AAAAAAAAAAAA"))[1], StringComparison.Ordinal);
        Assert.Contains("another policy", (await ProblemsAsync("--policy", "other.yaml"))[1], StringComparison.Ordinal);
        Assert.Contains("another policy", (await ProblemsAsync("--policy", "policy.yaml", "--allow-debug"))[1], StringComparison.Ordinal);
        Assert.Equal((string)started["keyId"]!, (string)(await VerifyAsync()).Json["token"]!["keyId"]!);
    }

    [Fact]
    public async Task The_verifier_gets_the_collateral_of_a_platform_when_the_first_evidence_of_it_comes()
    {
        using var platform = new SyntheticPlatform();
        foreach (var document in new[] { platform.TcbInfo, platform.QeIdentity })
        {
            document.Content["nextUpdate"] = "2033-01-01T00:00:00Z";
        }
        platform.RootList.NextUpdate = platform.PckList.NextUpdate = new DateTimeOffset(2033, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var evidence = platform.Build();
        using var stub = new CollateralStub(evidence.Collateral, isCaching: true) { IsDown = true };
        string[] start =
        [
            "verifier", "start", "--policy", "policy.yaml", "--root", folder.Write("root.pem", evidence.Root), "--collateral", "kept",
            "--insecure-no-nonce",
        ];
        // A verifier that only reads its folder refuses the evidence for good.
        Assert.Equal("no-collateral", await AppraiseAsync([.. start, "--offline"], evidence.Quote));
        Assert.Empty(stub.Requests);
        Assert.Equal("collateral-away", await AppraiseAsync([.. start, "--service", stub.Address], evidence.Quote));
        // Signatures come first: nobody makes the verifier ask for a platform that he made up.
        var forged = evidence.Quote.ToArray();
        forged[SyntheticPlatform.HeaderSize + 1] ^= 1;
        var asked = stub.Requests.Count;
        Assert.Equal("bad-signature", await AppraiseAsync([.. start, "--service", stub.Address], forged));
        Assert.Equal(asked, stub.Requests.Count);
        stub.IsDown = false;
        Assert.Equal("token", await AppraiseAsync([.. start, "--service", stub.Address], evidence.Quote));
        Assert.Single(Directory.GetFiles(folder.File("kept")));
    }

    [Fact]
    public async Task A_verifier_that_lacks_something_does_not_start()
    {
        (await RunAsync("verifier", "start")).Ends(2).Says("--policy FILE");
        (await RunAsync("verifier", "start", "--policy", "missing.yaml")).Ends(3);
        (await RunAsync("verifier", "start", "--policy", "policy.yaml", "--certificate", "policy.yaml")).Ends(2).Says("belong together");
        (await RunAsync("verifier", "start", "--policy", "policy.yaml", "--certificate", "policy.yaml", "--certificate-key", "policy.yaml"))
            .Ends(2).Says("private key in PEM");
        (await RunAsync("verifier", "start", "--policy", "policy.yaml", "--listen", "nowhere")).Ends(2).Says("not an address");
        (await RunAsync("verifier", "start", "--policy", "policy.yaml", "--rate", "0")).Ends(2).Says("--rate is 1 to");
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        (await RunAsync("verifier", "start", "--policy", "policy.yaml", "--listen", taken.LocalEndpoint.ToString()!))
            .Ends(3).Says("in use");
    }

    [Fact]
    public async Task A_certificate_of_an_issuer_is_shown_with_its_chain()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("root", rootKey).CreateSelfSigned(From, To);
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var unkeyed = Authority("issuer", issuerKey).Create(root, From, To, [1]);
        using var issuer = unkeyed.CopyWithPrivateKey(issuerKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=verifier", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(issuer, From, To, [2]);
        folder.Write("tls.pem", $"{leaf.ExportCertificatePem()}\n{issuer.ExportCertificatePem()}\n");
        folder.Write("tls.key", key.ExportPkcs8PrivateKeyPem());
        // The file of settings and the environment name what the command line does not.
        folder.Write("verifier.yaml", "policy: policy.yaml\ncertificate: tls.pem\n");
        folder.Write("environment", "GUARDIAN_VERIFIER_CERTIFICATE_KEY=tls.key\n");
        using var running = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "verifier", "start", "--config", "verifier.yaml");
        // The root alone is known here, so the service must send the issuer between.
        using var client = ClientOf(root);
        Assert.Contains(
            "\"keys\"",
            await client.GetStringAsync(new Uri(running.Address, "/.well-known/jwks.json"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_of_SEV_SNP_becomes_a_token()
    {
        (await RunAsync("key", "create", "verifier.pem")).Ends(0);
        var vector = Repository.File("tests", "vectors", "snp", "milan-v3-vcek-hostdata");
        var documents = Directory.CreateDirectory(folder.File("amd")).FullName;
        File.Copy(Path.Combine(vector, "leaf.der"), Path.Combine(documents, "vcek.der"));
        File.Copy(Path.Combine(vector, "chain.pem"), Path.Combine(documents, "chain.pem"));
        File.Copy(Path.Combine(vector, "..", "crl", "milan.der"), Path.Combine(documents, "crl.der"));
        string[] verify =
            ["verify", Path.Combine(vector, "report.bin"), "--collateral", documents, "--at", "2026-03-07T00:00:00Z"];
        var found = (await RunAsync([.. verify, "--json"])).Ends(0).Json["snp"]!;
        folder.Write(
            "guest.yaml",
            $"attestation:\n  - measurement: [{found["measurement"]}]\n    tcb_min: {{bootloader: 1, tee: 0, snp: 1, microcode: 1}}\n");
        string[] token = ["--ear", "result.jwt", "--key", "verifier.pem", "--ear-nonce", "of-the-asker"];
        (await RunAsync([.. verify, "--policy", "guest.yaml", .. token])).Ends(0);
        await File.WriteAllTextAsync(folder.File("jwks.json"), (await RunAsync("key", "show", "verifier.pem", "--jwks")).Ends(0).Output);
        var accepted = (await RunAsync(
            "verify", "result.jwt", "--keys", "jwks.json", "--at", "2026-03-07T00:30:00Z", "--policy", "guest.yaml", "--nonce",
            "of-the-asker", "--json")).Ends(0).Json["token"]!;
        Assert.Equal("affirming", (string)accepted["statuses"]!["snp"]!);
        (await RunAsync([.. verify, "--nonce", "of-the-asker"])).Ends(2).Says("--nonce is for a token");
        (await RunAsync([.. verify, "--key", "verifier.pem"])).Ends(2).Says("add --ear FILE");
        (await RunAsync("verify", "result.jwt", "--keys", "jwks.json", "--ear", "again.jwt", "--key", "verifier.pem")).Ends(2);
    }

    // The reason of the refusal, or "token".
    private async Task<string> AppraiseAsync(string[] start, byte[] quote)
    {
        using var certificate = LoopbackCertificate.Create();
        using var key = certificate.GetECDsaPrivateKey()!;
        using var running = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian",
            [
                .. start, "--certificate", folder.Write("tls.pem", certificate.ExportCertificatePem()),
                "--certificate-key", folder.Write("tls.key", key.ExportPkcs8PrivateKeyPem()),
            ]);
        using var client = ClientOf(certificate);
        var stop = TestContext.Current.CancellationToken;
        using var answer = await client.PostAsync(
            new Uri(running.Address, "/v1/appraisals"),
            new StringContent($$"""{"evidence":"{{Convert.ToBase64String(quote)}}"}"""), stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        return answer.IsSuccessStatusCode ? "token" : (string)JsonNode.Parse(text)!["reason"]!;
    }

    private static HttpClient ClientOf(X509Certificate2 root) => new(new SocketsHttpHandler
    {
        SslOptions =
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
            },
        },
    });

    private static CertificateRequest Authority(string name, ECDsa key) => new($"CN={name}", key, HashAlgorithmName.SHA256)
    {
        CertificateExtensions = { new X509BasicConstraintsExtension(true, false, 0, true) },
    };

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);

    private async Task<Result> VerifyAsync(params string[] more) =>
        (await RunAsync(["verify", "result.jwt", "--keys", "jwks.json", .. more, "--json"])).Ends(1);

    private async Task<List<string>> ProblemsAsync(params string[] more) =>
        [.. (await VerifyAsync(more)).Json["token"]!["problems"]!.AsArray().Select(each => (string)each!)];

    private async Task<string> ShellAsync(string line, JsonNode started)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", line])
        {
            WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["PIN"] = (string)started["certificatePin"]! },
        })!;
        var (output, error) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(shell.ExitCode == 0, $"{line}\n{await output}\n{await error}");
        return await output;
    }
}
