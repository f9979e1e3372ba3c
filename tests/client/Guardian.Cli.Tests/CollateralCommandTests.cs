using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian quote collateral</c>: fetched from services of both kinds, kept, packed, used offline.</summary>
[Trait("Starts", "processes")]
public sealed class CollateralCommandTests : IDisposable
{
    private const string At = "2025-07-01T00:00:00Z";
    private static readonly string Sgx = Repository.File("tests", "vectors", "dcap", "sgx3-processor-cfg-and-swh");
    private static readonly string Tdx = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("tdx4-uptodate", false, "")]
    [InlineData("tdx4-uptodate", true, "sgx/certification/v4/")]
    [InlineData("sgx3-processor-cfg-and-swh", true, "sgx/certification/v4")]
    public async Task What_was_fetched_once_verifies_without_a_network(string vector, bool isCaching, string ending)
    {
        var quote = Path.Combine(Repository.File("tests", "vectors", "dcap", vector), "quote.bin");
        using (var service = new CollateralStub(Recorded(Path.GetDirectoryName(quote)!), isCaching))
        {
            var fetched = (await RunAsync(
                "collateral", "fetch", quote, "--service", service.Address + ending, "--root-crl", service.Address + "IntelSGXRootCA.der",
                "--at", At, "--json")).Ends(0).Json;
            Assert.True((bool)fetched["platforms"]![0]!["fetched"]!);
            Assert.Contains(
                service.Requests, path => path.Contains("fmspc=" + (string)fetched["platforms"]![0]!["fmspc"]!, StringComparison.Ordinal));
        }
        var accepted = new[] { "--accept", "ConfigurationAndSWHardeningNeeded", "--allow-debug" };
        (await RunAsync(["verify", quote, "--at", At, .. accepted])).Ends(0);
    }

    [Fact]
    public async Task A_service_that_fails_leaves_what_was_kept()
    {
        using var service = new CollateralStub(Recorded(Tdx), isCaching: true);
        var quote = Path.Combine(Tdx, "quote.bin");
        (await FetchAsync(service, quote)).Ends(0);
        service.IsDown = true;
        (await FetchAsync(service, quote)).Ends(3).Says("answered 503");
        (await RunAsync("verify", quote, "--at", At)).Ends(0);

        // Another platform's documents are not kept under this one's name.
        using var wrong = new CollateralStub(Recorded(Sgx), isCaching: true);
        (await FetchAsync(wrong, quote)).Ends(3).Says("something else than collateral");
        (await RunAsync("verify", quote, "--at", At)).Ends(0);
        (await RunAsync("collateral", "fetch", quote, "--service", "http://127.0.0.1:1/")).Ends(3).Says("stored before stays in use");
        (await RunAsync("collateral", "fetch", quote, "--service", "nowhere")).Ends(2);
    }

    [Fact]
    public async Task Only_what_expires_soon_is_fetched_again()
    {
        using var platform = new SyntheticPlatform();
        foreach (var document in new[] { platform.TcbInfo, platform.QeIdentity })
        {
            document.Content["nextUpdate"] = "2033-01-01T00:00:00Z";
        }
        platform.RootList.NextUpdate = platform.PckList.NextUpdate = new DateTimeOffset(2033, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var evidence = platform.Build();
        await File.WriteAllBytesAsync(folder.File("quote.bin"), evidence.Quote);
        string[] trusted = ["--root", folder.Write("root.pem", evidence.Root), "--at", "2026-06-01T00:00:00Z"];
        using var service = new CollateralStub(evidence.Collateral, isCaching: true);
        var quote = folder.File("quote.bin");
        Assert.True((bool)(await FetchAsync(service, quote, ["--ahead", "30", .. trusted])).Ends(0).Json["platforms"]![0]!["fetched"]!);
        Assert.False((bool)(await FetchAsync(service, quote, ["--ahead", "30", .. trusted])).Ends(0).Json["platforms"]![0]!["fetched"]!);
        Assert.False((bool)(await FetchAsync(service, quote, ["--ahead", "36500", .. trusted])).Ends(0).Json["platforms"]![0]!["fetched"]!);
        (await FetchAsync(service, quote, ["--early", .. trusted])).Ends(0);
        Assert.Contains(service.Requests, path => path.EndsWith("update=early", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Older_or_expired_collateral_and_early_values_do_not_replace_what_is_stored()
    {
        using var platform = new SyntheticPlatform();
        var newest = platform.Build();
        await File.WriteAllBytesAsync(folder.File("quote.bin"), newest.Quote);
        var quote = folder.File("quote.bin");
        string[] trusted = ["--root", folder.Write("root.pem", newest.Root), "--at", "2026-06-01T00:00:00Z"];
        using (var service = new CollateralStub(newest.Collateral, isCaching: true))
        {
            (await FetchAsync(service, quote, trusted)).Ends(0);
        }
        var path = Assert.Single(Directory.GetFiles(folder.Path, "sgx-*.json", SearchOption.AllDirectories));
        var stored = await File.ReadAllBytesAsync(path);

        platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 19;
        await KeepsAsync(0);
        platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 20;
        platform.TcbInfo.Content["issueDate"] = "2026-05-19T10:00:00Z";
        await KeepsAsync(0);
        platform.TcbInfo.Content["nextUpdate"] = "2026-05-31T00:00:00Z";
        await KeepsAsync(3);

        platform.TcbInfo.Content["issueDate"] = "2026-05-21T10:00:00Z";
        platform.TcbInfo.Content["nextUpdate"] = "2026-06-30T00:00:00Z";
        platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 21;
        await KeepsAsync(0, "--early");
        Assert.True(File.Exists(path.Replace(".json", "-early.json", StringComparison.Ordinal)));
        Assert.Equal(21, (int)(await VerifyAsync("--early"))["tcbEvaluationDataNumber"]!);
        Assert.Equal(20, (int)(await VerifyAsync())["tcbEvaluationDataNumber"]!);

        async Task KeepsAsync(int code, params string[] more)
        {
            var offered = platform.Build().Collateral;
            Assert.True(NaivelyStored(offered, QuoteOf(newest)));
            using var service = new CollateralStub(offered, isCaching: true);
            (await FetchAsync(service, quote, [.. more, .. trusted])).Ends(code);
            Assert.Equal(stored, await File.ReadAllBytesAsync(path));
        }

        async Task<JsonNode> VerifyAsync(params string[] more) =>
            (await RunAsync(["verify", quote, "--json", .. more, .. trusted])).Ends(0).Json;
    }

    [Fact]
    public async Task A_pack_is_one_file_that_verifies_and_shows_what_it_is_for()
    {
        (await RunAsync("collateral", "pack", Tdx, "--output", folder.File("packed.json"))).Ends(0);
        (await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--collateral", folder.File("packed.json"), "--at", At)).Ends(0);
        var shown = (await RunAsync("collateral", "show", folder.File("packed.json"), "--json")).Ends(0).Json;
        Assert.Equal(("tdx", "b0c06f000000"), ((string?)shown["tee"], (string?)shown["fmspc"]));
        Assert.NotEmpty(shown["pieces"]!.AsArray());
        (await RunAsync("collateral", "show", folder.Write("bad.json", "{}"))).Ends(2).Says("lacks tcb_info");
    }

    [Theory]
    [InlineData("documents as objects")]
    [InlineData("signatures beside")]
    [InlineData("camel case and lists of bytes")]
    public async Task Packs_of_others_are_read(string form)
    {
        var recorded = Recorded(Tdx);
        var (tcbInfo, qeIdentity) = (JsonNode.Parse(recorded.TcbInfo.Span)!, JsonNode.Parse(recorded.QeIdentity.Span)!);
        string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
        JsonNode Numbers(ReadOnlyMemory<byte> bytes) => new JsonArray([.. bytes.ToArray().Select(each => (JsonNode)each)]);
        var (rootList, pckList) = (Convert.ToHexString(recorded.RootCaCrl.Span), Convert.ToHexStringLower(recorded.PckCrl.Span));
        var json = form switch
        {
            // Exact bytes matter: the documents are spliced in as they are.
            "documents as objects" =>
                $$"""
                {"version":3,"tcb_info":{{Text(recorded.TcbInfo)}},"qe_identity":{{Text(recorded.QeIdentity)}},
                "tcb_info_issuer_chain":{{Quoted(recorded.TcbInfoIssuerChain)}},"root_ca_crl":"{{rootList}}","pck_crl":"{{pckList}}"}
                """,
            "signatures beside" =>
                $$"""
                {"tcb_info":{{Quoted(Inner(recorded.TcbInfo))}},"tcb_info_signature":"{{tcbInfo["signature"]}}",
                "qe_identity":{{Quoted(Inner(recorded.QeIdentity))}},"qe_identity_signature":"{{qeIdentity["signature"]}}",
                "tcb_info_issuer_chain":{{Quoted(recorded.TcbInfoIssuerChain)}},"qe_identity_issuer_chain":null,
                "root_ca_crl":"{{rootList}}","pck_crl":"{{pckList}}"}
                """,
            _ =>
                $$"""
                {"tcbInfo":{{Text(recorded.TcbInfo)}},"qeIdentity":{{Quoted(recorded.QeIdentity)}},
                "tcbInfoIssuerChain":{{Quoted(recorded.TcbInfoIssuerChain)}},
                "rootCaCrl":{{Numbers(recorded.RootCaCrl).ToJsonString()}},"pckCrl":{{Numbers(recorded.PckCrl).ToJsonString()}}}
                """,
        };
        (await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--collateral", folder.Write("other.json", json), "--at", At)).Ends(0);
    }

    [Fact]
    public async Task Collateral_that_another_signed_is_not_stored()
    {
        using var platform = new SyntheticPlatform();
        var evidence = platform.Build();
        await File.WriteAllBytesAsync(folder.File("quote.bin"), evidence.Quote);
        platform.TcbInfo.SignedBy = platform.NewKey();
        var forged = platform.Build().Collateral;
        Assert.True(NaivelyStored(forged, QuoteOf(evidence)));
        using var service = new CollateralStub(forged, isCaching: true);
        (await FetchAsync(
            service, folder.File("quote.bin"), "--root", folder.Write("root.pem", evidence.Root), "--at", "2026-06-01T00:00:00Z"))
            .Ends(3).Says("does not verify");
        Assert.Empty(Directory.GetFiles(folder.Path, "sgx-*.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_platform_needs_no_quote_and_the_next_service_is_asked_when_one_fails()
    {
        using var broken = new CollateralStub(Recorded(Tdx), isCaching: true) { IsDown = true };
        using var service = new CollateralStub(Recorded(Tdx), isCaching: true);
        string[] fetch = ["collateral", "fetch", "--platform", "B0C06F000000:platform:tdx", "--at", At, "--json"];
        var fetched = (await RunAsync([.. fetch, "--service", broken.Address, "--service", service.Address])).Ends(0).Json;
        Assert.True((bool)fetched["platforms"]![0]!["fetched"]!);
        Assert.NotEmpty(broken.Requests);
        (await RunAsync("verify", Path.Combine(Tdx, "quote.bin"), "--at", At)).Ends(0);

        (await RunAsync([.. fetch, "--service", service.Address, "--evaluation", "1"])).Ends(3).Says("in place of 1");
        (await RunAsync([.. fetch, "--evaluation", "1", "--early"])).Ends(2).Says("two editions");
        (await RunAsync("collateral", "fetch", "--platform", "b0c06f")).Ends(2).Says("is no platform");
        (await RunAsync("collateral", "fetch")).Ends(2).Says("needs a QUOTE");
        (await RunAsync([.. fetch, "--ca", folder.Write("none.pem", "")])).Ends(2).Says("no certificate in PEM");
    }

    [Fact]
    public async Task A_quote_comes_through_a_pipe()
    {
        using var service = new CollateralStub(Recorded(Tdx), isCaching: true);
        var quote = Convert.ToBase64String(await File.ReadAllBytesAsync(Path.Combine(Tdx, "quote.bin")));
        string[] command = ["quote", "collateral", "fetch", "-", "--service", service.Address, "--at", At, "--json"];
        var fetched = (await GuardianProgram.RunAsync(folder.Path, quote, command)).Ends(0).Json;
        Assert.True((bool)fetched["platforms"]![0]!["fetched"]!);
        (await GuardianProgram.RunAsync(folder.Path, quote, ["quote", "verify", "-", "--at", At])).Ends(0);
    }

    // The fetch as it was: every well-formed answer for the platform was stored, early values under the same name.
    private static bool NaivelyStored(QuoteCollateral collateral, Quote quote) =>
        CollateralSummary.TryRead(collateral).Value?.Fmspc == PlatformId.Of(quote)!.Fmspc;

    private static Quote QuoteOf(SyntheticEvidence evidence) => Quote.TryParse(evidence.Quote).Value!;

    private static string Quoted(ReadOnlyMemory<byte> bytes) =>
        JsonValue.Create(System.Text.Encoding.UTF8.GetString(bytes.Span)).ToJsonString();

    private static ReadOnlyMemory<byte> Inner(ReadOnlyMemory<byte> whole)
    {
        var text = whole.Span;
        var start = text[1..].IndexOf((byte)'{') + 1;
        return whole[start..(text.LastIndexOf(",\"signature\""u8))];
    }

    private static QuoteCollateral Recorded(string vector) => CollateralFiles.Read(vector).Value!;

    private Task<Result> FetchAsync(CollateralStub service, string quote, params string[] more) =>
        RunAsync(["collateral", "fetch", quote, "--service", service.Address, "--json",
            .. (more.Contains("--root") ? more : ["--at", At, .. more])]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, ["quote", .. arguments]);
}
