using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.Cli.Output;

/// <summary>Shows a result to people with the names that programs see.</summary>
internal static class Facts
{
    /// <summary>One fact for each member that has a value. Objects, and lists of objects, are left out.</summary>
    public static IEnumerable<(string Name, string Value)> Of<T>(T result, JsonTypeInfo<T> type)
    {
        foreach (var (name, value) in JsonSerializer.SerializeToNode(result, type)!.AsObject())
        {
            if (value is JsonValue)
            {
                yield return (name, value.ToString());
            }
            else if (value is JsonArray { Count: > 0 } list && list.All(each => each is JsonValue))
            {
                yield return (name, string.Join(", ", list.Select(each => each!.ToString())));
            }
        }
    }
}
