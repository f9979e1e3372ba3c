using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Rooms;

/// <summary>A question that is asked again in each period.</summary>
internal sealed record ScheduledQuestion
{
    /// <summary>Its name in the room's schedule.</summary>
    public required string Name { get; init; }

    /// <summary>The question.</summary>
    public required Question Question { get; init; }

    /// <summary>The days of a period, 1 to 31.</summary>
    public required int Days { get; init; }

    /// <summary>The number of answers after which it is complete.</summary>
    public required int Times { get; init; }

    /// <summary>The periods with an answer.</summary>
    public IReadOnlyList<AskedPeriod> Answers { get; init; } = [];

    /// <summary>The period for which it was being asked when the file was written; null for none.</summary>
    public BegunPeriod? Begun { get; init; }

    /// <summary>Whether it has all its answers.</summary>
    [JsonIgnore]
    public bool IsComplete => Answers.Count >= Times;

    /// <summary>Notes the answer of a period.</summary>
    public ScheduledQuestion With(DateTimeOffset from, long entry) => this with
    {
        Answers = [.. Answers, new AskedPeriod(from, entry)], Begun = null,
    };

    /// <summary>Finds the beginning of the period of an instant. Periods follow each other like those of pinned versions.</summary>
    public DateTimeOffset FindPeriod(DateTimeOffset instant)
    {
        var first = new DateTimeOffset(1970, 1, 5, 0, 0, 0, TimeSpan.Zero);
        return first.AddDays(Math.Floor((instant - first).TotalDays / Days) * Days);
    }

    /// <summary>Finds the beginning of the next period without an answer, which may be the present one; null when it is complete.</summary>
    public DateTimeOffset? FindNext(DateTimeOffset now) => IsComplete ? null
        : FindPeriod(now) is var present && Answers.All(answer => answer.From != present) ? present : present.AddDays(Days);

    /// <summary>Finds the days of a period that fit a question: the longest for which one of its data sets pins a version, else a week.
    /// </summary>
    public static int FindDays(Question question, RoomContract contract) => contract.DataSets
        .Where(dataSet => dataSet.PinnedDays is not null && RoomView.DataSetsOf(question, contract).Contains(dataSet.Name))
        .Select(dataSet => dataSet.PinnedDays!.Value).DefaultIfEmpty(7).Max();
}

/// <summary>A period with an answer.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="Entry">The question's entry in the log of the room.</param>
internal sealed record AskedPeriod(DateTimeOffset From, long Entry);

/// <summary>A period for which the question is being asked.</summary>
/// <param name="From">Its beginning.</param>
/// <param name="After">The last entry of the log before.</param>
internal sealed record BegunPeriod(DateTimeOffset From, long After);

/// <summary>Source-generated JSON of the schedule's file.</summary>
[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<ScheduledQuestion>))]
internal sealed partial class ScheduleJson : JsonSerializerContext;
