using Guardian.OpenStack.Compute;

namespace Guardian.Node.Metering;

/// <summary>
/// When a server held no EPC although Nova went on counting: it was shelved, no host had it, and Nova had given its claim back. Journals tell when no host
/// had it, but a rebuild takes it away too and keeps the claim; what was asked of Nova then tells them apart.
/// </summary>
public static class ShelvedTime
{
    // A hard reboot takes the definition away for a second or two, and a deletion ends it a little before Nova's count. Nobody shelves for so short a time.
    private const long ShortestMilliseconds = 60_000;

    /// <summary>The times within what Nova counts for which it has to be asked.</summary>
    /// <param name="launched">When Nova says that it was launched; from then on some host has it, whatever journals say.</param>
    /// <param name="counted">What Nova counts, and what the journals know of before.</param>
    public static IReadOnlyList<Period> Absences(InstanceTimeline timeline, DateTimeOffset launched, Period counted)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var absences = new List<Period>();
        for (var i = 0; i < timeline.Stays.Count && timeline.Stays[i].End != long.MaxValue; i++)
        {
            var start = timeline.Stays[i].End;
            var end = i + 1 < timeline.Stays.Count ? timeline.Stays[i + 1].Start : long.MaxValue;
            var absence = new Period(start, launched.ToUnixTimeMilliseconds() is var launch && launch > start ? Math.Min(end, launch) : end);
            if (Math.Min(absence.End, counted.End) - Math.Max(absence.Start, counted.Start) >= ShortestMilliseconds)
            {
                absences.Add(absence);
            }
        }
        return absences;
    }

    /// <summary>Those of the absences that were for shelving, each until it was asked for to be unshelved.</summary>
    /// <param name="actions">All that was asked of Nova for this server, in any order.</param>
    public static IReadOnlyList<Period> Released(IReadOnlyList<Period> absences, IReadOnlyList<ServerAction> actions)
    {
        ArgumentNullException.ThrowIfNull(absences);
        var shelving = actions.Where(action => action.Action is ServerAction.Shelve or ServerAction.ShelveOffload or ServerAction.Unshelve)
            .Select(action => (action.Action, At: new DateTimeOffset(DateTime.SpecifyKind(action.StartTime, DateTimeKind.Utc)).ToUnixTimeMilliseconds()))
            .OrderBy(action => action.At).ToList();
        return [.. absences
            .Where(absence => shelving.LastOrDefault(action => action.At <= absence.Start).Action is ServerAction.Shelve or ServerAction.ShelveOffload)
            // Of several attempts the last one succeeded. Where none did, the server is shelved still, or was deleted so.
            .Select(absence => shelving.LastOrDefault(action => action.At > absence.Start && action.At <= absence.End) is { Action: ServerAction.Unshelve } asked && absence.End != long.MaxValue
                ? absence with { End = asked.At }
                : absence)];
    }
}
