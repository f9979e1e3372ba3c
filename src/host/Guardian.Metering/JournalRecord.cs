using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Metering;

/// <summary>The event that a record of the journal states.</summary>
public enum JournalKind
{
    /// <summary>The meter runs, and the clocks show this. Written when it begins and ends, and when the calendar clock stepped.</summary>
    Alive,

    /// <summary>An instance has this much EPC from now on.</summary>
    Defined,

    /// <summary>An instance's QEMU runs from now on.</summary>
    Started,

    /// <summary>An instance's QEMU has ended.</summary>
    Stopped,

    /// <summary>An instance's definition is gone from this host.</summary>
    Removed,

    /// <summary>
    /// The file continues another: the lines before this one repeat those of the former file that still have an effect, and the clocks are
    /// those of its last line.
    /// </summary>
    Continued,
}

/// <summary>One line of the journal.</summary>
/// <param name="Kind">The event.</param>
/// <param name="Boot">The identifier of the host's boot.</param>
/// <param name="Uptime">Milliseconds since the boot.</param>
/// <param name="Wall">The calendar clock, in milliseconds since 1970, UTC.</param>
/// <param name="Instance">The server; null for <see cref="JournalKind.Alive"/> and <see cref="JournalKind.Continued"/>.</param>
/// <param name="Mebibytes">The size, for <see cref="JournalKind.Defined"/>.</param>
/// <param name="Project">The project that pays; null when it is not known.</param>
/// <param name="Flavor">The flavor's name; null when it is not known.</param>
public sealed record JournalRecord(
    JournalKind Kind, Guid Boot, long Uptime, long Wall, Guid? Instance = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Mebibytes = 0,
    string? Project = null, string? Flavor = null)
{
    // A line holds two names that OpenStack limits to 255 characters; escapes may multiply them by six.
    internal const int MaxLineSize = 8 * 1024;

    // The year 9999: sums of two instants never overflow.
    private const long MaxInstant = 253_402_300_799_999;

    // 64 bits of SHA-256 find every accidental change.
    private const int ChecksumDigits = 16;

    internal const int JsonOffset = ChecksumDigits + 1;

    /// <summary>The clocks at the event.</summary>
    [JsonIgnore]
    public ClockReading Clock => new(Boot, Uptime, Wall);

    /// <summary>Makes a record of an event.</summary>
    /// <param name="clock">The clocks at the event.</param>
    /// <param name="kind">The event.</param>
    /// <param name="instance">The server; null for <see cref="JournalKind.Alive"/>.</param>
    /// <param name="mebibytes">The size, for <see cref="JournalKind.Defined"/>.</param>
    /// <param name="project">The project that pays; null when it is not known.</param>
    /// <param name="flavor">The flavor's name; null when it is not known.</param>
    public static JournalRecord At(
        ClockReading clock, JournalKind kind, Guid? instance = null, long mebibytes = 0, string? project = null, string? flavor = null) =>
        new(kind, clock.Boot, clock.Uptime, clock.Wall, instance, mebibytes, project, flavor);

    /// <summary>Makes the line, with its checksum before it and its line feed after it.</summary>
    public byte[] ToLine()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(this, JournalJson.Default.JournalRecord);
        return [.. Encoding.ASCII.GetBytes(Checksum(json)), (byte)' ', .. json, (byte)'\n'];
    }

    /// <summary>Reads a line without its line feed; null when it is damaged. Never throws.</summary>
    public static JournalRecord? TryParse(ReadOnlySpan<byte> line)
    {
        if (line.Length is <= ChecksumDigits or > MaxLineSize || line[ChecksumDigits] != ' ')
        {
            return null;
        }
        var json = line[JsonOffset..];
        return line[..ChecksumDigits].SequenceEqual(Encoding.ASCII.GetBytes(Checksum(json))) ? TryParseJson(json) : null;
    }

    /// <summary>Reads the part after the checksum; null when it is not a record. Never throws.</summary>
    internal static JournalRecord? TryParseJson(ReadOnlySpan<byte> json)
    {
        try
        {
            var record = JsonSerializer.Deserialize(json, JournalJson.Default.JournalRecord);
            return record is { Uptime: >= 0 and <= MaxInstant, Wall: >= 0 and <= MaxInstant, Mebibytes: >= 0 and <= int.MaxValue }
                && Enum.IsDefined(record.Kind)
                && (record.Kind is JournalKind.Alive or JournalKind.Continued || record.Instance is not null) ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Checksum(ReadOnlySpan<byte> json) =>
        Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, ChecksumDigits / 2));
}

/// <summary>Strict JSON of the journal.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JournalRecord))]
internal sealed partial class JournalJson : JsonSerializerContext;
