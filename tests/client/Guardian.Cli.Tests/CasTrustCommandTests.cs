namespace Guardian.Cli.Tests;

/// <summary>A user trusts a CAS by a name, and every command then refuses another CAS in its place.</summary>
[Trait("Starts", "processes")]
public sealed class CasTrustCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly int port = ReservedPort.Reserve();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Another_CAS_of_the_same_code_at_the_same_address_is_refused()
    {
        foreach (var name in new[] { "alice", "mallory" })
        {
            (await RunAsync("key", "create", $"{name}.pem")).Ends(0);
        }
        folder.Write("one.yaml", "name: one\naccess_policy: {create_sessions: [CREATOR]}\n");
        folder.Write("two.yaml", "name: two\naccess_policy: {create_sessions: [CREATOR]}\n");
        (await CreateAsync("one", "shop")).Ends(2).Says("cas trust");
        (await RunAsync("cas", "start", "--owner", "alice.pem", "--owner", "mallory.pem")).Ends(2).Says("--threshold");
        (await RunAsync("cas", "start", "--threshold", "1")).Ends(2).Says("--owner");

        string identity;
        using (await StartAsync("cas", "alice.pem"))
        {
            var attested = (await RunAsync("cas", "attest", Address, "--platform", "simulated", "--json")).Ends(0).Json;
            identity = (string)attested["identity"]!;
            Assert.Equal(("made", 1), ((string)attested["origin"]!, (int)attested["line"]!));
            (await TrustAsync("shop", "--identity", new string('0', 64))).Ends(1).Says(identity);
            (await TrustAsync("shop", "--owners", new string('0', 64))).Ends(1).Says("hash of owners");
            (await TrustAsync("shop", "--identity", identity)).Ends(0);
            (await TrustAsync("shop")).Ends(0);
            (await TrustAsync("sh.op")).Ends(2).Says("not a name");
            (await CreateAsync("one", "shop")).Ends(0);
            (await RunAsync("cas", "attest", "shop")).Ends(0);
        }
        // The same store does not start for other owners.
        (await RunAsync("cas", "start", "--state", "cas", "--owner", "mallory.pem")).Ends(1).Says("other owners");

        // The operator starts a genuine CAS of its own in the place of Alice's.
        using (await StartAsync("other", "mallory.pem"))
        {
            // Naive: by address, the code is all that counts.
            (await CreateAsync("two", Address, "--platform", "simulated")).Ends(0);
            (await CreateAsync("one", "shop")).Ends(1).Says(identity);
            (await RunAsync("session", "read", "two", "--cas", "shop", "--key", "alice.pem")).Ends(1).Says(identity);
            (await RunAsync("cas", "attest", "shop")).Ends(1).Says(identity);
            (await RunAsync("cas", "audit", "fetch", "shop", "--key", "alice.pem", "--output", "log")).Ends(1).Says(identity);
            folder.Write("app.wasm", "");
            (await RunAsync("run", "--session", "two/app", "--cas", "shop", "app.wasm")).Ends(125).Says(identity);
            (await TrustAsync("shop")).Ends(1).Says("--replace");
            (await TrustAsync("shop", "--replace")).Ends(0);
            (await RunAsync("session", "read", "two", "--cas", "shop", "--key", "alice.pem")).Ends(0);
        }
    }

    private string Address => $"127.0.0.1:{port}";

    private Task<Result> TrustAsync(string name, params string[] more) =>
        RunAsync(["cas", "trust", name, Address, "--platform", "simulated", .. more]);

    private Task<Result> CreateAsync(string session, string cas, params string[] more) =>
        RunAsync(["session", "create", $"{session}.yaml", "--cas", cas, "--key", "alice.pem", .. more]);

    private Task<Running> StartAsync(string state, string owner) => GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--state", state, "--listen", Address, "--owner", owner);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
