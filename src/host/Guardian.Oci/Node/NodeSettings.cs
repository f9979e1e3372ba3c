using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Oci.Node;

/// <summary>
/// The settings of a node: <c>guardian-oci.json</c> beside the program, which <c>guardian node install-runtime</c> writes.
/// </summary>
/// <param name="Runc">The OCI runtime that does the work.</param>
/// <param name="Rootfs">Guardian's own files, the root of every program's container.</param>
/// <param name="State">The folder that the node keeps for programs: compiled modules, and simulated machines.</param>
/// <param name="Entrypoint">The words in <see cref="Rootfs"/> that start a program: <c>guardian run</c>.</param>
/// <param name="Environment">Variables of that command, <c>NAME=VALUE</c>.</param>
/// <param name="Cas">The CAS of containers that name none; null for none.</param>
internal sealed record NodeSettings(
    string Runc, string Rootfs, string State, IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Environment, string? Cas = null)
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "guardian-oci.json";

    /// <summary>Reads the settings.</summary>
    /// <exception cref="IOException">The file is missing.</exception>
    /// <exception cref="JsonException">It is malformed.</exception>
    public static NodeSettings Read(string folder) =>
        JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, FileName)), NodeJson.Default.NodeSettings)
        ?? throw new JsonException($"{FileName} is empty");
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeSettings))]
internal sealed partial class NodeJson : JsonSerializerContext;
