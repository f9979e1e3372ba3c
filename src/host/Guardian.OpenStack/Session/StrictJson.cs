using System.Collections;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Guardian.OpenStack.Session;

/// <summary>
/// Reads answers, and refuses null as an element of a list or a value of a map, which the annotations of types do not express.
/// </summary>
internal static class StrictJson
{
    private static readonly ConditionalWeakTable<JsonSerializerOptions, JsonSerializerOptions> Known = [];

    /// <summary>Reads an answer.</summary>
    /// <param name="utf8">The answer's body.</param>
    /// <param name="type">Its type, with the options of its context.</param>
    /// <exception cref="JsonException">It is not of the type, or has a null where its type has none.</exception>
    public static T Read<T>(byte[] utf8, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(utf8, (JsonTypeInfo<T>)Known.GetValue(type.Options, RefuseNulls).GetTypeInfo(typeof(T)))
        ?? throw new JsonException("null");

    private static JsonSerializerOptions RefuseNulls(JsonSerializerOptions options) => new(options)
    {
        TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(type =>
        {
            if (type.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary)
            {
                type.OnDeserialized = RefuseNull;
            }
        }),
    };

    private static void RefuseNull(object collection)
    {
        var items = collection is IDictionary map ? map.Values : (IEnumerable)collection;
        foreach (var item in items)
        {
            _ = item ?? throw new JsonException("an element of a list, or a value of a map, is null");
        }
    }
}
