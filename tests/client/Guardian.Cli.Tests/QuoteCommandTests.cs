using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;

namespace Guardian.Cli.Tests;

/// <summary>The output of <c>guardian quote verify</c> and its kin that scripts rely on, over the vectors.</summary>
[Trait("Starts", "processes")]
public sealed class QuoteCommandTests : IDisposable
{
    private const string At = "2025-07-01T00:00:00Z";
    private static readonly string Sgx = Repository.File("tests", "vectors", "dcap", "sgx3-processor-cfg-and-swh");
    private static readonly string Tdx = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_up_to_date_quote_is_accepted_with_all_that_scripts_read()
    {
        var json = (await VerifyAsync(Tdx, At)).Ends(0).Json;
        Assert.True((bool)json["verified"]!);
        Assert.Equal(("UpToDate", "tdx", false), ((string?)json["status"], (string?)json["tee"], (bool)json["debug"]!));
        Assert.Equal(
            ("Intel SGX Root CA", true, "a0af0312"),
            ((string?)json["root"], (bool)json["rootIsIntel"]!, ((string)json["rootKeySha256"]!)[..8]));
        Assert.Empty(json["advisoryIds"]!.AsArray());
        Assert.Matches("^[0-9a-f]{128}$", (string)json["reportData"]!);
    }

    [Fact]
    public async Task A_status_is_accepted_only_when_it_is_named()
    {
        var refused = (await VerifyAsync(Sgx, At)).Ends(1).Json;
        Assert.True((bool)refused["verified"]!);
        Assert.Equal(("ConfigurationAndSWHardeningNeeded", "Policy", "tcb"),
            ((string?)refused["status"], (string?)refused["stage"], (string?)refused["reason"]));
        Assert.Matches("^[0-9a-f]{64}$", (string)refused["mrEnclave"]!);
        Assert.Matches("^[0-9a-f]{64}$", (string)refused["mrSigner"]!);
        Assert.Equal(System.Text.Json.JsonValueKind.Number, refused["isvProdId"]!.GetValueKind());
        Assert.NotEmpty(refused["advisoryIds"]!.AsArray());

        (await VerifyAsync(Sgx, At, "--accept", "SWHardeningNeeded", "--accept", "ConfigurationNeeded")).Ends(1);
        (await VerifyAsync(Sgx, At, "--accept", "OutOfDate", "ConfigurationAndSWHardeningNeeded")).Ends(0);
        (await VerifyAsync(Sgx, At, "--accept", "OutOfDate,ConfigurationAndSWHardeningNeeded")).Ends(0);
        (await VerifyAsync(Sgx, At, "--accept", "Fine")).Ends(2).Says("no TCB status");
    }

