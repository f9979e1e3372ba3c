using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Refusals;

namespace Guardian.Node.Admission;

/// <summary>Completes the pods of Guardian's RuntimeClass, and refuses those that cannot start. Thread-safe.</summary>
/// <param name="runtimeClass">The name of the RuntimeClass.</param>
internal sealed class PodAdmission(string runtimeClass)
{
    // The kubelet's own copy of a pod that it has from a file: a change of it changes nothing.
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    // The API server takes more, but no node runs so many in one pod.
    private const int MaxContainers = 1_000;

    /// <summary>Decides about a new pod. Never throws for any content.</summary>
    /// <returns>A JSON patch, empty for a pod that stays as it is; a reason of <see cref="ProgramReasons"/> otherwise.</returns>
    public Outcome<JsonArray> Decide(JsonElement? pod)
    {
        var spec = pod.Member("spec");
        if (spec.Text("runtimeClassName") != runtimeClass)
        {
            return new JsonArray();
        }
        var annotations = pod.Member("metadata").Member("annotations").Texts();
        if (annotations.ContainsKey(MirrorAnnotation))
        {
            return new JsonArray();
        }
        try
        {
            var programs = List(spec, "initContainers", annotations).Concat(List(spec, "containers", annotations))
                .Where(container => container.IsProgram).ToList();
            return programs.Count > 0
                ? new JsonArray([.. programs.SelectMany(container => container.Complete())])
                : ProgramReasons.NoSession.Because(
                    $"the pod has the RuntimeClass '{runtimeClass}', and none of its containers names a session");
        }
        catch (RefusedException refused)
        {
            return refused.Refusal;
        }
    }

    private static IEnumerable<PodContainer> List(JsonElement? spec, string list, IReadOnlyDictionary<string, string> annotations) =>
        spec.Items(list).Take(MaxContainers).Select((container, i) => new PodContainer($"/spec/{list}/{i}", container, annotations));
}
