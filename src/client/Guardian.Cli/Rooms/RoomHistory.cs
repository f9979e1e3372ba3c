using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Log;

namespace Guardian.Cli.Rooms;

/// <summary>The questions and versions in the log of a room, docs/spec/room.md. Entries of another form are left out.</summary>
/// <param name="entries">The entries, whose chain the caller verified.</param>
internal sealed class RoomHistory(IReadOnlyList<LogLine> entries)
{
    private readonly HashSet<long> answered = [.. entries.Where(entry => entry.Event == "answer").Select(ReadAsked).OfType<long>()];

    /// <summary>The number of the last entry; -1 for an empty log.</summary>
    public long Head => entries.Count == 0 ? -1 : entries[^1].Sequence;

    /// <summary>Whether the room answered a question. It charges nothing more for one that it charged and did not answer.</summary>
    /// <param name="asked">The question's entry.</param>
    public bool IsAnswered(long asked) => answered.Contains(asked);

    /// <summary>Finds a question that a member asked behind an entry, and that has an answer.</summary>
    /// <returns>The entry with its answer; null when there is none.</returns>
    public long? FindAsked(string member, Question question, long after) => entries
        .Where(entry => entry.Sequence > after && entry.Member == member && entry.Event is "question" or "free question")
        .Select(entry => Read(entry, question)).FirstOrDefault(asked => asked is not null);

    /// <summary>Finds a question of a member that the room charged within a time, and answered.</summary>
    /// <returns>The entry; null when there is none.</returns>
    public long? FindCharged(string member, Question question, DateTimeOffset from, DateTimeOffset before) => entries
        .Where(entry => entry.Event == "question" && entry.Member == member && entry.Instant >= from && entry.Instant < before)
        .Select(entry => Read(entry, question)).FirstOrDefault(asked => asked is not null);

    /// <summary>Finds the instant of the last upload of a data set; null when there was none.</summary>
    public DateTimeOffset? FindUpload(string dataSet) => entries
        .LastOrDefault(entry => entry.Event == "upload" && ReadDetail(entry) is { } detail
            && detail.TryGetProperty("dataSet", out var name) && name.ValueKind == JsonValueKind.String && name.GetString() == dataSet)
        ?.Instant;

    // A refused question has neither an answer nor a price.
    private long? Read(LogLine entry, Question question)
    {
        if (ReadDetail(entry) is not { } detail || !detail.TryGetProperty("question", out var asked) || !IsSame(asked, question))
        {
            return null;
        }
        var number = entry.Event == "question" ? entry.Sequence : ReadNumber(detail, "answered");
        return number is { } found && IsAnswered(found) ? number : null;
    }

    private static long? ReadAsked(LogLine entry) => ReadDetail(entry) is { } detail ? ReadNumber(detail, "asked") : null;

    private static long? ReadNumber(JsonElement detail, string name) =>
        detail.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value)
            ? value
            : null;

    private static bool IsSame(JsonElement asked, Question question)
    {
        try
        {
            return asked.Deserialize(QuestionJson.Default.Question) is { } read && Write(read) == Write(question);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Write(Question question) => JsonSerializer.Serialize(question, QuestionJson.Default.Question);

    private static JsonElement? ReadDetail(LogLine entry)
    {
        try
        {
            using var document = JsonDocument.Parse(entry.Detail);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
