using System.Text.Json;
using Guardian.Kubernetes;

namespace Guardian.Operator.Objects;

/// <summary>A part of the list of all objects.</summary>
/// <param name="Objects">The objects, without their texts, which would fill the memory.</param>
/// <param name="Version">The version of the list, from which a watch goes on.</param>
/// <param name="Continue">The token of the next part; null for the last one.</param>
internal sealed record ObjectPage(IReadOnlyList<ObjectVersion> Objects, string Version, string? Continue)
{
    /// <summary>Reads a list. Never throws for any content.</summary>
    /// <returns>The part; null when the text is no list.</returns>
    public static ObjectPage? Read(string text)
    {
        using var document = ObjectMembers.TryParse(text);
        JsonElement? list = document?.RootElement;
        return list.Member("metadata").Text("resourceVersion") is { } version
            ? new ObjectPage(
                [.. list.Items("items").Select(item => SessionObject.Read(item)?.Id).OfType<ObjectVersion>()], version,
                list.Member("metadata").Text("continue") is { Length: > 0 } more ? more : null)
            : null;
    }
}

/// <summary>A change of one object, from a watch.</summary>
/// <param name="Object">The object after the change, without its text.</param>
/// <param name="IsDeleted">Whether it is gone.</param>
internal sealed record ObjectChange(ObjectVersion Object, bool IsDeleted)
{
    /// <summary>Reads a line of a watch. Never throws for any content.</summary>
    /// <returns>The change; null when the line is none, such as the end of the watch's history.</returns>
    public static ObjectChange? Read(string line)
    {
        using var document = ObjectMembers.TryParse(line);
        JsonElement? change = document?.RootElement;
        return change.Text("type") is "ADDED" or "MODIFIED" or "DELETED" && SessionObject.Read(change.Member("object")) is { } item
            ? new ObjectChange(item.Id, change.Text("type") == "DELETED")
            : null;
    }
}
