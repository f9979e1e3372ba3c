using YamlDotNet.RepresentationModel;

namespace Guardian.Cli.Tests.Kubernetes;

/// <summary>Manifests that people have become sessions and a base for <c>kubectl apply -k</c>.</summary>
[Trait("Starts", "processes")]
public sealed class GenerateCommandTests : IDisposable
{
    private const string Manifests =
        """
        apiVersion: v1
        kind: Service
        metadata: {name: visits}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: visits, namespace: team}
        spec:
          template:
            metadata: {labels: {app: visits}}
            spec:
              containers:
              - name: counter
                image: registry.example:5000/visits:1
                command: [/app.wasm, --count]
                args: ["on", "50%", "$(POD)"]
                env:
                - {name: GREETING, value: "yes: \"quoted\""}
                - {name: EMPTY}
                - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                envFrom: [{configMapRef: {name: settings}}]
                volumeMounts:
                - {name: data, mountPath: /volumes/data}
                - {name: etc, mountPath: /etc/app}
              - name: sidecar
                image: proxy:1
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sessions_and_patches_are_written_and_the_manifests_stay_as_they_are()
    {
        await PrepareAsync();
        var result = (await RunAsync("--output", "out", "--below", "team", "--json")).Ends(0).Json;
        var session = Assert.Single(result["sessions"]!.AsArray())!;
        Assert.Equal("team/visits", (string?)session["name"]);
        Assert.Equal(4, result["notes"]!.AsArray().Count);
        Assert.Equal(Manifests, await File.ReadAllTextAsync(folder.File("out/app.yaml")));

        var text = await File.ReadAllTextAsync(folder.File("out/sessions/deployment-visits.yaml"));
        Assert.Contains("    command: [\"counter\", \"--count\", \"on\", \"50%\", \"$(POD)\"]\n", text, StringComparison.Ordinal);
        Assert.Contains("      \"GREETING\": \"yes: \\\"quoted\\\"\"\n      \"EMPTY\": \"\"\n", text, StringComparison.Ordinal);
        Assert.Contains("      - {name: data, path: /data}\n", text, StringComparison.Ordinal);
        var tree = (await GuardianProgram.RunAsync(folder.Path, "image", "tree", "app", "/app.wasm")).Ends(0).Output;
        Assert.Contains(tree.Trim(), text, StringComparison.Ordinal);
        // The session is ready for its signature as it is.
        (await GuardianProgram.RunAsync(
            folder.Path, "session", "sign-submission", "out/sessions/deployment-visits.yaml", "--identity", new('1', 64), "--key",
            "owner.pem")).Ends(0);

        var patch = (YamlMappingNode)Read("out/patch-deployment-visits.yaml");
        Assert.Equal(("Deployment", "visits", "team"), (
            (string?)patch["kind"], (string?)patch["metadata"]["name"], (string?)patch["metadata"]["namespace"]));
        var template = patch["spec"]["template"];
        Assert.Equal("team/visits/counter", (string?)template["metadata"]["annotations"]["org.guardian.session.counter"]);
        Assert.Equal("guardian", (string?)template["spec"]["runtimeClassName"]);
        var container = Assert.Single((YamlSequenceNode)template["spec"]["containers"]);
        Assert.Equal(("counter", "1"), ((string?)container["name"], (string?)container["resources"]["limits"]["sgx.intel.com/enclave"]));
        Assert.Equal("/app.wasm", (string?)Assert.Single((YamlSequenceNode)container["command"]));
        Assert.Equal(["GREETING", "EMPTY"], ((YamlSequenceNode)container["env"]).Select(each => (string?)each["name"]));
        var kustomization = Read("out/kustomization.yaml");
        Assert.Equal("app.yaml", (string?)Assert.Single((YamlSequenceNode)kustomization["resources"]));
        Assert.Equal("patch-deployment-visits.yaml", (string?)Assert.Single((YamlSequenceNode)kustomization["patches"])["path"]);
    }

    [Fact]
    public async Task A_pod_keeps_its_name_and_gets_its_session()
    {
        await PrepareAsync();
        folder.Write("app.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\n"
            + "spec: {containers: [{name: c, image: \"registry.example:5000/visits:1\"}]}\n");
        (await RunAsync("--output", "out")).Ends(0);
        var patch = Read("out/patch-pod-one.yaml");
        Assert.Equal("one", (string?)patch["metadata"]["name"]);
        Assert.Equal("one/c", (string?)patch["metadata"]["annotations"]["org.guardian.session.c"]);
        Assert.Equal("guardian", (string?)patch["spec"]["runtimeClassName"]);
    }

    [Fact]
    public async Task What_cannot_be_generated_is_refused_and_nothing_is_written()
    {
        await PrepareAsync();
        string[] words = ["kubernetes", "generate", "app.yaml", "--creator", "owner.pem", "--output", "out"];
        (await GuardianProgram.RunAsync(folder.Path, [.. words, "--image", "other:1=app:/app.wasm"])).Ends(2).Says("no container");
        (await GuardianProgram.RunAsync(folder.Path, [.. words, "--image", "visits"])).Ends(2).Says("IMAGE=DIR:/PROGRAM");
        (await GuardianProgram.RunAsync(folder.Path, [.. words, "--image", "registry.example:5000/visits:1=app:/none.wasm"])).Ends(1);
        (await RunAsync("--output", "out", "--creator", "nobody")).Ends(2);
        Assert.False(Directory.Exists(folder.File("out")));
    }

    private async Task PrepareAsync()
    {
        (await GuardianProgram.RunAsync(folder.Path, "key", "create", "owner.pem")).Ends(0);
        Directory.CreateDirectory(folder.File("app"));
        await File.WriteAllBytesAsync(folder.File("app/app.wasm"), "\0asm\u0001\0\0\0"u8.ToArray());
        folder.Write("app.yaml", Manifests);
    }

    private Task<Result> RunAsync(params string[] more) => GuardianProgram.RunAsync(
        folder.Path,
        [
            "kubernetes", "generate", "app.yaml", "--image", "registry.example:5000/visits:1=app:/app.wasm", "--platform", "simulated",
            .. (more.Contains("--creator") ? (string[])[] : ["--creator", "owner.pem"]), .. more,
        ]);

    private YamlNode Read(string path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(folder.File(path))));
        return stream.Documents[0].RootNode;
    }
}
