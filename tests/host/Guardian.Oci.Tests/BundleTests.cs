using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Oci.Containers;
using Guardian.Oci.Node;
using Guardian.Refusals;

namespace Guardian.Oci.Tests;

/// <summary>The descriptions of containers, as engines write them and as runc gets them.</summary>
public sealed class BundleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly NodeSettings node;
    private readonly SgxHost host;

    public BundleTests()
    {
        foreach (var path in new[] { "bundle/rootfs", "cgroup", "dev", "state" })
        {
            Directory.CreateDirectory(folder.File(path));
        }
        File.WriteAllBytes(folder.File("bundle/rootfs/app.wasm"), [0, (byte)'a', (byte)'s', (byte)'m', 1, 0, 0, 0]);
        folder.Write("bundle/rootfs/sh", "#!");
        node = new NodeSettings(
            "/usr/bin/runc", "/guardian/rootfs", folder.File("state"), ["/opt/guardian", "run"],
            ["PATH=/opt", "GUARDIAN_VOLUMES=/volumes"]);
        host = new SgxHost(folder.File("dev"), folder.File("cgroup"));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_module_becomes_the_data_of_an_attested_run()
    {
        var spec = Prepare(
            ["/app.wasm", "one", "--two"], ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1", "PATH=/bin", "LD_PRELOAD=/x.so", "COLOUR=red"]);
        Assert.Equal(
            ["/opt/guardian", "run", "--session", "s/a", "--cas", "cas:1", "--tree", "/image", "--", "/app.wasm", "one", "--two"],
            Words(spec["process"]!["args"]));
        var variables = Words(spec["process"]!["env"]);
        Assert.Contains("COLOUR=red", variables);
        Assert.Contains("PATH=/opt", variables);
        Assert.DoesNotContain(variables, variable => variable is "PATH=/bin" or "LD_PRELOAD=/x.so");
        Assert.Equal(("/guardian/rootfs", true), ((string)spec["root"]!["path"]!, (bool)spec["root"]!["readonly"]!));
        Assert.True((bool)spec["process"]!["noNewPrivileges"]!);
        Assert.Equal("/app.wasm", (string?)spec["annotations"]![Bundle.ProgramAnnotation]);
        var image = Mounts(spec)["/image"];
        Assert.Equal(folder.File("bundle/rootfs"), (string?)image["source"]);
        Assert.Contains("ro", Words(image["options"]));

        // The program sees no file of the host, so its mounts would only confuse Guardian's own.
        Assert.Equal(
            ["/dev/shm", "/etc/hosts", "/image", "/proc", "/tmp", "/var/lib/guardian", "/var/lib/guardian/machine",
            "/var/lib/guardian/modules",
                "/volumes"],
            Mounts(spec).Keys.Order(StringComparer.Ordinal));
        Assert.Equal("untouched", (string?)spec["linux"]!["cgroupsPath"]);
    }

    [Fact]
    public void Users_do_not_share_what_a_node_keeps()
    {
        var spec = Prepare(["/app.wasm"], ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1"]);
        var modules = (string)Mounts(spec)["/var/lib/guardian/modules"]["source"]!;
        Assert.Equal(folder.File($"state/modules/{OwnUser}"), modules);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(modules));
    }

    [Fact]
    public void In_a_user_namespace_the_folders_belong_to_the_user_on_the_host()
    {
        Write(["/app.wasm"], ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1"]);
        var spec = JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
        spec["process"]!["user"] = new JsonObject { ["uid"] = 65532, ["gid"] = 65532 };
        JsonObject Map(int inside, string outside, int size) =>
            new() { ["containerID"] = inside, ["hostID"] = uint.Parse(outside, null), ["size"] = size };
        spec["linux"]!["uidMappings"] = new JsonArray(Map(0, "100000", 1000), Map(65532, OwnUser, 1));
        spec["linux"]!["gidMappings"] = new JsonArray(Map(0, "100000", 1000), Map(65532, OwnGroup, 1));
        folder.Write("bundle/config.json", spec.ToJsonString());
        new Bundle(folder.File("bundle")).Prepare(node, host);
        var rewritten = JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
        Assert.Equal(
            folder.File($"state/modules/{OwnUser}"), (string?)Mounts(rewritten)["/var/lib/guardian/modules"]["source"]);
    }

    [Fact]
    public void A_container_may_have_more_room_for_temporary_files()
    {
        Write(["/app.wasm"], ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1"]);
        var spec = JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
        spec["mounts"]!.AsArray().Add((JsonNode)new JsonObject { ["destination"] = "/tmp", ["type"] = "tmpfs", ["source"] = "large" });
        folder.Write("bundle/config.json", spec.ToJsonString());
        new Bundle(folder.File("bundle")).Prepare(node, host);
        var rewritten = JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
        Assert.Equal("large", (string?)Mounts(rewritten)["/tmp"]["source"]);
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("missing")]
    public void An_ordinary_container_stays_as_it_is(string program)
    {
        var before = Write([$"/{program}"], ["GUARDIAN_SESSION=s/a"]);
        new Bundle(folder.File("bundle")).Prepare(node, host);
        Assert.Equal(before, File.ReadAllText(folder.File("bundle/config.json")));
    }

    [Theory]
    [InlineData("io.kubernetes.cri.container-type")]
    [InlineData("io.kubernetes.cri-o.ContainerType")]
    public void A_pods_sandbox_stays_as_it_is(string annotation)
    {
        var before = Write(["/app.wasm"], [], (annotation, "sandbox"));
        new Bundle(folder.File("bundle")).Prepare(node, host);
        Assert.Equal(before, File.ReadAllText(folder.File("bundle/config.json")));
    }

    [Fact]
    public void Without_a_session_nothing_starts()
    {
        Refuses(ProgramReasons.NoSession, [], []);
        Refuses(ProgramReasons.NoSession, ["GUARDIAN_CAS=cas:1"], []);
        Refuses(ProgramReasons.NoSession, ["GUARDIAN_SESSION=s/a"], []);
        Refuses(ProgramReasons.NoSession, ["GUARDIAN_SESSION=", "GUARDIAN_CAS=cas:1"], []);
    }

    [Fact]
    public void The_closest_setting_decides()
    {
        (string, string)[] pod =
        [
            ("org.guardian.session", "s/pod"), ("org.guardian.cas", "cas:1"), ("org.guardian.session.two", "s/two"),
            ("io.kubernetes.cri.container-name", "one"),
        ];
        string Session(string[] variables, params (string, string)[] annotations) =>
            Words(Prepare(["/app.wasm"], variables, annotations)["process"]!["args"]).ElementAt(3);
        Assert.Equal("s/pod", Session([], pod));
        Assert.Equal("s/two", Session([], [.. pod[..3], ("io.kubernetes.cri.container-name", "two")]));
        Assert.Equal("s/own", Session(["GUARDIAN_SESSION=s/own"], pod));
    }

    [Theory]
    [InlineData("s /a")]
    [InlineData("--insecure-no-attestation")]
    [InlineData("s/a\n")]
    public void A_malformed_setting_is_refused(string session) =>
        Refuses(ProgramReasons.BadSetting, [$"GUARDIAN_SESSION={session}", "GUARDIAN_CAS=cas:1"], []);

    [Theory]
    [InlineData("/sbin/docker-init")]
    [InlineData("/run/podman-init")]
    [InlineData("/dev/init")]
    public void An_engines_own_first_process_is_not_needed(string init)
    {
        var spec = Prepare([init, "--", "/app.wasm", "x"], ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1"]);
        Assert.Equal(["--", "/app.wasm", "x"], Words(spec["process"]!["args"]).TakeLast(3));
    }

    [Fact]
    public void EPC_is_limited_where_the_kernel_can()
    {
        string[] variables = ["GUARDIAN_SESSION=s/a", "GUARDIAN_CAS=cas:1", "GUARDIAN_EPC=64"];
        Assert.Null(Prepare(["/app.wasm"], variables)["linux"]!["resources"]?["unified"]);
        folder.Write("cgroup/misc.capacity", "sev 5\nsgx_epc 1073741824\n");
        Assert.Equal(
            "sgx_epc 67108864", (string?)Prepare(["/app.wasm"], variables)["linux"]!["resources"]!["unified"]!["misc.max"]);
        Refuses(ProgramReasons.BadSetting, [.. variables[..2], "GUARDIAN_EPC=much"], []);
        Refuses(ProgramReasons.BadSetting, [.. variables[..2], "GUARDIAN_EPC=0"], []);
    }

    [Fact]
    public void A_node_may_name_the_CAS()
    {
        Write(["/app.wasm"], ["GUARDIAN_SESSION=s/a"]);
        new Bundle(folder.File("bundle")).Prepare(node with { Cas = "node:1" }, host);
        var spec = JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
        Assert.Equal("node:1", Words(spec["process"]!["args"]).ElementAt(5));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"process":{}}""")]
    [InlineData("""{"process":{"args":[]},"root":{"path":"rootfs"}}""")]
    [InlineData("""{"process":{"args":[1]},"root":{"path":"rootfs"}}""")]
    [InlineData("""{"process":{"args":["/app.wasm"],"env":{}},"root":{"path":"rootfs"}}""")]
    [InlineData("""{"process":{"args":["/app.wasm"]},"root":{"path":{}},"annotations":[]}""")]
    public void A_strange_description_is_refused_or_left_to_runc(string text)
    {
        folder.Write("bundle/config.json", text);
        try
        {
            new Bundle(folder.File("bundle")).Prepare(node, host);
        }
        catch (Exception failure) when (failure is System.Text.Json.JsonException or InvalidDataException or InvalidOperationException
            or RefusedException)
        {
            // The program reports these.
        }
        Assert.Equal(text, File.ReadAllText(folder.File("bundle/config.json")));
    }

    private static string OwnUser =>
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];

    private static string OwnGroup =>
        File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Gid:", StringComparison.Ordinal)).Split('\t')[1];

    private void Refuses(RefusalReason reason, string[] variables, (string, string)[] annotations)
    {
        var before = Write(["/app.wasm"], variables, annotations);
        var refused = Assert.Throws<RefusedException>(() => new Bundle(folder.File("bundle")).Prepare(node, host));
        Assert.Equal(reason, refused.Refusal.Reason);
        Assert.Equal(before, File.ReadAllText(folder.File("bundle/config.json")));
    }

    private JsonNode Prepare(string[] words, string[] variables, params (string, string)[] annotations)
    {
        Write(words, variables, annotations);
        new Bundle(folder.File("bundle")).Prepare(node, host);
        return JsonNode.Parse(File.ReadAllText(folder.File("bundle/config.json")))!;
    }

    private string Write(string[] words, string[] variables, params (string Name, string Value)[] annotations)
    {
        static JsonArray List(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
        static JsonObject Mount(string destination) => new() { ["destination"] = destination, ["source"] = "x" };
        var spec = new JsonObject
        {
            ["root"] = new JsonObject { ["path"] = "rootfs" },
            ["process"] = new JsonObject
            {
                ["args"] = List(words),
                ["env"] = List(variables),
                ["cwd"] = "/",
                ["user"] = new JsonObject { ["uid"] = int.Parse(OwnUser, null), ["gid"] = int.Parse(OwnGroup, null) },
            },
            ["mounts"] = new JsonArray(
            Mount("/proc"), Mount("/dev/shm"), Mount("/etc/hosts"), Mount("/volumes"), Mount("/var/run/secrets"), Mount("/opt/guardian")),
            ["linux"] = new JsonObject { ["cgroupsPath"] = "untouched" },
            ["annotations"] = new JsonObject(annotations.Select(each => KeyValuePair.Create(each.Name, (JsonNode?)each.Value))),
        };
        var text = spec.ToJsonString();
        folder.Write("bundle/config.json", text);
        return text;
    }

    private static List<string> Words(JsonNode? list) => [.. list!.AsArray().Select(word => (string)word!)];

    private static Dictionary<string, JsonNode> Mounts(JsonNode spec) =>
        spec["mounts"]!.AsArray().ToDictionary(mount => (string)mount!["destination"]!, mount => mount!);
}
