namespace Guardian.Cli.Tests;

/// <summary>A store whose machine is lost comes back by its owners' shares, as docs/how-to/cas.md tells it.</summary>
[Trait("Starts", "processes")]
public sealed class CasRecoveryCommandTests : IDisposable
{
    private const string Session = "name: kept\naccess_policy: {create_sessions: [CREATOR]}\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Owners_bring_the_store_back_on_another_machine()
    {
        foreach (var owner in new[] { "alice", "bob", "carol", "eve" })
        {
            (await RunAsync("key", "create", $"{owner}.pem")).Ends(0);
        }
        folder.Write("session.yaml", Session);
        using (var lost = await StartAsync("lost-machine"))
        {
            var owners = new List<string>();
            foreach (var owner in new[] { "alice", "bob", "carol" })
            {
                owners.AddRange(["--owner", (string)(await RunAsync("key", "show", $"{owner}.pem", "--json")).Ends(0).Json["publicKey"]!]);
            }
            (await RunAsync(
                ["cas", "claim", Address(lost), "--key", "alice.pem", "--threshold", "2", "--platform", "simulated", .. owners])).Ends(0);
            (await RunAsync("session", "create", "session.yaml", "--cas", Address(lost), "--key", "alice.pem", "--platform", "simulated"))
                .Ends(0);
        }

        // Only the database is left; the sealed key says nothing to another machine.
        Array.ForEach(Directory.GetFiles(folder.File("cas"), "*.sealed"), File.Delete);
        (await RunAsync("cas", "start", "--state", "cas", "--machine", "new-machine")).Ends(1).Says("start --recover");
        using (var waiting = await StartAsync("new-machine", "--recover"))
        {
            (await RunAsync("cas", "recover", Address(waiting), "--key", "bob.pem")).Ends(1).Says("platform");
            (await RunAsync("cas", "recover", Address(waiting), "--key", "eve.pem", "--platform", "simulated")).Ends(1)
                .Says("none of the shares is yours");
            await AssertRecoveringAsync(waiting, given: 0);
            Assert.Equal(1, (int)(await GiveAsync(waiting, "bob")).Json["given"]!);
            await AssertRecoveringAsync(waiting, given: 1);
            Assert.Equal(1, (int)(await GiveAsync(waiting, "bob")).Json["given"]!);
            Assert.True((bool)(await GiveAsync(waiting, "carol")).Json["done"]!);
            Assert.Equal(0, await waiting.WaitAsync(TestContext.Current.CancellationToken));
        }
        using var back = await StartAsync("new-machine");
        Assert.Equal(Session,
            (await RunAsync("session", "read", "kept", "--cas", Address(back), "--key", "alice.pem", "--platform", "simulated"))
            .Ends(0).Output);
    }

    private async Task AssertRecoveringAsync(Running waiting, int given)
    {
        var words = $"recovering: {given} of 2 shares";
        var attested = (await RunAsync("cas", "attest", Address(waiting), "--platform", "simulated")).Ends(3);
        Assert.Contains(words, attested.Output, StringComparison.Ordinal);
        Assert.Contains("guardian cas recover", attested.Output, StringComparison.Ordinal);
        Assert.Equal(
            given, (int)(await RunAsync("cas", "attest", Address(waiting), "--platform", "simulated", "--json")).Ends(3).Json["given"]!);
        (await RunAsync("session", "read", "kept", "--cas", Address(waiting), "--key", "alice.pem", "--platform", "simulated"))
            .Ends(3).Says(words).Says("guardian cas recover");
        // A CAS of another code is not believed.
        (await RunAsync("cas", "attest", Address(waiting), "--platform", "simulated", "--mrenclave", new string('0', 64))).Ends(1);
    }

    private static string Address(Running cas) => cas.Address.Authority;

    private async Task<Result> GiveAsync(Running cas, string owner) =>
        (await RunAsync("cas", "recover", Address(cas), "--key", $"{owner}.pem", "--platform", "simulated", "--json")).Ends(0);

    private Task<Running> StartAsync(string machine, params string[] more) =>
        GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", ["cas", "start", "--state", "cas", "--machine", machine, .. more]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
