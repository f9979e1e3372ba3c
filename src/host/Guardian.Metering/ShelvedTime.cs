using Guardian.OpenStack.Compute;

namespace Guardian.Metering;

/// <summary>
/// Finds the times at which a server held no EPC although Nova continued to count: it was shelved, no host had it, and Nova had released
/// its claim.
/// </summary>
/// <remarks>
/// Journals show when no host had the server. A rebuild also removes the definition for a while, but keeps the claim; Nova's list of
/// actions distinguishes the two.
/// </remarks>
public static class ShelvedTime
{
    // A hard reboot removes the definition for a second or two, and a deletion removes it a little before Nova stops to count. Nobody
    // shelves a server for so short a time.
    private const long ShortestMilliseconds = 60_000;

    /// <summary>Finds the times at which no host had the server although it counts. Only for these Nova's actions are needed.</summary>
    /// <param name="timeline">The server's time from the journals.</param>
    /// <param name="launched">The launch, according to Nova; from then on some host has the server, whatever the journals say.</param>
    /// <param name="counted">The time for which it counts.</param>
    public static IReadOnlyList<Period> FindAbsences(InstanceTimeline timeline, DateTimeOffset launched, Period counted)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        var absences = new List<Period>();
        var launch = launched.ToUnixTimeMilliseconds();
        for (var i = 0; i < timeline.Stays.Count && timeline.Stays[i].End != long.MaxValue; i++)
        {
            var start = timeline.Stays[i].End;
            var end = i + 1 < timeline.Stays.Count ? timeline.Stays[i + 1].Start : long.MaxValue;
            var absence = new Period(start, launch > start ? Math.Min(end, launch) : end);
            if (Math.Min(absence.End, counted.End) - Math.Max(absence.Start, counted.Start) >= ShortestMilliseconds)
            {
                absences.Add(absence);
            }
        }
        return absences;
    }

    /// <summary>Selects the absences that were for shelving. Each ends when somebody requested the unshelving.</summary>
    /// <param name="absences">The times at which no host had the server.</param>
    /// <param name="actions">Nova's actions of this server, in any order.</param>
    public static IReadOnlyList<Period> FindReleased(IReadOnlyList<Period> absences, IReadOnlyList<ServerAction> actions)
    {
        ArgumentNullException.ThrowIfNull(absences);
        var shelving = actions
            .Where(action => action.Action is ServerAction.Shelve or ServerAction.ShelveOffload or ServerAction.Unshelve)
            .Select(action => (action.Action, At: ToMilliseconds(action.StartTime)))
            .OrderBy(action => action.At).ToList();
        var released = new List<Period>();
        foreach (var absence in absences)
        {
            var before = shelving.LastOrDefault(action => action.At <= absence.Start).Action;
            if (before is not (ServerAction.Shelve or ServerAction.ShelveOffload))
            {
                continue;
            }
            // If several attempts were made, the last one succeeded. If none did, the server is still shelved, or was deleted so.
            var after = shelving.LastOrDefault(action => action.At > absence.Start && action.At <= absence.End);
            var isUnshelved = after.Action == ServerAction.Unshelve && absence.End != long.MaxValue;
            released.Add(isUnshelved ? absence with { End = after.At } : absence);
        }
        return released;
    }

    private static long ToMilliseconds(DateTime utc) =>
        new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).ToUnixTimeMilliseconds();
}
