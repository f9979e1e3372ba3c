using System.Text.Json;

namespace Guardian.Kubernetes;

/// <summary>Reads members of objects that anybody may have written. Nothing here throws for any content.</summary>
public static class ObjectMembers
{
    /// <summary>Parses JSON.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The document, which the caller disposes; null when the text is no JSON.</returns>
    public static JsonDocument? TryParse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Parses JSON.</summary>
    /// <param name="text">The text in UTF-8, which must not change while the document is in use.</param>
    /// <returns>The document, which the caller disposes; null when the text is no JSON.</returns>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Finds a member of a map.</summary>
    /// <param name="map">The map.</param>
    /// <param name="name">The member's name.</param>
    /// <returns>The member; null when there is none, when the value is no map, or when a name in it is not Unicode.</returns>
    public static JsonElement? Member(this JsonElement? map, string name)
    {
        try
        {
            return map is { ValueKind: JsonValueKind.Object } owner && owner.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="map">The map.</param>
    /// <param name="name">The member's name.</param>
    /// <returns>The text; null when the member is none, or is not Unicode.</returns>
    public static string? Text(this JsonElement? map, string name) => map.Member(name).AsText();

    /// <summary>Reads a whole number.</summary>
    /// <param name="map">The map.</param>
    /// <param name="name">The member's name.</param>
    /// <returns>The number; null when the member is none.</returns>
    public static long? Number(this JsonElement? map, string name) =>
        map.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    /// <summary>Reads the members of a map that are texts, such as annotations.</summary>
    /// <param name="map">The map.</param>
    /// <returns>The texts by their names; empty when the value is no map.</returns>
    public static IReadOnlyDictionary<string, string> Texts(this JsonElement? map)
    {
        var texts = new Dictionary<string, string>();
        if (map is { ValueKind: JsonValueKind.Object } owner)
        {
            foreach (var member in owner.EnumerateObject())
            {
                if (ReadName(member) is { } name && ((JsonElement?)member.Value).AsText() is { } text)
                {
                    texts[name] = text;
                }
            }
        }
        return texts;
    }

    /// <summary>Lists the items of a list.</summary>
    /// <param name="map">The map.</param>
    /// <param name="name">The member's name.</param>
    /// <returns>The items; none when the member is no list.</returns>
    public static IEnumerable<JsonElement> Items(this JsonElement? map, string name) =>
        map.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>Reads a value as a text.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The text; null when it is none, or is not Unicode.</returns>
    public static string? AsText(this JsonElement? value)
    {
        if (value is not { ValueKind: JsonValueKind.String } text)
        {
            return null;
        }
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    private static string? ReadName(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }
}
