using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Guardian.Attestation.Collateral;

/// <summary>
/// Reads the members of one JSON object strictly. Throws <see cref="FormatException"/> with the problem; <see cref="SignedDocument"/> turns
/// it into a refusal.
/// </summary>
internal readonly struct JsonFields(JsonElement element)
{
    // Intel's documents have about twenty levels.
    private const int MaxItems = 4_096;

    public bool Has(string name) => element.TryGetProperty(name, out _);

    public string ReadText(string name) => Find(name, JsonValueKind.String).GetString()!;

    /// <summary>Reads a text; empty when the member is absent.</summary>
    public string ReadOptionalText(string name) => Has(name) ? ReadText(name) : "";

    public int ReadNumber(string name, int maximum) =>
        Find(name, JsonValueKind.Number).TryGetInt32(out var number) && number >= 0 && number <= maximum
            ? number
            : throw new FormatException($"'{name}' is not a whole number from 0 to {maximum}");

    /// <summary>Reads exactly <paramref name="size"/> bytes in hex, of either case.</summary>
    public byte[] ReadHex(string name, int size)
    {
        var bytes = new byte[size];
        var text = ReadText(name);
        return text.Length == 2 * size && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done
            ? bytes
            : throw new FormatException($"'{name}' is not {size} bytes in hex");
    }

    public DateTimeOffset ReadTime(string name) =>
        DateTimeOffset.TryParseExact(
            ReadText(name), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new FormatException($"'{name}' is no instant like 2026-01-31T12:00:00Z");

    public JsonFields ReadObject(string name) => new(Find(name, JsonValueKind.Object));

    public List<JsonFields> ReadObjects(string name)
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

    /// <summary>Reads a list of exactly <paramref name="size"/> objects, and of each one member that is a number up to 255.</summary>
    public byte[] ReadBytes(string name, string member, int size)
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
                ? (byte)new JsonFields(item).ReadNumber(member, byte.MaxValue)
                : throw new FormatException($"'{name}' is not a list of objects");
        }
        return bytes;
    }

    /// <summary>Reads a list of texts; empty when the member is absent.</summary>
    public IReadOnlyList<string> ReadOptionalTexts(string name)
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
            : throw new FormatException($"'{name}' is missing or not {WordOf(kind)}");

    private static string WordOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Array => "a list",
        _ => "an object",
    };
}
