using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.Metering;

/// <summary>
/// The append-only file with the history of guests with EPC. A record is on disk before it counts; opening removes a last line that a
/// crash has torn.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class Journal : IDisposable
{
    // Many lines, and more than any torn write.
    private const int PartSize = 1024 * 1024;

    private readonly FileStream file;
    private readonly FileStream writer;
    private readonly string alivePath;

    private Journal(FileStream file, FileStream writer, string path)
    {
        (this.file, this.writer) = (file, writer);
        alivePath = MakeAlivePath(path);
    }

    /// <summary>The last time at which the meter was known to run; null for a new journal.</summary>
    public ClockReading? LastAlive { get; private set; }

    /// <summary>Opens a journal for writing; creates it if it does not exist.</summary>
    /// <param name="path">The file; the meter keeps two more files beside it.</param>
    /// <param name="onRecord">Receives each record that the file held, in order. Those of a year would fill the memory.</param>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line before the last is damaged, which no
    /// crash does.</exception>
    /// <exception cref="IOException">The disk failed, or another meter has it open.</exception>
    public static Journal Open(string path, Action<JournalRecord> onRecord)
    {
        ArgumentNullException.ThrowIfNull(onRecord);
        // Readers may open the journal, other writers may not. Therefore the lock is another file.
        var writer = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var file = DurableFile.Open(path);
        try
        {
            var journal = new Journal(file, writer, path);
            var size = Parse(file, path, record =>
            {
                journal.LastAlive = record.Clock;
                onRecord(record);
            });
            file.SetLength(size);
            file.Position = size;
            // The file beside it is newer, unless a crash came between the two.
            if (File.Exists(journal.alivePath)
                && JournalRecord.TryParse(File.ReadAllBytes(journal.alivePath).AsSpan().TrimEnd((byte)'\n')) is { } alive
                && IsLater(alive.Clock, journal.LastAlive))
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

    /// <summary>Reads a journal, even while a meter writes it: lines that are not complete yet are left out.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line is damaged.</exception>
    public static IReadOnlyList<JournalRecord> Read(string path)
    {
        var records = new List<JournalRecord>();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Parse(stream, path, records.Add);
        var alivePath = MakeAlivePath(path);
        return AddAlive(records, File.Exists(alivePath) ? File.ReadAllBytes(alivePath) : []);
    }

    /// <summary>Reads a journal from its bytes.</summary>
    /// <param name="bytes">The journal.</param>
    /// <param name="alive">The line of the file beside it; empty when there is none.</param>
    /// <param name="name">The journal's name, for messages.</param>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line is damaged.</exception>
    public static IReadOnlyList<JournalRecord> Read(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> alive, string name)
    {
        var (records, lines) = (new List<JournalRecord>(), 0);
        Parse(bytes, name, isEnd: true, ref lines, records.Add);
        return AddAlive(records, alive);
    }

    /// <summary>Appends records; they are on disk when it returns.</summary>
    /// <exception cref="IOException">The disk failed; the journal has none of the records.</exception>
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
            // The next record must not follow half a line.
            file.SetLength(size);
            throw;
        }
        LastAlive = records[^1].Clock;
    }

    /// <summary>Notes that the meter runs, in the file beside the journal, so that the journal does not grow.</summary>
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

    private static string MakeAlivePath(string path) => path + ".alive";

    private static bool IsLater(ClockReading alive, ClockReading? last) =>
        last is not { } known || (alive.Boot == known.Boot && alive.Uptime > known.Uptime);

    private static List<JournalRecord> AddAlive(List<JournalRecord> records, ReadOnlySpan<byte> alive)
    {
        if (JournalRecord.TryParse(alive.TrimEnd((byte)'\n')) is { } record
            && IsLater(record.Clock, records is [] ? null : records[^1].Clock))
        {
            records.Add(record);
        }
        return records;
    }

    // Returns the size of the valid lines. Lines that a meter appends meanwhile are left out.
    private static long Parse(FileStream file, string name, Action<JournalRecord> onRecord)
    {
        var buffer = new byte[PartSize];
        var (length, size, filled, lines) = (file.Length, 0L, 0, 0);
        while (size + filled < length && filled < buffer.Length)
        {
            var read = file.Read(buffer, filled, (int)Math.Min(buffer.Length - filled, length - size - filled));
            if (read == 0)
            {
                break;
            }
            filled += read;
            var used = Parse(buffer.AsSpan(0, filled), name, size + filled == length, ref lines, onRecord);
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            (size, filled) = (size + used, filled - used);
        }
        return filled < buffer.Length ? size : throw Damaged(name, lines + 1);
    }

    private static int Parse(ReadOnlySpan<byte> part, string name, bool isEnd, ref int lines, Action<JournalRecord> onRecord)
    {
        var size = 0;
        for (var rest = part; rest.IndexOf((byte)'\n') is var end and >= 0; rest = rest[(end + 1)..])
        {
            lines++;
            if (JournalRecord.TryParse(rest[..end]) is not { } record)
            {
                // Pages reach the disk in any order, so a torn write may contain a line feed; only the last line can be torn.
                return isEnd && end + 1 == rest.Length ? size : throw Damaged(name, lines);
            }
            onRecord(record);
            size += end + 1;
        }
        return size;
    }

    private static RefusedException Damaged(string name, int line) =>
        new(MeteringReasons.DamagedJournal.Because($"{name}: line {line} is damaged", new RefusalLocation(name, Line: line)));
}
