using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Guardian.Attestation.Collateral;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian verify</c>: evidence in every form, from files and servers, with one verdict.</summary>
[Trait("Starts", "processes")]
public sealed class VerifyCommandTests : IDisposable
{
    private const string At = "2025-07-01T00:00:00Z";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_quote_is_verified_with_collateral_that_is_fetched()
    {
        var vector = Vector("dcap", "tdx4-uptodate");
        using var service = new CollateralStub(CollateralFiles.Read(vector).Value!, isCaching: true);
        var quote = Path.Combine(vector, "quote.bin");
        var fetched = (await RunAsync(quote, "--at", At, "--service", service.Address, "--json")).Ends(0).Json;
        Assert.Equal(("quote", true), ((string)fetched["found"]!, (bool)fetched["accepted"]!));
        Assert.Equal("UpToDate", (string)fetched["quote"]!["status"]!);

        Shows(
            (await RunAsync(quote, "--at", At, "--offline", "--service", service.Address)).Ends(1),
            "verdict: refused", "to fix it: fetch it: guardian quote collateral fetch --platform b0c06f000000:platform:tdx");
        (await RunAsync(quote, "--at", At, "--service", "http://127.0.0.1:1/")).Ends(3);
        var input = Convert.ToBase64String(await File.ReadAllBytesAsync(quote));
        var explained = await GuardianProgram.RunAsync(
            folder.Path, input, ["verify", "-", "--at", At, "--collateral", vector, "--why"]);
        Shows(explained.Ends(0), "holds: tcb", "verdict: accepted");
    }

    [Fact]
    public async Task The_step_that_fixes_a_rule_is_named()
    {
        var vector = Vector("dcap", "sgx3-processor-cfg-and-swh");
        Shows(
            (await RunAsync(Path.Combine(vector, "quote.bin"), "--collateral", vector, "--at", At)).Ends(1),
            "does not hold: tcb", "to fix it", "verdict: refused: it verifies, but is not accepted");
    }

    [Fact]
    public async Task A_report_of_SEV_SNP_is_verified_with_AMDs_documents()
    {
        var vector = Vector("snp", "milan-v3-vcek-hostdata");
        var (report, at) = (Path.Combine(vector, "report.bin"), "2026-03-07T00:00:00Z");
        Shows((await RunAsync(report, "--at", at)).Ends(1), "to fix it: get https://kdsintf.amd.com/vcek/v1/Milan/", "verdict: refused");
        Shows((await RunAsync(report, "--at", at, "--collateral", vector)).Ends(1), "revocation list", "verdict: refused");
        var documents = Directory.CreateDirectory(folder.File("amd")).FullName;
        File.Copy(Path.Combine(vector, "leaf.der"), Path.Combine(documents, "vcek.der"));
        File.Copy(Path.Combine(vector, "chain.pem"), Path.Combine(documents, "cert_chain.pem"));
        File.Copy(Path.Combine(vector, "..", "crl", "milan.der"), Path.Combine(documents, "crl.der"));
        var accepted = (await RunAsync(report, "--at", at, "--collateral", documents, "--json")).Ends(0).Json;
        Assert.Equal(("SEV-SNP report", true), ((string)accepted["found"]!, (bool)accepted["snp"]!["rootIsAmd"]!));

        var measurement = (string)accepted["snp"]!["measurement"]!;
        folder.Write("policy.yaml",
            $"attestation:\n  - measurement: [{measurement}]\n    tcb_min: {{bootloader: 4, tee: 0, snp: 24, microcode: 250}}\n");
        Shows(
            (await RunAsync(report, "--at", at, "--collateral", documents, "--policy", folder.File("policy.yaml"))).Ends(1),
            "does not hold: tcb", "to fix it: update the platform's firmware");
        (await RunAsync(report, "--at", at, "--collateral", documents, "--accept", "OutOfDate"))
            .Ends(2).Says("--accept is for other evidence");
    }