    [Fact]
    public async Task A_refusal_names_stage_and_reason_and_repeats_no_claim()
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(Tdx, "quote.bin"));
        bytes[200] ^= 1;
        await File.WriteAllBytesAsync(folder.File("changed.bin"), bytes);
        var json = (await RunAsync("verify", folder.File("changed.bin"), "--collateral", Tdx, "--at", At, "--json")).Ends(1).Json;
        Assert.False((bool)json["verified"]!);
        Assert.Equal(("Signature", "bad-signature"), ((string?)json["stage"], (string?)json["reason"]));
        Assert.NotEmpty((string)json["detail"]!);
        Assert.Null(json["status"]);
        Assert.Null(json["reportData"]);
        Assert.Equal(("Parse", "truncated"), await FailureAsync(folder.Write("empty", "")));
        Assert.Equal("Parse", (await FailureAsync(folder.Write("note", "neither hex nor base64!"))).Item1);
    }

    [Theory]
    [InlineData("2025-07-01T02:00:00+02:00", 0)]
    [InlineData("2025-07-01t00:00:00.123456789z", 0)]
    [InlineData("2025-07-01 00:00:00Z", 0)]
    [InlineData("2025-07-01", 0)]
    [InlineData("2015-07-01T00:00:00Z", 1)]
    [InlineData("2055-07-01T00:00:00Z", 1)]
    [InlineData("07/01/2025", 2)]
    [InlineData("2025-13-01T00:00:00Z", 2)]
    [InlineData("tomorrow", 2)]
    public async Task The_instant_is_rfc_3339(string at, int exitCode) => (await VerifyAsync(Tdx, at)).Ends(exitCode);

    [Fact]
    public async Task A_quote_may_be_raw_hex_or_base64_from_a_file_or_a_pipe()
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(Tdx, "quote.bin"));
        var base64 = Convert.ToBase64String(bytes);
        string[] texts =
        [
            Convert.ToHexStringLower(bytes) + "\n", "0x" + Convert.ToHexString(bytes), base64 + "\r\n",
            Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks),
            base64.TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        ];
        foreach (var text in texts)
        {
            (await RunAsync("verify", folder.Write("quote.txt", text), "--collateral", Tdx, "--at", At)).Ends(0);
        }
    }

    [Fact]
    public async Task Another_root_is_trusted_only_when_it_is_given()
    {
        var synthetic = Repository.File("tests", "vectors", "dcap", "s-status-UpToDate");
        var at = "2026-02-01T00:00:00Z";
        Assert.Equal("unknown-root", (string?)(await VerifyAsync(synthetic, at)).Ends(1).Json["reason"]);
        (await VerifyAsync(synthetic, at, "--root", Path.Combine(synthetic, "root.pem"))).Ends(0);
        // And then Intel's is not.
        Assert.Equal(
            "unknown-root", (string?)(await VerifyAsync(Tdx, At, "--root", Path.Combine(synthetic, "root.pem"))).Ends(1).Json["reason"]);
        (await VerifyAsync(Tdx, At, "--root", folder.Write("no.pem", "hello"))).Ends(2);
    }

    [Fact]
    public async Task A_debug_enclave_verifies_and_is_not_accepted()
    {
        var debug = Repository.File("tests", "vectors", "dcap", "s-app-debug");
        var json = (await VerifyAsync(debug, "2026-02-01T00:00:00Z", "--root", Path.Combine(debug, "root.pem"))).Ends(1).Json;
        Assert.Equal((true, true, "Policy", "debug"),
            ((bool)json["verified"]!, (bool)json["debug"]!, (string?)json["stage"], (string?)json["reason"]));
    }

    [Fact]
    public async Task A_trust_domain_is_accepted_by_the_policy_that_names_it_as_it_is_shown()
    {
        var shown = (await RunAsync("show", Path.Combine(Tdx, "quote.bin"), "--json")).Ends(0).Json;
        string Policy(string kernel) => folder.Write(
            "td.yaml",
            $"attestation: [{{mrtd: [{shown["mrTd"]}], rtmr1: [{kernel}], mrseam: [{shown["mrSeam"]}], "
            + $"tdattributes: [{shown["tdAttributes"]}]}}]\n");
        (await VerifyAsync(Tdx, At, "--policy", Policy((string)shown["rtmr1"]!))).Ends(0);
        var refused = (await VerifyAsync(Tdx, At, "--policy", Policy(new string('0', 96)))).Ends(1).Json;
        Assert.Equal(("Policy", "identity"), ((string?)refused["stage"], (string?)refused["reason"]));
    }

    [Fact]
    public async Task What_is_missing_is_the_worlds_fault_and_bad_usage_is_told_apart()
    {
        (await RunAsync("verify", folder.File("absent"), "--json")).Ends(3);
        (await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--collateral", folder.File("absent"))).Ends(3);
        (await RunAsync("verify")).Ends(2);
        (await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--colateral", Tdx)).Ends(2);
        Assert.Equal("no-collateral",
            (string?)(await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--at", At, "--json")).Ends(1).Json["reason"]);
    }

    [Fact]
    public async Task A_token_for_others_is_signed_with_the_key_that_was_given()
    {
        var key = (string)(await GuardianProgram.RunAsync(folder.Path, "key", "create", "verifier.pem", "--json"))
            .Ends(0).Json["publicKey"]!;
        var policyId = (string?)(await VerifyAsync(Tdx, At, "--ear", "result.jwt", "--key", "verifier.pem", "--ear-nonce", "asked-for"))
            .Ends(0).Json["policyId"];
        var parts = (await File.ReadAllTextAsync(folder.File("result.jwt"))).Split('.');
        var decoded = parts.Select(part => System.Buffers.Text.Base64Url.DecodeFromChars(part)).ToList();
        Assert.True(
            IdentityKey.Verify(Convert.FromBase64String(key), System.Text.Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), decoded[2]));
        Assert.Equal("ES256", (string?)JsonNode.Parse(decoded[0])!["alg"]);
        var claims = JsonNode.Parse(decoded[1])!;
        var submodule = claims["submods"]!["tdx"]!;
        Assert.Equal(("none", policyId), ((string?)submodule["ear_status"], (string?)submodule["ear_appraisal_policy_ids"]![0]));
        Assert.Equal((DateTimeOffset.Parse(At).ToUnixTimeSeconds(), "asked-for"), ((long)claims["nbf"]!, (string?)claims["eat_nonce"]));
        Assert.True((long)claims["iat"]! > (long)claims["exp"]!, "a verification of the past makes no token of the present");
    }

    [Theory]
    [InlineData("--early", "--early chooses among stored collateral")]
    [InlineData("--key verifier.pem", "--key and --ear-nonce are for a token")]
    [InlineData("--ear-nonce 12345678", "--key and --ear-nonce are for a token")]
    [InlineData("--ear result.jwt", "a token needs a key")]
    [InlineData("--ear result.jwt --key verifier.pem --ear-nonce short", "a nonce has 8 to 88")]
    public async Task An_option_that_would_have_no_effect_is_refused(string options, string says)
    {
        (await VerifyAsync(Tdx, At, options.Split(' '))).Ends(2).Says(says);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_quote_is_shown_with_what_it_would_need()
    {
        var shown = (await RunAsync("show", Repository.File("tests", "vectors", "dcap", "quotes", "v3-certtype3-raw-tcb.bin"), "--json"))
            .Ends(0).Json;
        Assert.Equal((false, 3, 3), ((bool)shown["verified"]!, (int)shown["version"]!, (int)shown["certificationDataType"]!));
        Assert.Contains("--pck-chain", (string)shown["needs"]!, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{768}$", (string)shown["encryptedPpid"]!);
        Assert.Equal("00a067110000", (string?)(await RunAsync("show", Path.Combine(Sgx, "quote.bin"), "--json")).Ends(0).Json["fmspc"]);
    }

    private async Task<(string?, string?)> FailureAsync(string quote)
    {
        var json = (await RunAsync("verify", quote, "--collateral", Tdx, "--at", At, "--json")).Ends(1).Json;
        return ((string?)json["stage"], (string?)json["reason"]);
    }

    private Task<Result> VerifyAsync(string vector, string at, params string[] more) =>
        RunAsync(["verify", Path.Combine(vector, "quote.bin"), "--collateral", vector, "--at", at, "--json", .. more]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, ["quote", .. arguments]);
}
