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

    // The container that kubectl means where a pod has several; injectors of sidecars set it.
    private const string MainAnnotation = "kubectl.kubernetes.io/default-container";

    // Of the whole pod: it names the session of the main container, and of no sidecar.
    private const string SessionAnnotation = $"org.guardian.{ProgramSettings.Session}";

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
    private static List<PodContainer> FindPrograms(JsonElement? spec, IReadOnlyDictionary<string, string> annotations)
    {
        var main = annotations.GetValueOrDefault(MainAnnotation);
        var names = spec.Items("containers").Select(each => ((JsonElement?)each).Text("name")).ToList();
        var first = names.Contains(main) ? main : names.FirstOrDefault();
        List<PodContainer> all = [.. List(spec, "initContainers", null, annotations), .. List(spec, "containers", first, annotations)];
        return all.FindAll(each => each.IsProgram) is { Count: > 0 } programs ? programs : all.FindAll(each => each.HasUnknownVariables);
    }

    private static IEnumerable<PodContainer> List(
        JsonElement? spec, string list, string? main, IReadOnlyDictionary<string, string> annotations) =>
        spec.Items(list).Take(MaxContainers).Select((container, i) => new PodContainer(
            $"/spec/{list}/{i}", container,
            name => name == SessionAnnotation && ((JsonElement?)container).Text("name") != main ? null : annotations.GetValueOrDefault(name)));
}
