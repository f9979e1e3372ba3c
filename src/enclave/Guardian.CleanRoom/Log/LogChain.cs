using System.Security.Cryptography;
using System.Text.Json;

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

    internal static LogLine Next(LogLine? before, DateTimeOffset instant, string member, string what, string detail)
    {
        var entry = new LogLine((before?.Sequence ?? 0) + 1, instant, member, what, detail, before?.Hash ?? Beginning, "");
        // The hash covers the JSON of the entry with an empty hash.
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry, LogLineJson.Default.LogLine));
        return entry with { Hash = Convert.ToHexStringLower(hash) };
    }
}