    [Fact]
    public async Task An_event_log_must_give_the_registers_of_the_quote()
    {
        // A quote and a log that are not of one boot; the library's tests have those that are.
        var vector = Vector("dcap", "tdx4-uptodate");
        string[] arguments = [Path.Combine(vector, "quote.bin"), "--collateral", vector, "--at", At, "--event-log"];
        var log = Vector("tdx-eventlog", "log-ovmf");
        var refused = (await RunAsync([.. arguments, Path.Combine(log, "ccel_data.bin"), "--json"])).Ends(1).Json;
        Assert.Equal(
            (false, true, "wrong-event-log"),
            ((bool)refused["accepted"]!, (bool)refused["quote"]!["accepted"]!, (string)refused["eventLog"]!["reason"]!));
        Shows((await RunAsync([.. arguments, Path.Combine(vector, "quote.bin")])).Ends(1), "does not hold: the event log cannot be used");
        var enclave = Vector("dcap", "sgx3-processor-cfg-and-swh");
        (await RunAsync(
            Path.Combine(enclave, "quote.bin"), "--collateral", enclave, "--at", At, "--event-log", Path.Combine(log, "ccel_data.bin")))
            .Ends(2).Says("--event-log is for the quote of a trust domain");
    }

    [Fact]
    public async Task A_token_needs_the_keys_of_its_issuer()
    {
        var intel = Vector("envelopes", "ita-sgx");
        var (token, keys) = (Path.Combine(intel, "token.jwt"), Path.Combine(intel, "jwks.json"));
        (await RunAsync(token)).Ends(2).Says("--keys FILE");
        var refused = (await RunAsync(token, "--keys", keys, "--at", "2023-12-21T05:32:08Z", "--json")).Ends(1).Json;
        Assert.True((bool)refused["token"]!["verified"]!);
        Assert.Contains("OutOfDate", (string)refused["token"]!["problems"]![0]!, StringComparison.Ordinal);
        (await RunAsync(token, "--keys", keys, "--at", "2023-12-21T05:32:08Z", "--accept", "OutOfDate")).Ends(0);
        Shows((await RunAsync(token, "--keys", keys)).Ends(1), "the certificates of the issuer's key");

        var azure = Vector("envelopes", "maa-sgx-runtime-data");
        string[] arguments =
            [Path.Combine(azure, "token.jwt"), "--keys", Path.Combine(azure, "jwks.json"), "--at", "2022-05-31T22:57:57Z"];
        Shows((await RunAsync(arguments)).Ends(1), "debug enclave");
        (await RunAsync([.. arguments, "--allow-debug", "--issuer", "https://sharedwus.wus.attest.azure.net"])).Ends(0);
        // Another provider in the same region can have the same keys.
        Shows((await RunAsync([.. arguments, "--allow-debug", "--issuer", "https://mine.wus.attest.azure.net"])).Ends(1), "its issuer is");
        Shows((await RunAsync(arguments[..3])).Ends(1), "the token ended at");
        // An option without effect would be believed in: --root does not say whose token it is.
        string[][] idle = [["--collateral", azure], ["--root", keys], ["--simulated"], ["--early"], ["--pck-chain", keys]];
        foreach (var option in idle)
        {
            (await RunAsync([.. arguments, .. option])).Ends(2).Says($"{option[0]} is for other evidence");
        }
    }

    [Fact]
    public async Task What_is_no_evidence_is_named()
    {
        folder.Write("key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        Shows((await RunAsync("key.pem")).Ends(1), "a PEM file with a public key");
        (await RunAsync("missing")).Ends(3);
        // A device has no size before it is read.
        var quote = Path.Combine(Vector("dcap", "tdx4-uptodate"), "quote.bin");
        (await RunAsync("/dev/zero")).Ends(2).Says("more than");
        (await RunAsync(quote, "--collateral", "/dev/zero")).Ends(3).Says("more than");
        (await RunAsync(quote, "--pck-chain", "/dev/zero", "--collateral", Vector("dcap", "tdx4-uptodate"))).Ends(2).Says("more than");
        (await RunAsync("ftp://host/")).Ends(2);
        (await RunAsync("")).Ends(2).Says("the name of a file is empty");
        (await RunAsync(quote, "--policy", "")).Ends(2).Says("the name of a file is empty");
        var refused = (await RunAsync("https://name:hunter2@127.0.0.1:1", "--json")).Ends(2);
        Assert.DoesNotContain("hunter2", refused.Output + refused.Error, StringComparison.Ordinal);
        (await RunAsync("https://127.0.0.1:1")).Ends(3);
    }

    [Fact]
    public async Task A_server_is_verified_by_the_certificate_that_it_shows()
    {
        using var cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cas", "guardian-cas", "--listen", "127.0.0.1:0", "--state", folder.File("cas"), "--machine",
            folder.File("machine"));
        var address = cas.Address.ToString().TrimEnd('/');
        (await RunAsync(address)).Ends(1);
        var verified = (await RunAsync(address, "--simulated", "--json")).Ends(0).Json;
        Assert.Contains("Gramine", (string)verified["found"]!, StringComparison.Ordinal);
        Assert.Equal(64, ((string)verified["keySha256"]!).Length);
    }

