using Guardian.Cli.Commands.Kubernetes;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Kubernetes;

/// <summary>Workloads are found in the files that users have.</summary>
public sealed class ManifestReaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a: 1\n", 1)]
    [InlineData("---\na: 1\n---\nb: 2\n", 2)]
    [InlineData("# only a comment\n---\n\n--- # end\na: 1", 1)]
    [InlineData("a: |\n  ---\n  text\n", 1)]
    [InlineData("", 0)]
    [InlineData("---\r\na: 1\r\n---\r\n", 1)]
    public void Documents_are_split(string text, int count) => Assert.Equal(count, ManifestReader.Split(text).Count());

    [Fact]
    public void Every_kind_of_workload_is_found_and_everything_else_is_left_alone()
    {
        const string Pod = "{containers: [{name: c, image: i:1}]}";
        var text = $"""
            kind: Service
            spec: [anything]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {"{name: pod, namespace: team}"}
            spec: {Pod}
            """ + string.Concat(new[] { "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job" }.Select(
                kind => $"\n---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec: {{template: {{spec: {Pod}}}}}\n"))
            + "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\n"
            + $"spec: {{jobTemplate: {{spec: {{template: {{spec: {Pod}}}}}}}}}\n";
        folder.Write("app.yaml", text);
        var workloads = ManifestReader.Read(folder.File("app.yaml"));
        Assert.Equal(Workload.PodPaths.Keys, workloads.Select(workload => workload.Kind));
        Assert.Equal(("pod-pod", "team"), (workloads[0].Id, workloads[0].Namespace));
        Assert.All(workloads, workload => Assert.Equal("i:1", Assert.Single(workload.Containers).Image));
    }

    [Fact]
    public void Workloads_of_a_list_are_found_and_objects_that_bring_variables_are_named()
    {
        folder.Write("app.yaml", """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Service, metadata: {name: s}}
            - apiVersion: v1
              kind: Pod
              metadata: {name: p}
              spec:
                containers:
                - name: c
                  image: i:1
                  envFrom: [{configMapRef: {name: settings}}, {prefix: A_, secretRef: {name: passwords, optional: true}}]
            """);
        var workload = Assert.Single(ManifestReader.Read(folder.File("app.yaml")));
        Assert.Equal(["settings", "passwords"], Assert.Single(workload.Containers).VariableSources);
    }

    [Theory]
    [InlineData("kind: Deployment\nmetadata: {name: x}\n", "1:1: a Deployment has 'metadata'")]
    [InlineData("a: 1\n---\nkind: Pod\nspec: {containers: [{image: i}]}\n", "3:1: a Pod has 'metadata'")]
    [InlineData("kind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, image: i, args: [[1]]}]}\n", "an entry of 'args' must be")]
    [InlineData("kind: Pod\nmetadata: {name: x}\napiVersion: v1\nspec: {containers: [{name: c}]}\n", "'image' is missing")]
    [InlineData("a: &x 1\n", "anchors")]
    [InlineData("- list\n", "must be a map")]
    public void Mistakes_are_named_with_the_lines_of_the_file(string text, string expected)
    {
        folder.Write("app.yaml", text);
        var refused = Assert.Throws<RefusedException>(() => ManifestReader.Read(folder.File("app.yaml")));
        Assert.Contains(refused.Refusal.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }
}
