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
        var annotations = new PodAnnotations(pod);
        if (annotations.Has(MirrorAnnotation))
        {
            return new JsonArray();
        }
        try
        {
            var programs = FindPrograms(spec, annotations);
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

    // Sidecars have variables from objects of the cluster too, so such a container is a program only where no other is.
    private static List<PodContainer> FindPrograms(JsonElement? spec, PodAnnotations annotations)
    {
        List<PodContainer> all = [.. List(spec, "initContainers", annotations), .. List(spec, "containers", annotations)];
        return all.FindAll(each => each.IsProgram) is { Count: > 0 } programs ? programs : all.FindAll(each => each.HasUnknownVariables);
    }

    private static IEnumerable<PodContainer> List(JsonElement? spec, string list, PodAnnotations annotations) =>
        spec.Items(list).Take(MaxContainers).Select((container, i) => new PodContainer($"/spec/{list}/{i}", container, annotations));
}
