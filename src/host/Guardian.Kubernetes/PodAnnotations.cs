using System.Text.Json;

namespace Guardian.Kubernetes;

/// <summary>
/// The annotations of a pod, as they are about its containers. The session that a pod names without a container's name is that of its main
/// container, and of no sidecar: the one that kubectl means by default. Immutable.
/// </summary>
public sealed class PodAnnotations
{
    // Injectors of sidecars set it, so that kubectl goes on to mean the container of the pod's author.
    private const string MainAnnotation = "kubectl.kubernetes.io/default-container";
    private const string SessionAnnotation = $"org.guardian.{ProgramSettings.Session}";

    private readonly IReadOnlyDictionary<string, string> annotations;
    private readonly string? main;

    /// <summary>Reads the annotations of a pod. Never throws for any content.</summary>
    /// <param name="pod">The pod; null for none.</param>
    public PodAnnotations(JsonElement? pod)
    {
        annotations = pod.Member("metadata").Member("annotations").Texts();
        var names = pod.Member("spec").Items("containers").Select(each => ((JsonElement?)each).Text("name")).ToList();
        main = annotations.GetValueOrDefault(MainAnnotation) is { } named && names.Contains(named) ? named : names.FirstOrDefault();
    }

    /// <summary>Whether the pod has an annotation.</summary>
    /// <param name="name">The annotation's name.</param>
    public bool Has(string name) => annotations.ContainsKey(name);

    /// <summary>Finds the annotations that are about one container.</summary>
    /// <param name="container">The container's name; null where it has none.</param>
    /// <returns>A function from an annotation's name to its text; null for none.</returns>
    public Func<string, string?> Of(string? container) =>
        name => name == SessionAnnotation && container != main ? null : annotations.GetValueOrDefault(name);
}
