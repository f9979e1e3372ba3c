namespace Guardian.Cli.Commands.Kubernetes;

/// <summary>An object of Kubernetes that starts pods.</summary>
/// <param name="ApiVersion">Such as <c>apps/v1</c>.</param>
/// <param name="Kind">Such as <c>Deployment</c>.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Namespace">Its namespace; null when the manifest names none.</param>
/// <param name="PodPath">The members that lead to the pod's description; empty for a pod.</param>
/// <param name="Containers">The pod's containers.</param>
internal sealed record Workload(
    string ApiVersion, string Kind, string Name, string? Namespace, IReadOnlyList<string> PodPath,
    IReadOnlyList<PodContainer> Containers)
{
    /// <summary>The members that lead to the pod's description, by the kinds of workloads.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> PodPaths = new Dictionary<string, string[]>
    {
        ["Pod"] = [],
        ["Deployment"] = ["spec", "template"],
        ["StatefulSet"] = ["spec", "template"],
        ["DaemonSet"] = ["spec", "template"],
        ["ReplicaSet"] = ["spec", "template"],
        ["Job"] = ["spec", "template"],
        ["CronJob"] = ["spec", "jobTemplate", "spec", "template"],
    };

    /// <summary>A word for file names: <c>deployment-visits</c>.</summary>
    public string Id => $"{Kind.ToLowerInvariant()}-{Name}";
}

/// <summary>A container of a pod.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image.</param>
/// <param name="Command">The words in the place of the image's own command; empty for the image's.</param>
/// <param name="Arguments">The words after the command.</param>
/// <param name="Variables">Its variables that have values in the manifest.</param>
/// <param name="OtherVariables">The names of its other variables, whose values come from the cluster.</param>
/// <param name="VariableSources">The objects of the cluster of which it has all values as variables.</param>
/// <param name="Mounts">The paths of its volumes.</param>
internal sealed record PodContainer(
    string Name, string Image, IReadOnlyList<string> Command, IReadOnlyList<string> Arguments,
    IReadOnlyList<KeyValuePair<string, string>> Variables, IReadOnlyList<string> OtherVariables, IReadOnlyList<string> VariableSources,
    IReadOnlyList<string> Mounts);
