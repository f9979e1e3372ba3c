using System.Globalization;
using System.Text.Json;
using Guardian.Kubernetes;

namespace Guardian.Node.Kubernetes;

/// <summary>A pod that holds EPC of this node, from its binding until its end, as the scheduler counts it.</summary>
/// <param name="Id">Its UID.</param>
/// <param name="Namespace">Its namespace, which pays.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mebibytes">Its EPC in MiB, rounded up.</param>
/// <param name="StartedAt">The time at which the kubelet took it; null when it has not.</param>
internal sealed record MeteredPod(Guid Id, string Namespace, string Name, long Mebibytes, DateTimeOffset? StartedAt);

/// <summary>Reads a list of pods of the API server, which is not trusted with its form.</summary>
internal static class NodePods
{
    // More than any machine has.
    private const decimal MaxBytes = 1L << 50;

    // Keeps the product with the largest unit within its type.
    private const int MaxDigits = 16;

    // Keeps the sum within its type.
    private const int MaxContainers = 1_000;

    private static readonly Dictionary<string, decimal> Units = new()
    {
        [""] = 1, ["k"] = 1e3m, ["M"] = 1e6m, ["G"] = 1e9m, ["T"] = 1e12m,
        ["Ki"] = 1L << 10, ["Mi"] = 1L << 20, ["Gi"] = 1L << 30, ["Ti"] = 1L << 40,
    };

    /// <summary>Reads the pods that hold EPC now. Never throws for any content.</summary>
    /// <returns>The pods; null when the text is no list.</returns>
    public static IReadOnlyList<MeteredPod>? Read(string text)
    {
        using var document = ObjectMembers.TryParse(text);
        JsonElement? list = document?.RootElement;
        return list.Member("items") is { ValueKind: JsonValueKind.Array }
            ? [.. list.Items("items").Select(pod => ReadPod(pod)).OfType<MeteredPod>().DistinctBy(pod => pod.Id)]
            : null;
    }

    /// <summary>Reads a quantity of Kubernetes, such as <c>16Mi</c>; 0 when it is none, or larger than any machine's memory.</summary>
    public static long ReadBytes(string? text)
    {
        var digits = text?.TakeWhile(char.IsAsciiDigit).Count() ?? 0;
        return digits is > 0 and <= MaxDigits && Units.TryGetValue(text![digits..], out var unit)
            && decimal.Parse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture) * unit is <= MaxBytes and var bytes
            ? (long)bytes
            : 0;
    }

    private static MeteredPod? ReadPod(JsonElement? pod)
    {
        var (metadata, spec, status) = (pod.Member("metadata"), pod.Member("spec"), pod.Member("status"));
        // Containers run together, and each of the first ones runs alone before them.
        var together = spec.Items("containers").Take(MaxContainers).Sum(EpcOf);
        var alone = spec.Items("initContainers").Take(MaxContainers).Select(EpcOf).DefaultIfEmpty().Max();
        var bytes = Math.Min(Math.Max(together, alone), (long)MaxBytes);
        return bytes > 0 && status.Text("phase") is ("Pending" or "Running")
            && Guid.TryParse(metadata.Text("uid"), out var id)
            && metadata.Text("namespace") is { Length: > 0 } space && metadata.Text("name") is { Length: > 0 } name
            ? new MeteredPod(id, space, name, (bytes + (1 << 20) - 1) >> 20, ReadTime(status.Text("startTime")))
            : null;
    }

    private static long EpcOf(JsonElement container)
    {
        var resources = ((JsonElement?)container).Member("resources");
        return ReadBytes(resources.Member("limits").Text(SgxResource.Epc) ?? resources.Member("requests").Text(SgxResource.Epc));
    }

    private static DateTimeOffset? ReadTime(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
