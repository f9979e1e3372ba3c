using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>
/// Follows the log from its first line by numbers and hashes alone. If the hash of the last line is known, this shows that no line was
/// altered, exchanged or left out. Not thread-safe.
/// </summary>
internal sealed class LogWalk
{
    /// <summary>The number of the last line.</summary>
    public long Sequence { get; private set; }

    /// <summary>SHA-256 of the last line.</summary>
    public string Hash { get; private set; } = AuditLine.Origin;

    /// <summary>Follows one more line.</summary>
    /// <param name="name">The name of its row.</param>
    /// <returns>Null, or the end of a sentence that says what is wrong.</returns>
    public string? Append(string name, ReadOnlySpan<byte> line)
    {
        var number = Sequence + 1;
        if (name != AuditLine.NameOf(number))
        {
            return $"entry {number} is missing, and a row '{name}' is in its place";
        }
        if (AuditLine.TryReadLink(line) is not var (sequence, previous))
        {
            return $"entry {number} was altered: it is not an entry of a log";
        }
        if (sequence != number)
        {
            return $"entry {number} was exchanged: it is entry {sequence}";
        }
        if (previous != Hash)
        {
            return number == 1 ? "entry 1 was altered" : $"entry {number - 1} or {number} was altered: they do not belong together";
        }
        (Sequence, Hash) = (number, AuditLine.Hash(line));
        return null;
    }

    /// <summary>Follows the lines up to one whose hash is known.</summary>
    /// <returns>Null, or the end of a sentence that says what is wrong.</returns>
    public static string? FindFault(IRowTransaction transaction, long end, string hash)
    {
        var walk = new LogWalk();
        foreach (var (name, line) in StoreReader.ReadRows(transaction, LogWriter.Kind, ""))
        {
            if (walk.Sequence == end)
            {
                break;
            }
            if (walk.Append(name, line) is { } fault)
            {
                return fault;
            }
        }
        return walk.FindFaultAtEnd(end, hash);
    }

    /// <summary>Compares the last line with the one that must be the last.</summary>
    /// <returns>Null, or the end of a sentence that says what is wrong.</returns>
    public string? FindFaultAtEnd(long end, string hash) =>
        Sequence < end ? $"entry {Sequence + 1} is missing; the log has {end} entries"
        : Hash != hash ? $"entry {end} was altered"
        : null;
}
