using System.Globalization;
using System.Text.Json;

namespace Guardian.Attestation.Collateral;

/// <summary>Reads the members of one JSON object strictly. Throws <see cref="FormatException"/>, which says what is wrong; readers turn it
/// into their result.</summary>
internal readonly struct JsonFields(JsonElement element)
{
    // A document of Intel's has some twenty levels.
    private const int MaxItems = 4_096;

    public bool Has(string name) => element.TryGetProperty(name, out _);

    public string Text(string name) =>
        Find(name, JsonValueKind.String).GetString()!;

    public int Number(string name, int maximum) =>
        Find(name, JsonValueKind.Number).TryGetInt32(out var number) && number >= 0 && number <= maximum
        ? number
        : throw new FormatException($"'{name}' is not a whole number from 0 to {maximum}");

    /// <summary>Exactly so many bytes in hex, of either case.</summary>
    public byte[] Hex(string name, int size)
    {
        var bytes = new byte[size];
        var text = Text(name);
        return text.Length == 2 * size && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? bytes
            : throw new FormatException($"'{name}' is not {size} bytes in hex");
    }

    public DateTimeOffset Time(string name) =>
        DateTimeOffset.TryParseExact(
            Text(name), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new FormatException($"'{name}' is no instant like 2026-01-31T12:00:00Z");

    public JsonFields Object(string name) => new(Find(name, JsonValueKind.Object));

    public List<JsonFields> Objects(string name)
    {
        var list = Find(name, JsonValueKind.Array);
        var count = list.GetArrayLength();
        if (count > MaxItems)
        {
            throw new FormatException($"'{name}' has {count} entries; at most {MaxItems} are read");
        }
        var objects = new List<JsonFields>(count);
        foreach (var item in list.EnumerateArray())
        {
            objects.Add(item.ValueKind == JsonValueKind.Object
                ? new JsonFields(item)
                : throw new FormatException($"'{name}' is not a list of objects"));
        }
        return objects;
    }

    /// <summary>A list of exactly so many objects, of each of which one member is a number up to 255.</summary>
    public byte[] Bytes(string name, string member, int size)
    {
        var list = Find(name, JsonValueKind.Array);
        if (list.GetArrayLength() != size)
        {
            throw new FormatException($"'{name}' has {list.GetArrayLength()} entries instead of {size}");
        }
        var bytes = new byte[size];
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            bytes[i++] = item.ValueKind == JsonValueKind.Object
                ? (byte)new JsonFields(item).Number(member, byte.MaxValue)
                : throw new FormatException($"'{name}' is not a list of objects");
        }
        return bytes;
    }

    /// <summary>A list of texts; empty when it is not there.</summary>
    public IReadOnlyList<string> OptionalTexts(string name)
    {
        if (!Has(name))
        {
            return [];
        }
        var list = Find(name, JsonValueKind.Array);
        return list.GetArrayLength() <= MaxItems && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : throw new FormatException($"'{name}' is not a list of texts");
    }

    private JsonElement Find(string name, JsonValueKind kind) =>
        element.TryGetProperty(name, out var found) && found.ValueKind == kind
            ? found
            : throw new FormatException($"'{name}' is missing or not {Word(kind)}");

    private static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        _ => "an object",
    };
}
