using Guardian.Attestation.Collateral;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian quote forecast</c>: which hosts the next TCB recovery makes outdated.</summary>
[Trait("Starts", "processes")]
public sealed class QuoteForecastTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();

    public QuoteForecastTests()
    {
        Directory.CreateDirectory(folder.File("hosts"));
        var evidence = platform.Build();
        File.WriteAllBytes(Path.Combine(folder.File("hosts"), "cmp01.bin"), evidence.Quote);
        // A host that was updated already: its PCK certificate is of a newer PCE.
        var updated = new CertificateShape("Synthetic SGX PCK Certificate", platform.NewKey()) { Issuer = platform.Authority };
        byte[] components = [.. SyntheticPlatform.Components.Select(svn => (byte)Math.Min(svn + 1, 255))];
        updated.Extensions[PckFields.Oid] = new PckFields(components, 14, [0, 0x60, 0x6A, 0, 0, 0], [0, 0]).Write();
        File.WriteAllText(
            Path.Combine(folder.File("hosts"), "cmp02.pem"), updated.Pem() + platform.Authority.Pem() + platform.Root.Pem());
        folder.Write("root.pem", evidence.Root);
        Store(EvaluationSet.Standard, evidence);
    }

    public void Dispose()
    {
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_host_that_lacks_the_update_is_named_with_the_component()
    {
        platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 21;
        platform.SetPlatformLevels("UpToDate", "2025-11-12", "2026-05-01");
        var first = platform.TcbInfo.Content["tcbLevels"]![0]!["tcb"]!["sgxtcbcomponents"]![1]!;
        (first["svn"], first["type"]) = (12, "SGX Late Microcode Update");
        Store(EvaluationSet.Early, platform.Build());

        var result = (await RunAsync("--json")).Ends(1).Json;
        Assert.Equal((2, 1, 0), ((int)result["hosts"]!, (int)result["becomeWorse"]!, (int)result["unknown"]!));
        var worse = result["forecasts"]![0]!;
        Assert.Equal(
            ("cmp01", "UpToDate", "OutOfDate", 20, 21),
            (
                (string?)worse["host"], (string?)worse["now"], (string?)worse["next"], (int)worse["nowEvaluation"]!,
                (int)worse["nextEvaluation"]!));
        Assert.Contains(
            worse["shortfall"]!.AsArray(),
            line => ((string?)line)!.StartsWith("SGX TCB component 2 (SGX Late Microcode Update) is 11", StringComparison.Ordinal));
        Assert.NotEmpty(worse["remedies"]!.AsArray());
        var same = result["forecasts"]![1]!;
        Assert.Equal(("cmp02", "UpToDate", "UpToDate"), ((string?)same["host"], (string?)same["now"], (string?)same["next"]));

        var text = (await RunAsync()).Ends(1);
        Shows(text, "1 of 2 hosts become worse with the next TCB recovery (TCB evaluation data number 20 to 21)");
        Shows(text, "cmp01: SGX TCB component 2 (SGX Late Microcode Update) is 11, UpToDate needs 12");
    }

    [Fact]
    public async Task Nothing_becomes_worse_where_nothing_changes_and_missing_collateral_is_said()
    {
        Shows((await RunAsync()).Ends(3), "no early collateral is stored");
        Store(EvaluationSet.Early, platform.Build());
        Shows((await RunAsync()).Ends(0), "0 of 2 hosts become worse");
        folder.Write("hosts/cmp03", "neither");
        Shows((await RunAsync()).Ends(3), "cmp03: it is neither a quote");
        (await GuardianProgram.RunAsync(folder.Path, "quote", "forecast", "absent")).Ends(3);
    }

    [Fact]
    public async Task The_page_of_the_cloud_shows_the_same()
    {
        folder.Write("hosts/cmp03", "neither");
        using var desk = await Desk.OpenDesk.StartAsync(folder.Path);
        await desk.EnterAsync();
        string Query(string name, string path) => $"{name}={Uri.EscapeDataString(folder.File(path))}";
        var page = await desk.GetAsync(
            $"/cloud/forecast?{Query("hosts", "hosts")}&{Query("store", "store")}&{Query("root", "root.pem")}");
        Assert.Contains("0 of 3 hosts become worse with the next TCB recovery.", page, StringComparison.Ordinal);
        Assert.Contains("No early collateral is stored", page, StringComparison.Ordinal);
        Assert.Contains("It is neither a quote with a PCK certificate nor", page, StringComparison.Ordinal);
        using var missing = await desk.SendAsync($"/cloud/forecast?{Query("hosts", "absent")}");
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, missing.StatusCode);
    }

    private static void Shows(Result result, string words) => Assert.Contains(words, result.Output, StringComparison.Ordinal);

    private void Store(EvaluationSet edition, SyntheticEvidence evidence) =>
        new CollateralStore(folder.File("store"), edition).Write(
            PlatformId.Of(Quote.TryParse(evidence.Quote).Value!)!, evidence.Collateral);

    private Task<Result> RunAsync(params string[] more) => GuardianProgram.RunAsync(
        folder.Path, ["quote", "forecast", "hosts", "--store", "store", "--root", "root.pem", "--at", "2026-06-01T00:00:00Z", .. more]);
}