    [Fact]
    public async Task A_coordinator_must_show_a_certificate_of_the_root_that_its_quote_names()
    {
        using var platform = new SimulatedQuotes(folder.File("machine"));
        using var root = CreateRoot("CN=root");
        using var other = CreateRoot("CN=other");
        using var genuine = Issue(root);
        using var stolen = Issue(other);
        var quote = platform.Create([.. SHA256.HashData(root.RawData), .. new byte[32]]);
        var answer = JsonSerializer.Serialize(
            new { status = "success", data = new { Cert = root.ExportCertificatePem(), Quote = Convert.ToBase64String(quote) } });
        using (var server = new TlsPage(genuine, "/api/v2/quote", answer))
        {
            Shows((await RunAsync(server.Address, "--simulated")).Ends(0), "MarbleRun quote");
            (await RunAsync($"{server.Address}/api/v2/quote", "--simulated")).Ends(0);
            (await RunAsync($"{server.Address}/nowhere", "--simulated")).Ends(3);
        }

        // A machine in between forwards the genuine answer. A naive client verifies the answer alone, and accepts.
        folder.Write("answer.json", answer);
        (await RunAsync("answer.json", "--simulated")).Ends(0);
        using var between = new TlsPage(stolen, "/api/v2/quote", answer);
        Shows((await RunAsync($"{between.Address}/api/v2/quote", "--simulated")).Ends(1), "not issued by the root");
    }

    [Fact]
    public async Task The_certificate_of_a_hostile_server_makes_the_command_call_nobody()
    {
        using var lure = new LuringCertificate();
        using var server = new TlsPage(lure.Certificate, "/nothing", "");
        Shows((await RunAsync(server.Address)).Ends(1), "a certificate without evidence");
        Assert.Equal(0, lure.Calls);
    }

    // Certification data are not signed: a quote that only names its platform, and the chain beside it.
    [Fact]
    public async Task A_chain_that_is_given_beside_a_quote_names_its_platform()
    {
        var vector = Vector("dcap", "tdx4-uptodate");
        var quote = await File.ReadAllBytesAsync(Path.Combine(vector, "quote.bin"));
        var chain = quote.AsSpan().IndexOf("-----BEGIN"u8);
        await File.WriteAllBytesAsync(folder.File("chain.pem"), quote[chain..]);
        // The sizes of: the signature data, the certification data of type 6, and those inside of type 5, which become type 1.
        byte[] named = [.. quote[..chain], .. new byte[36]];
        BitConverter.TryWriteBytes(named.AsSpan(632), named.Length - 636);
        BitConverter.TryWriteBytes(named.AsSpan(636 + 130), named.Length - 636 - 134);
        BitConverter.TryWriteBytes(named.AsSpan(chain - 6), (ushort)1);
        BitConverter.TryWriteBytes(named.AsSpan(chain - 4), 36);
        await File.WriteAllBytesAsync(folder.File("named.bin"), named);

        Shows((await RunAsync("named.bin", "--at", At, "--collateral", vector)).Ends(1), "pass it with --pck-chain");
        (await RunAsync("named.bin", "--at", At, "--collateral", vector, "--pck-chain", "chain.pem")).Ends(0);
        (await GuardianProgram.RunAsync(
            folder.Path, ["quote", "verify", "named.bin", "--at", At, "--collateral", vector, "--pck-chain", "chain.pem"])).Ends(0);
        using var service = new CollateralStub(CollateralFiles.Read(vector).Value!, isCaching: true);
        (await RunAsync("named.bin", "--at", At, "--service", service.Address, "--pck-chain", "chain.pem")).Ends(0);
    }

