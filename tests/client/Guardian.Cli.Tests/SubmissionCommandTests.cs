using YamlDotNet.RepresentationModel;

namespace Guardian.Cli.Tests;

/// <summary>A session is signed by its author, and brought by somebody else, by commands.</summary>
[Trait("Starts", "processes")]
public sealed class SubmissionCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_signed_session_is_brought_by_somebody_without_a_key()
    {
        (await RunAsync("key", "create", "author.pem")).Ends(0);
        var address = $"127.0.0.1:{ReservedPort.Reserve()}";
        using var cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--listen", address, "--owner", "author.pem");
        folder.Write("environment", $"GUARDIAN_CAS={address}\nGUARDIAN_PLATFORM=simulated\n");
        var identity = (string)(await RunAsync("cas", "attest", "--json")).Ends(0).Json["identity"]!;
        var author = GuardianProgram.PublicKey(folder.File("author.pem"));
        var text = $"name: shop\ncreator: {author}\naccess_policy: {{create_sessions: [CREATOR]}}\n";
        folder.Write("session.yaml", text);
        string[] sign = ["session", "sign-submission", "session.yaml", "--identity", identity, "--key", "author.pem"];
        (await RunAsync([.. sign, "--output", "submission"])).Ends(0);
        var done = (await RunAsync("session", "submit", "session.yaml", "--submission", "submission", "--json")).Ends(0).Json;
        Assert.Equal("shop", (string?)done["name"]);
        (await RunAsync("session", "submit", "session.yaml", "--submission", "submission")).Ends(0);
        Assert.Equal(text, (await RunAsync("session", "read", "shop", "--key", "author.pem")).Ends(0).Output);

        // A pod claims to be a service of which the CAS admitted no enclave.
        folder.Write("pods.json",
            """
            {"items": [{"metadata": {"namespace": "a", "name": "b", "annotations": {"org.guardian.session": "shop/web"}},
            "spec": {"containers": [{"name": "c"}]},
            "status": {"containerStatuses": [{"name": "c", "state": {"running": {"startedAt": "2026-06-01T10:00:00Z"}}}]}}]}
            """);
        var verified = (await RunAsync("kubernetes", "verify", "--pods", "pods.json", "--key", "author.pem")).Ends(1).Output;
        Assert.Contains(identity, verified, StringComparison.Ordinal);
        Assert.Contains("NOT VERIFIED", verified, StringComparison.Ordinal);
        folder.Write("none.json", "{\"items\": []}");
        (await RunAsync("kubernetes", "verify", "--pods", "none.json", "--key", "author.pem")).Ends(0);
        (await RunAsync("kubernetes", "verify", "--pods", "session.yaml", "--key", "author.pem")).Ends(2).Says("kubectl get pods");

        folder.Write("changed.yaml", text + "# changed\n");
        (await RunAsync("session", "submit", "changed.yaml", "--submission", "submission")).Ends(2).Says("not of this session");
        folder.Write("open.yaml", text.Replace($"creator: {author}\n", "", StringComparison.Ordinal));
        (await RunAsync("session", "sign-submission", "open.yaml", "--identity", identity, "--key", "author.pem"))
            .Ends(2).Says("add the line: creator: ");
        (await RunAsync("key", "create", "other.pem")).Ends(0);
        (await RunAsync([.. sign[..^1], "other.pem"])).Ends(2).Says("names another creator");
        (await RunAsync("session", "sign-submission", "session.yaml", "--identity", "x", "--key", "author.pem")).Ends(2);
    }

    [Theory]
    [InlineData("name: Team/shop\ncreator: KEY\naccess_policy: {}\n", "team-shop")]
    [InlineData("# ends without a line feed\nname: on\ncreator: KEY\naccess_policy: {}", "on")]
    [InlineData("name: windows\r\ncreator: KEY\r\naccess_policy: {}\r\n", "windows")]
    [InlineData("name: spaces  \ncreator: KEY\naccess_policy: {}\n\n\n", "spaces")]
    [InlineData("  # begins with spaces\nname: \"ümlaut\"\ncreator: KEY\naccess_policy: {}\n", null)]
    public async Task The_object_of_Kubernetes_has_exactly_the_signed_bytes(string template, string? name)
    {
        (await RunAsync("key", "create", "author.pem")).Ends(0);
        var text = template.Replace("KEY", GuardianProgram.PublicKey(folder.File("author.pem")), StringComparison.Ordinal);
        folder.Write("session.yaml", text);
        string[] sign = ["session", "sign-submission", "session.yaml", "--identity", new('1', 64), "--key", "author.pem"];
        if (name is null)
        {
            (await RunAsync(sign)).Ends(2);
            return;
        }
        (await RunAsync([.. sign, "--output", "submission"])).Ends(0);
        string[] words = ["kubernetes", "session", "session.yaml", "--submission", "submission"];
        var stream = new YamlStream();
        stream.Load(new StringReader((await RunAsync([.. words, "--namespace", "team"])).Ends(0).Output));
        var item = (YamlMappingNode)stream.Documents[0].RootNode;
        Assert.Equal(
            ("Session", "team", name),
            ((string?)item["kind"], (string?)item["metadata"]["namespace"], (string?)item["metadata"]["name"]));
        Assert.Equal(text, (string?)item["spec"]["text"]);
        Assert.Equal((await File.ReadAllTextAsync(folder.File("submission"))).Trim(), (string?)item["spec"]["submission"]);
        (await RunAsync([.. words, "--name", "Not a name"])).Ends(2);
        (await RunAsync([.. words, "--output", "object.yaml"])).Ends(0);
        (await RunAsync([.. words, "--output", "object.yaml"])).Ends(2).Says("already exists");
    }

    private Task<Result> RunAsync(params string[] words) => GuardianProgram.RunAsync(folder.Path, words);
}
