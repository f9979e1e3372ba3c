namespace Guardian.Cli.Tests;

/// <summary>A database that was lost, emptied or put back is refused, and the doctor explains it.</summary>
[Trait("Starts", "processes")]
public sealed class CasStoreCommandTests : IDisposable
{
    private const string Session = "name: kept\naccess_policy: {create_sessions: [CREATOR]}\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_lost_database_is_refused_and_a_new_cas_keeps_the_former_key()
    {
        (await RunAsync("key", "create", "alice.pem")).Ends(0);
        folder.Write("session.yaml", Session);
        using (var running = await StartAsync("--owner", "alice.pem"))
        {
            (await RunAsync(
                "session", "create", "session.yaml", "--cas", Address(running), "--key", "alice.pem", "--platform", "simulated"))
                .Ends(0);
        }
        var healthy = (await RunAsync("cas", "doctor", "--state", "cas", "--machine", "machine", "--json")).Ends(0).Json;
        Assert.True((bool)healthy["healthy"]!);
        Assert.Equal(2, (int)healthy["entries"]!);
        Assert.Contains("every row", (await RunAsync("cas", "doctor", "--state", "cas", "--machine", "machine")).Ends(0).Output,
            StringComparison.Ordinal);
        // A machine that cannot open the key still verifies the log.
        Assert.Contains("not-checked", (await RunAsync("cas", "doctor", "--state", "cas", "--machine", "elsewhere")).Ends(0).Output,
            StringComparison.Ordinal);

        Directory.CreateDirectory(folder.File("copy"));
        var keyFile = Assert.Single(Directory.GetFiles(folder.File("cas"), "*.sealed"));
        var key = await File.ReadAllBytesAsync(keyFile, TestContext.Current.CancellationToken);
        foreach (var file in Directory.GetFiles(folder.File("cas"), "cas.sqlite*"))
        {
            File.Move(file, folder.File($"copy/{Path.GetFileName(file)}"));
        }
        (await RunAsync("cas", "start", "--state", "cas", "--machine", "machine")).Ends(1).Says("database is empty").Says("--new");
        Assert.Contains("empty", (await RunAsync("cas", "doctor", "--state", "cas", "--machine", "machine")).Ends(1).Output,
            StringComparison.Ordinal);
        Assert.Equal(key, await File.ReadAllBytesAsync(keyFile, TestContext.Current.CancellationToken));
        (await RunAsync("cas", "start", "--state", "cas", "--machine", "machine", "--new", "--restored")).Ends(2).Says("exclude");
        using (await StartAsync("--new", "--owner", "alice.pem"))
        {
            Assert.Equal(key, await File.ReadAllBytesAsync(keyFile + ".former-1", TestContext.Current.CancellationToken));
        }
        (await RunAsync("cas", "start", "--state", "cas", "--machine", "machine", "--new")).Ends(1).Says("has the store of a CAS");

        // The former store again, by its database and its key.
        Array.ForEach(Directory.GetFiles(folder.File("cas"), "cas.sqlite*"), File.Delete);
        foreach (var file in Directory.GetFiles(folder.File("copy")))
        {
            File.Move(file, folder.File($"cas/{Path.GetFileName(file)}"));
        }
        (await RunAsync("cas", "start", "--state", "cas", "--machine", "machine")).Ends(3).Says("belongs to another CAS");
        File.Move(keyFile + ".former-1", keyFile, overwrite: true);
        using var back = await StartAsync();
        Assert.Equal(Session,
            (await RunAsync("session", "read", "kept", "--cas", Address(back), "--key", "alice.pem", "--platform", "simulated"))
            .Ends(0).Output);
        Assert.Contains("session-created",
            (await RunAsync("cas", "audit", "show", Address(back), "--key", "alice.pem", "--platform", "simulated")).Ends(0).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_refuses_a_folder_without_a_database()
    {
        (await RunAsync("cas", "doctor", "--state", "none")).Ends(3).Says("there is no folder none");
        Assert.False(Directory.Exists(folder.File("none")));
        Directory.CreateDirectory(folder.File("empty"));
        (await RunAsync("cas", "doctor", "--state", "empty", "--machine", "machine")).Ends(3).Says("cas.sqlite is not there");
        Assert.Empty(Directory.GetFiles(folder.File("empty")));
    }

    [Fact]
    public async Task A_fetched_log_without_its_end_says_how_much_of_it_verifies()
    {
        (await RunAsync("key", "create", "alice.pem")).Ends(0);
        using var running = await StartAsync("--owner", "alice.pem");
        (await RunAsync("cas", "audit", "fetch", Address(running), "--key", "alice.pem", "--output", "a.log", "--platform", "simulated"))
            .Ends(0);
        (await RunAsync("cas", "audit", "verify", "a.log", "--platform", "simulated")).Ends(0);
        var lines = (await File.ReadAllLinesAsync(folder.File("a.log"), TestContext.Current.CancellationToken))[..^1];
        folder.Write("a.log.partial", string.Join('\n', lines) + "\n");
        (await RunAsync("cas", "audit", "verify", "a.log.partial", "--platform", "simulated")).Ends(1).Says("its 1 lines verify");
        folder.Write("bad.partial", string.Join('\n', lines) + "\nmade up\n");
        (await RunAsync("cas", "audit", "verify", "bad.partial", "--platform", "simulated")).Ends(1).Says("1 lines verify, and then");
    }

    private static string Address(Running cas) => cas.Address.Authority;

    private Task<Running> StartAsync(params string[] more) => GuardianProgram.ServeAsync(
        folder.Path, "Guardian.Cli", "guardian", ["cas", "start", "--state", "cas", "--machine", "machine", .. more]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
