using System.Security.Cryptography;
using System.Text.Json;
using Guardian.CleanRoom.Analyses;

namespace Guardian.CleanRoom.Log;

/// <summary>The hash chain of a log, which members verify.</summary>
public static class LogChain
{
    private static readonly string Beginning = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>Verifies a log from its first entry.</summary>
    /// <returns>The problem of the first entry that does not fit, or null.</returns>
    public static string? FindProblem(IReadOnlyList<LogLine> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        LogLine? before = null;
        foreach (var entry in entries)
        {
            var expected = Next(before, entry.Instant, entry.Member, entry.Event, entry.Detail);
            if (expected != entry)
            {
                return $"entry {(before?.Sequence ?? 0) + 1} does not follow from the one before: "
                    + "the log was altered there, or an entry is missing";
            }
            before = entry;
        }
        return null;
    }

    /// <summary>Verifies that a log continues the one that an old room handed over.</summary>
    /// <param name="handOver">The old room's statement, which was verified.</param>
    /// <param name="entries">The new log, whose chain was verified.</param>
    /// <returns>The problem, or null.</returns>
    public static string? FindProblem(HandOverStatement handOver, IReadOnlyList<LogLine> entries)
    {
        ArgumentNullException.ThrowIfNull(handOver);
        ArgumentNullException.ThrowIfNull(entries);
        return entries.Count > 0 && entries[0].Event == LogEvents.Succession && entries[0].Detail == SuccessionOf(handOver)
            ? null
            : "the log does not begin with the head and the budget that the old room handed over";
    }

    /// <summary>Writes the detail of the first entry after a hand-over.</summary>
    internal static string SuccessionOf(HandOverStatement handOver) => JsonSerializer.Serialize(
        new SuccessionDetail(handOver.ContractHash, handOver.LogHash, handOver.Spent), RoomLogJson.Default.SuccessionDetail);

    internal static LogLine Next(LogLine? before, DateTimeOffset instant, string member, string what, string detail)
    {
        var entry = new LogLine((before?.Sequence ?? 0) + 1, instant, member, what, detail, before?.Hash ?? Beginning, "");
        // The hash covers the JSON of the entry with an empty hash.
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry, LogLineJson.Default.LogLine));
        return entry with { Hash = Convert.ToHexStringLower(hash) };
    }
}
