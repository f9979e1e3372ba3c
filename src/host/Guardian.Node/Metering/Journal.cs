using Guardian.Files.Durable;

namespace Guardian.Node.Metering;

/// <summary>
/// The append-only file of what happened to guests with EPC. A record is on disk before it counts; a line that a crash tore off at the end is taken away.
/// Not thread-safe.
/// </summary>
public sealed class Journal : IDisposable
{
    private readonly FileStream file;
    private readonly FileStream writer;
    private readonly string alivePath;

    private Journal(FileStream file, FileStream writer, string path, IReadOnlyList<JournalRecord> records)
    {
        (this.file, this.writer) = (file, writer);
        alivePath = AlivePath(path);
        Records = records;
    }

    /// <summary>What it held when it was opened.</summary>
    public IReadOnlyList<JournalRecord> Records { get; }

    /// <summary>When the meter was last known to run; null for a new journal.</summary>
    public ClockReading? LastAlive { get; private set; }

    /// <summary>Opens the journal, or begins one.</summary>
    /// <exception cref="InvalidDataException">A line before the last is damaged, which no crash does.</exception>
    /// <exception cref="IOException">The disk failed, or another meter has it open.</exception>
    public static Journal Open(string path)
    {
        // Readers are welcome, another writer is not: that is a lock of its own.
        var writer = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var file = DurableFile.Open(path);
        try
        {
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            var records = Parse(bytes, path, out var size);
            file.SetLength(size);
            file.Position = size;
            var journal = new Journal(file, writer, path, records);
            journal.LastAlive = records is [] ? null : records[^1].Clock;
            // The file beside it is newer, unless a crash came between the two.
            if (File.Exists(journal.alivePath) && JournalRecord.TryParse(File.ReadAllBytes(journal.alivePath).AsSpan().TrimEnd((byte)'\n')) is { } alive && IsLater(alive.Clock, journal.LastAlive))
            {
                journal.Append([alive]);
            }
            return journal;
        }
        catch
        {
            file.Dispose();
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Reads a journal that a meter may be writing: lines that are not whole yet are left out.</summary>
    /// <exception cref="InvalidDataException">A line is damaged.</exception>
    public static IReadOnlyList<JournalRecord> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return Read(content.GetBuffer().AsSpan(0, (int)content.Length), File.Exists(AlivePath(path)) ? File.ReadAllBytes(AlivePath(path)) : [], path);
    }

    /// <summary>Reads a journal from its bytes.</summary>
    /// <param name="alive">The line beside it, or nothing.</param>
    /// <param name="name">Of the journal, for messages.</param>
    /// <exception cref="InvalidDataException">A line is damaged.</exception>
    public static IReadOnlyList<JournalRecord> Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> alive, string name)
    {
        var records = Parse(bytes, name, out _);
        return JournalRecord.TryParse(alive.TrimEnd((byte)'\n')) is { } record && IsLater(record.Clock, records is [] ? null : records[^1].Clock) ? [.. records, record] : records;
    }

    /// <summary>Where the meter writes every minute that it runs: a file of one line, so that the journal itself grows with events only.</summary>
    public static string AlivePath(string path) => path + ".alive";

    /// <summary>Appends records; they are on disk when it returns.</summary>
    public void Append(IReadOnlyList<JournalRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        var lines = new MemoryStream();
        foreach (var record in records)
        {
            lines.Write(record.ToLine());
        }
        var size = file.Position;
        try
        {
            file.Write(lines.GetBuffer().AsSpan(0, (int)lines.Length));
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // Half a line must not stand before the next one.
            file.SetLength(size);
            throw;
        }
        LastAlive = records[^1].Clock;
    }

    /// <summary>Notes that the meter runs, without growing the journal.</summary>
    public void NoteAlive(ClockReading clock)
    {
        DurableFile.Replace(alivePath, JournalRecord.At(clock, JournalKind.Alive).ToLine());
        LastAlive = clock;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        writer.Dispose();
    }

    private static bool IsLater(ClockReading alive, ClockReading? last) => last is not { } known || (alive.Boot == known.Boot && alive.Uptime > known.Uptime);

    private static List<JournalRecord> Parse(ReadOnlySpan<byte> bytes, string name, out int size)
    {
        var records = new List<JournalRecord>();
        size = 0;
        for (var rest = bytes; rest.IndexOf((byte)'\n') is var end and >= 0; rest = rest[(end + 1)..])
        {
            if (JournalRecord.TryParse(rest[..end]) is not { } record)
            {
                // Pages reach the disk in any order, so a torn write may end in a whole line feed; only the last line can be one.
                return end + 1 == rest.Length
                    ? records
                    : throw new InvalidDataException($"{name}: line {records.Count + 1} is damaged; move the file away to begin a new one, and keep it for the accounts");
            }
            records.Add(record);
            size += end + 1;
        }
        return records;
    }
}
