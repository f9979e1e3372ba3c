using System.Text.Json.Nodes;

namespace Guardian.Node.Admission;

/// <summary>Operations of a JSON patch (RFC 6902).</summary>
internal static class JsonPatch
{
    /// <summary>Adds a member to a map, or replaces it (§4.1).</summary>
    /// <param name="map">The pointer of the map, whose words are escaped already.</param>
    /// <param name="member">The member's name.</param>
    /// <param name="value">Its value.</param>
    public static JsonObject Add(string map, string member, JsonNode value) =>
        new() { ["op"] = "add", ["path"] = $"{map}/{Escape(member)}", ["value"] = value };

    /// <summary>Writes a name as a word of a pointer (RFC 6901 §3).</summary>
    public static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
