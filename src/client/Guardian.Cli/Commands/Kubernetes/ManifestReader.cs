using System.Text;
using Guardian.Cli.Inputs;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>Finds the workloads in a file of manifests. Everything else in it is left alone.</summary>
internal static class ManifestReader
{
    /// <summary>Reads a file with one or several documents.</summary>
    /// <exception cref="RefusedException">
    /// The file is missing, or a document is no map of YAML or no workload as Kubernetes has it.
    /// </exception>
    public static IReadOnlyList<Workload> Read(string path)
    {
        var problems = new DocumentProblems();
        var workloads = new List<Workload>();
        foreach (var document in Split(InputFile.ReadText(path)))
        {
            if (YamlDocument.Read(Encoding.UTF8.GetBytes(document), problems) is { } map)
            {
                workloads.AddRange(ObjectsOf(map).Select(ReadWorkload).OfType<Workload>());
            }
        }
        return problems.Any ? throw new RefusedException(problems.ToRefusal("the manifests have mistakes", path)) : workloads;
    }

    /// <summary>Splits a stream of documents. Each part keeps its line numbers, and parts without content are left out.</summary>
    public static IEnumerable<string> Split(string text)
    {
        var (part, first, line) = (new StringBuilder(), 0, 0);
        foreach (var each in text.Split('\n'))
        {
            if (each.TrimEnd() == "---" || each.StartsWith("--- ", StringComparison.Ordinal))
            {
                if (HasContent(part))
                {
                    yield return new string('\n', first) + part;
                }
                part.Clear();
                first = line + 1;
            }
            else
            {
                part.Append(each).Append('\n');
            }
            line++;
        }
        if (HasContent(part))
        {
            yield return new string('\n', first) + part;
        }
    }

    private static bool HasContent(StringBuilder part) =>
        part.ToString().Split('\n').Any(line => line.AsSpan().Trim() is { IsEmpty: false } words && words[0] != '#');

    // As kubectl prints several objects.
    private static IEnumerable<YamlMap> ObjectsOf(YamlMap map) => map.OptionalText("kind") == "List" ? map.Maps("items") : [map];

    private static Workload? ReadWorkload(YamlMap map)
    {
        if (map.OptionalText("kind") is not { } kind || !Workload.PodPaths.TryGetValue(kind, out var path))
        {
            return null;
        }
        var metadata = map.Map("metadata");
        var pod = map;
        foreach (var name in path)
        {
            pod = pod?.Map(name);
        }
        var containers = pod?.Map("spec")?.Maps("containers");
        if (metadata is null || containers is not { Count: > 0 })
        {
            map.Report($"a {kind} has 'metadata' with a name, and containers");
            return null;
        }
        return new Workload(
            map.Text("apiVersion"), kind, metadata.Text("name"), metadata.OptionalText("namespace"), path,
            [.. containers.Select(ReadContainer)]);
    }

    private static PodContainer ReadContainer(YamlMap map)
    {
        var variables = map.Maps("env");
        return new PodContainer(
            map.Text("name"), map.Text("image"), Words(map, "command"), Words(map, "args"),
            [
                .. variables.Where(variable => !variable.Has("valueFrom")).Select(
                    variable => new KeyValuePair<string, string>(variable.Text("name"), variable.OptionalText("value") ?? "")),
            ],
            [.. variables.Where(variable => variable.Has("valueFrom")).Select(variable => variable.Text("name"))],
            [
                .. map.Maps("envFrom").SelectMany(source => source.Names.Select(source.Find).OfType<YamlMap>())
                    .Select(source => source.OptionalText("name")).OfType<string>(),
            ],
            [.. map.Maps("volumeMounts").Select(mount => mount.Text("mountPath"))]);
    }

    private static List<string> Words(YamlMap map, string name) => [.. map.Texts(name).Select(word => word.Value)];
}
