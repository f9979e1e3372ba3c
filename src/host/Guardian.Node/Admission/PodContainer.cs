using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Node.Kubernetes;

namespace Guardian.Node.Admission;

/// <summary>A container of a pod that does not run yet.</summary>
internal sealed class PodContainer
{
    private readonly string pointer;
    private readonly JsonElement? container;
    private readonly ProgramSettings settings;

    /// <param name="pointer">The container's place in the pod (RFC 6901).</param>
    /// <param name="container">The container.</param>
    /// <param name="annotations">The pod's annotations.</param>
    public PodContainer(string pointer, JsonElement? container, PodAnnotations annotations)
    {
        (this.pointer, this.container) = (pointer, container);
        var name = container.Text("name");
        settings = new ProgramSettings(
            $"the container '{name}'", name, variable => FindVariable(variable).Text("value"), annotations.Of(name));
    }

    /// <summary>Whether the container names a session, if only by a value that its node learns.</summary>
    /// <exception cref="Guardian.Refusals.RefusedException"><see cref="ProgramReasons.BadSetting"/>.</exception>
    public bool IsProgram => IsFromElsewhere(ProgramSettings.Session) || settings.Read(ProgramSettings.Session) is not null;

    /// <summary>Whether the container has variables whose names only its node learns.</summary>
    public bool HasUnknownVariables => container.Items("envFrom").Any();

    /// <summary>Makes the changes that give the container a unit of the enclave device, and the EPC of its settings. It keeps what it
    /// has.</summary>
    /// <returns>Operations of a JSON patch; none when nothing is missing.</returns>
    /// <exception cref="Guardian.Refusals.RefusedException"><see cref="ProgramReasons.BadSetting"/>.</exception>
    public IReadOnlyList<JsonObject> Complete()
    {
        var missing = FindWanted().Where(each => !Has(each.Resource)).ToList();
        if (missing.Count == 0)
        {
            return [];
        }
        var resources = container.Member("resources");
        if (resources.Member("limits") is { ValueKind: JsonValueKind.Object })
        {
            return [.. missing.Select(each => JsonPatch.Add($"{pointer}/resources/limits", each.Resource, each.Amount))];
        }
        var limits = new JsonObject(missing.Select(each => KeyValuePair.Create(each.Resource, (JsonNode?)each.Amount)));
        return resources is { ValueKind: JsonValueKind.Object }
            ? [JsonPatch.Add($"{pointer}/resources", "limits", limits)]
            : [JsonPatch.Add(pointer, "resources", new JsonObject { ["limits"] = limits })];
    }

    private IEnumerable<(string Resource, string Amount)> FindWanted()
    {
        yield return (SgxResource.Enclave.Name, "1");
        if (!IsFromElsewhere(ProgramSettings.Epc) && settings.ReadEpc() is { } mebibytes)
        {
            yield return (SgxResource.Epc, string.Create(CultureInfo.InvariantCulture, $"{mebibytes}Mi"));
        }
    }

    private bool Has(string resource)
    {
        var resources = container.Member("resources");
        return resources.Member("limits").Member(resource) is not null || resources.Member("requests").Member(resource) is not null;
    }

    // From an object of the cluster, or from another variable.
    private bool IsFromElsewhere(string setting)
    {
        var own = FindVariable(ProgramSettings.VariableOf(setting));
        return own.Member("valueFrom") is { ValueKind: JsonValueKind.Object }
            || own.Text("value")?.Contains("$(", StringComparison.Ordinal) == true;
    }

    // Of two variables with one name, the last one counts.
    private JsonElement? FindVariable(string name) =>
        container.Items("env").Select(each => (JsonElement?)each).LastOrDefault(each => each.Text("name") == name);
}
