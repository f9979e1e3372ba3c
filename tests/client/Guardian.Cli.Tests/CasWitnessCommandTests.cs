namespace Guardian.Cli.Tests;

/// <summary>Two CASs as programs, one the other's witness: a state folder that was put back is of no use.</summary>
[Trait("Starts", "processes")]
public sealed class CasWitnessCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_state_that_was_put_back_is_refused_and_the_newest_goes_on()
    {
        (await RunAsync("key", "create", "alice.pem")).Ends(0);
        var owner = (string)(await RunAsync("key", "show", "alice.pem", "--json")).Ends(0).Json["publicKey"]!;
        using var witness = await StartAsync("witness", "--owner", "alice.pem");
        var attested = (await RunAsync("cas", "attest", Address(witness), "--platform", "simulated", "--json")).Ends(0).Json;
        var (measurement, identity) = ((string)attested["mrEnclave"]!, (string)attested["identity"]!);
        folder.Write("watch.yaml",
            "name: watch\nservices:\n"
            + $"  - {{name: cas, command: guardian-cas, attestation: [{{mrenclave: [{measurement}]}}], platforms: [simulated], "
            + "tags: [log]}\n");
        (await CreateAsync(witness, "watch")).Ends(0);

        using (var first = await StartAsync("cas"))
        {
            string[] claim = ["cas", "claim", Address(first), "--key", "alice.pem", "--owner", owner, "--threshold", "1", "--platform",
                "simulated", "--witness", Address(witness)];
            (await RunAsync(claim)).Ends(2).Says("--witness-session");
            (await RunAsync([.. claim, "--witness-session", "other", "--witness-identity", identity])).Ends(2).Says("other");
            // The same code at the same address, but another CAS than the owners mean. A naive CAS compares the code alone.
            (await RunAsync([.. claim, "--witness-session", "watch", "--witness-identity", new string('0', 64)])).Ends(2)
                .Says("does not confirm");
            var claimed = (await RunAsync([.. claim, "--witness-session", "watch", "--witness-identity", identity])).Ends(0);
            Assert.Contains("watch at https://", claimed.Output, StringComparison.Ordinal);
        }
        Copy("cas", "copy");
        using (var later = await StartAsync("cas"))
        {
            folder.Write("one.yaml", "name: one\naccess_policy: {create_sessions: [CREATOR]}\n");
            (await CreateAsync(later, "one")).Ends(0);
        }
        using (var back = await StartAsync("copy"))
        {
            (await RunAsync("session", "read", "one", "--cas", Address(back), "--key", "alice.pem", "--platform", "simulated")).Ends(3)
                .Says("was rolled back");
            Assert.Equal("watch",
                (string?)(await RunAsync("cas", "attest", Address(back), "--platform", "simulated", "--json"))
                .Ends(0).Json["owners"]!["witness"]!["session"]);
        }
        using var newest = await StartAsync("cas");
        folder.Write("two.yaml", "name: two\naccess_policy: {create_sessions: [CREATOR]}\n");
        (await CreateAsync(newest, "two")).Ends(0);
        witness.Dispose();
        folder.Write("three.yaml", "name: three\naccess_policy: {create_sessions: [CREATOR]}\n");
        (await CreateAsync(newest, "three")).Ends(3).Says("does not confirm");
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(folder.File(to));
        foreach (var file in Directory.GetFiles(folder.File(from)))
        {
            File.Copy(file, Path.Combine(folder.File(to), Path.GetFileName(file)));
        }
    }

    private static string Address(Running cas) => cas.Address.Authority;

    private Task<Result> CreateAsync(Running cas, string session) =>
        RunAsync("session", "create", $"{session}.yaml", "--cas", Address(cas), "--key", "alice.pem", "--platform", "simulated");

    private Task<Running> StartAsync(string state, params string[] more) =>
        GuardianProgram.ServeAsync(folder.Path, "Guardian.Cli", "guardian", ["cas", "start", "--state", state, .. more]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