    // The coordinator binds SHA-256 of its root and the nonce behind it, which it takes as base64url with padding.
    [Fact]
    public async Task A_coordinator_is_asked_with_a_nonce()
    {
        using var platform = new SimulatedQuotes(folder.File("machine"));
        using var root = CreateRoot("CN=root");
        using var genuine = Issue(root);
        byte[] nonce = [0xFB, 0xFF, 2, 3];
        var answer = JsonSerializer.Serialize(new
        {
            Cert = root.ExportCertificatePem(),
            Quote = platform.Create([.. SHA256.HashData([.. root.RawData, .. nonce]), .. new byte[32]]),
        });
        folder.Write("answer.json", answer);
        using var server = new TlsPage(genuine, "/api/v2/quote?nonce=-_8CAw%3D%3D", answer);
        (await RunAsync(server.Address, "--simulated", "--nonce", "-_8CAw")).Ends(0);
        (await RunAsync($"{server.Address}/api/v2/quote", "--simulated", "--nonce", "+/8CAw==")).Ends(0);
        (await RunAsync($"{server.Address}/api/v2/quote?nonce=-_8CAw%3D%3D", "--simulated")).Ends(0);
        (await RunAsync("answer.json", "--simulated", "--nonce", "-_8CAw==")).Ends(0);
        Shows((await RunAsync("answer.json", "--simulated")).Ends(1), "does not name the certificate", "--nonce NONCE");
        Shows((await RunAsync("answer.json", "--simulated", "--nonce", "AAAA")).Ends(1), "together with the nonce");
        (await RunAsync("answer.json", "--simulated", "--nonce", "a nonce")).Ends(2).Says("base64url");
        (await RunAsync(Path.Combine(Vector("dcap", "tdx4-uptodate"), "quote.bin"), "--nonce", "AAAA")).Ends(2).Says("--nonce is for");
    }

    [Fact]
    public async Task What_is_no_bare_quote_is_named_as_what_it_is()
    {
        var quote = await File.ReadAllBytesAsync(Path.Combine(Vector("dcap", "tdx4-uptodate"), "quote.bin"));
        folder.Write("mark.txt", "\uFEFF" + Convert.ToBase64String(quote));
        folder.Write("answer.json", JsonSerializer.Serialize(new { quote }));
        folder.Write("key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        await File.WriteAllBytesAsync(folder.File("short.bin"), quote.AsMemory(0, 20));
        (string File, int Code, string Text)[] cases =
        [
            ("mark.txt", 0, "version"), ("answer.json", 0, "version"), ("key.pem", 1, "a PEM file with a public key"),
            (Path.Combine(Vector("envelopes", "ear-pass"), "token.jwt"), 1, "the input is a token (JWT), no bare quote"),
            (Path.Combine(Vector("snp", "s-base"), "report.bin"), 1, "SEV-SNP report"), ("short.bin", 1, "inside its header"),
        ];
        foreach (var (file, code, text) in cases)
        {
            var shown = await GuardianProgram.RunAsync(folder.Path, ["quote", "show", file]);
            Assert.Contains(text, shown.Ends(code).Output + shown.Error, StringComparison.Ordinal);
            var verified = await GuardianProgram.RunAsync(
                folder.Path, ["quote", "verify", file, "--collateral", Vector("dcap", "tdx4-uptodate"), "--at", At]);
            Assert.Contains(code == 0 ? "UpToDate" : text, verified.Ends(code).Output, StringComparison.Ordinal);
        }
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, ["verify", .. arguments]);

    private static void Shows(Result result, params string[] texts) =>
        Assert.All(texts, text => Assert.Contains(text, result.Output, StringComparison.Ordinal));

    private static string Vector(params string[] parts) => Repository.File(["tests", "vectors", .. parts]);

    private static X509Certificate2 CreateRoot(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=coordinator", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, [1]);
        using var whole = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
