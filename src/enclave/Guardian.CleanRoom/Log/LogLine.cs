using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.CleanRoom.Log;

/// <summary>One entry of the room's log as members read it.</summary>
/// <param name="Sequence">Number of the entry, from 1.</param>
/// <param name="Instant">Instant of the entry.</param>
/// <param name="Member">The member who caused it.</param>
/// <param name="Event">Name of the event.</param>
/// <param name="Detail">JSON, exactly as it was hashed.</param>
/// <param name="PreviousHash">Hash of the entry before, lower-case hex; 64 zeros for the first.</param>
/// <param name="Hash">Hash of this entry, lower-case hex.</param>
public sealed record LogLine(
    long Sequence, DateTimeOffset Instant, string Member, string Event, string Detail, string PreviousHash, string Hash);

/// <summary>The JSON of entries: what is hashed and stored.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LogLine))]
internal sealed partial class LogLineJson : JsonSerializerContext;
