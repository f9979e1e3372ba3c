using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary><c>guardian secret</c>: values reach the CAS from a file, standard input or a variable, and go to readers only.</summary>
[Trait("Starts", "processes")]
public sealed class SecretCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly int port = ReservedPort.Reserve();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Values_are_set_listed_and_read_as_the_session_says()
    {
        foreach (var name in new[] { "alice", "bob" })
        {
            (await RunAsync("key", "create", $"{name}.pem")).Ends(0);
        }
        var bob = GuardianProgram.PublicKey(folder.File("bob.pem"));
        var session = $$"""
            name: shop
            access_policy: {read: [CREATOR]}
            secrets:
              - {name: password, kind: ascii, set: [{{bob}}]}
              - {name: token, kind: binary, set: [CREATOR], read: [CREATOR]}
              - {name: drawn, kind: ascii, size: 8, read: [CREATOR]}

            """;
        folder.Write("shop.yaml", session);
        using var cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--listen", Address, "--owner", "alice.pem");
        var hash = (string)(await AsAsync("alice", "session", "create", "shop.yaml")).Ends(0).Json["hash"]!;

        var list = (await AsAsync("alice", "secret", "list", "shop")).Ends(0).Json;
        Assert.Equal(["False", "False", "True"], list["secrets"]!.AsArray().Select(secret => $"{(bool)secret!["hasValue"]!}"));
        folder.Write("password.txt", "p4ssw0rd!\n");
        (await AsAsync("alice", "secret", "set", "shop", "password", "--from-file", "password.txt")).Ends(1).Says("set");
        var other = new string('0', 64);
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-file", "password.txt", "--session-hash", other)).Ends(1)
            .Says(hash);
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-file", "password.txt", "--session-hash", hash)).Ends(0);
        (await AsAsync("bob", "secret", "read", "shop", "password")).Ends(1);
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-env", "HOME")).Ends(0);
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-env", "NOT_THERE")).Ends(2).Says("NOT_THERE");
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-env", "HOME", "--from-file", "x")).Ends(2);
        (await AsAsync("bob", "secret", "set", "shop", "password", "p4ssw0rd!")).Ends(2);
        (await AsAsync("bob", "secret", "set", "shop", "password", "--from-file", "absent")).Ends(3);

        var input = await GuardianProgram.RunAsync(
            folder.Path, "bytes", ["secret", "set", "shop", "token", "--cas", Address, "--key", "alice.pem", "--platform", "simulated"]);
        Assert.Contains("version 1", input.Ends(0).Output, StringComparison.Ordinal);
        Assert.Equal("bytes", (await AsAsync("alice", ["secret", "read", "shop", "token"], isJson: false)).Ends(0).Output);
        (await AsAsync("alice", "secret", "read", "shop", "token", "--output", "token")).Ends(0);
        Assert.Equal("bytes", await File.ReadAllTextAsync(folder.File("token")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("token")));
        (await AsAsync("alice", "secret", "read", "shop", "token", "--output", "token")).Ends(2).Says("already exists");
        var drawn = (await AsAsync("alice", "secret", "read", "shop", "drawn")).Ends(0).Json;
        Assert.Equal(8, Convert.FromBase64String((string)drawn["value"]!).Length);

        var table = (await AsAsync("alice", ["secret", "list", "shop"], isJson: false)).Ends(0).Output;
        Assert.Contains("password", table, StringComparison.Ordinal);
        Assert.DoesNotContain("bytes", table, StringComparison.Ordinal);
        var log = (await RunAsync("cas", "audit", "show", Address, "--key", "alice.pem", "--platform", "simulated")).Ends(0).Output;
        Assert.Contains("secret-set", log, StringComparison.Ordinal);
        Assert.DoesNotContain("p4ssw0rd", log, StringComparison.Ordinal);
    }

    private string Address => $"127.0.0.1:{port}";

    private Task<Result> AsAsync(string person, params string[] arguments) => AsAsync(person, arguments, isJson: true);

    private Task<Result> AsAsync(string person, string[] arguments, bool isJson) => RunAsync(
        [.. arguments, "--cas", Address, "--key", $"{person}.pem", "--platform", "simulated", .. isJson
            ? ["--json"]
            : Array.Empty<string>()]);

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
