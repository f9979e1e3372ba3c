using System.Globalization;
using System.Text.Json;
using Guardian.Kubernetes;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>A container that runs, and the service that it claims to be. The cluster says so, and nothing of it is verified.</summary>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="Pod">The pod's name.</param>
/// <param name="Container">The container's name.</param>
/// <param name="Service">The claimed <c>SESSION/SERVICE</c>.</param>
/// <param name="StartedAt">The time of its start by the node's clock; null when the cluster does not say.</param>
internal sealed record RunningContainer(string Namespace, string Pod, string Container, string Service, DateTimeOffset? StartedAt);

/// <summary>Finds the programs for enclaves in a list of pods, as <c>kubectl get pods -o json</c> prints it.</summary>
internal static class RunningProgramList
{
    /// <summary>Reads a list, or a single pod. Never throws for any content.</summary>
    /// <returns>The containers that run now and name a session; null when the text is neither a list nor a pod.</returns>
    public static IReadOnlyList<RunningContainer>? Read(string text)
    {
        using var document = ObjectMembers.TryParse(text);
        JsonElement? top = document?.RootElement;
        return top.Member("items") is { ValueKind: JsonValueKind.Array }
            ? [.. top.Items("items").SelectMany(pod => ReadPod(pod))]
            : top.Text("kind") == "Pod" ? [.. ReadPod(top)] : null;
    }

    private static IEnumerable<RunningContainer> ReadPod(JsonElement? pod)
    {
        var metadata = pod.Member("metadata");
        if (metadata.Text("namespace") is not { } space || metadata.Text("name") is not { } name)
        {
            yield break;
        }
        var annotations = new PodAnnotations(pod);
        var states = pod.Member("status").Items("containerStatuses").Select(each => (JsonElement?)each).ToList();
        foreach (var container in pod.Member("spec").Items("containers").Select(each => (JsonElement?)each))
        {
            if (container.Text("name") is { } word && FindService(annotations, container, word) is { } service
                && states.Find(state => state.Text("name") == word).Member("state").Member("running") is { } running)
            {
                yield return new RunningContainer(space, name, word, service, ReadTime(((JsonElement?)running).Text("startedAt")));
            }
        }
    }

    private static string? FindService(PodAnnotations annotations, JsonElement? container, string name)
    {
        string? Variable(string variable) =>
            container.Items("env").Select(each => (JsonElement?)each).LastOrDefault(each => each.Text("name") == variable).Text("value");
        return new ProgramSettings(name, name, Variable, annotations.Of(name)).Find(ProgramSettings.Session);
    }

    private static DateTimeOffset? ReadTime(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
