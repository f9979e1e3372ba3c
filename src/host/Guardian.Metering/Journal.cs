using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.Metering;

/// <summary>
/// The history of guests with EPC, in files to which lines are appended. A record is on disk before it counts; opening removes a last line
/// that a crash has torn. A file of 16 MiB is followed by another one, which begins with the records that still have an effect: so a meter
/// reads one file when it starts, and a bill those of its period.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class Journal : IDisposable
{
    private const long FileSize = 16 * 1024 * 1024;

    // EWOULDBLOCK of errno.h; .NET keeps the number in HResult.
    private const int WouldBlock = 11;

    // Clocks step, and a meter writes the events that it missed later than they happened.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(1);

    private readonly StandingRecords standing = new();
    private readonly FileStream writer;
    private readonly string path;
    private readonly long fileSize;
    private FileStream file;
    private int number;
    private long limit;

    private Journal(FileStream file, int number, FileStream writer, string path, long fileSize)
    {
        (this.file, this.number, this.writer, this.path) = (file, number, writer, path);
        (this.fileSize, limit) = (fileSize, fileSize);
    }

    /// <summary>The last time at which the meter was known to run; null for a new journal.</summary>
    public ClockReading? LastAlive { get; private set; }

    /// <summary>Opens a journal for writing; creates it if it does not exist.</summary>
    /// <param name="path">Its first file; the meter keeps more files beside it, whose names begin with this one.</param>
    /// <param name="onRecord">Receives the records that still have an effect, and all later ones, in order.</param>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line before the last is damaged, which no
    /// crash does.</exception>
    /// <exception cref="IOException">The disk failed, or another meter has it open.</exception>
    public static Journal Open(string path, Action<JournalRecord> onRecord) => Open(path, onRecord, FileSize);

    internal static Journal Open(string path, Action<JournalRecord> onRecord, long fileSize)
    {
        ArgumentNullException.ThrowIfNull(onRecord);
        var writer = Lock(path);
        var (number, newest) = JournalFiles.List(path) is [.., var last] ? last : (1, path);
        var file = DurableFile.Open(newest);
        try
        {
            var journal = new Journal(file, number, writer, path, fileSize);
            var reader = new JournalReader(file, newest);
            foreach (var record in reader.ReadAll())
            {
                journal.LastAlive = record.Clock;
                journal.standing.Add(record);
                onRecord(record);
            }
            file.SetLength(reader.Size);
            file.Position = reader.Size;
            // The file beside it is newer, unless a crash came between the two.
            if (ReadAlive(path) is { } alive && IsLater(alive.Clock, journal.LastAlive))
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
    /// <param name="path">Its first file, whether or not that is still there.</param>
    /// <param name="from">The time from which the records must tell everything; older files are not read.</param>
    /// <returns>The records in order; the file is read while the caller goes through them.</returns>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line is damaged.
    /// <see cref="MeteringReasons.MissingJournal"/>: a file between two others is missing.</exception>
    public static IEnumerable<JournalRecord> Read(string path, DateTimeOffset from)
    {
        var files = JournalFiles.List(path) is { Count: > 0 } found ? found : [(1, path)];
        var first = files.Count - 1;
        for (; first > 0 && !Continues(files[first].Path, from); first--)
        {
            if (files[first].Number != files[first - 1].Number + 1)
            {
                throw new RefusedException(MeteringReasons.MissingJournal.Because(
                    $"there is {files[first].Path}, but not {JournalFiles.PathOf(path, files[first].Number - 1)}"));
            }
        }
        ClockReading? last = null;
        for (var i = first; i < files.Count; i++)
        {
            // The lines that such a file repeats have been read.
            var isRepeated = i > first;
            foreach (var record in ReadFile(files[i].Path, mayBeTorn: i + 1 == files.Count))
            {
                last = record.Clock;
                if (!isRepeated)
                {
                    yield return record;
                }
                isRepeated = isRepeated && record.Kind != JournalKind.Continued;
            }
        }
        if (ReadAlive(path) is { } alive && IsLater(alive.Clock, last))
        {
            yield return alive;
        }
    }

    /// <summary>Reads a journal from its bytes.</summary>
    /// <param name="bytes">The journal.</param>
    /// <param name="name">The journal's name, for messages.</param>
    /// <returns>The records in order.</returns>
    /// <exception cref="RefusedException"><see cref="MeteringReasons.DamagedJournal"/>: a line is damaged.</exception>
    public static IEnumerable<JournalRecord> Read(byte[] bytes, string name)
    {
        using var stream = new MemoryStream(bytes);
        foreach (var record in new JournalReader(stream, name).ReadAll())
        {
            yield return record;
        }
    }

    /// <summary>Finds the journals <c>*.journal</c> of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The first file of each, whether or not that is still there, in the order of their names.</returns>
    public static IReadOnlyList<string> FindIn(string folder) =>
    [
        .. Directory.GetFiles(folder).Select(JournalFiles.NameOf).Where(path => path.EndsWith(".journal", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal),
    ];

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
        foreach (var record in records)
        {
            standing.Add(record);
        }
        if (file.Position >= limit)
        {
            BeginFile();
        }
    }

    /// <summary>Notes that the meter runs, in the file beside the journal, so that the journal does not grow.</summary>
    public void NoteAlive(ClockReading clock)
    {
        DurableFile.Replace(MakeAlivePath(path), JournalRecord.At(clock, JournalKind.Alive).ToLine());
        LastAlive = clock;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        writer.Dispose();
    }

    // Readers may open the journal, other writers may not. Therefore the lock is another file.
    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (failure.HResult == WouldBlock)
        {
            throw new IOException($"another daemon has the journal {path} open; stop it, or give this one a journal of its own", failure);
        }
    }

    private static string MakeAlivePath(string path) => path + ".alive";

    private static bool IsLater(ClockReading alive, ClockReading? last) =>
        last is not { } known || (alive.Boot == known.Boot && alive.Uptime > known.Uptime);

    private static JournalRecord? ReadAlive(string path) => File.Exists(MakeAlivePath(path))
        ? JournalRecord.TryParse(File.ReadAllBytes(MakeAlivePath(path)).AsSpan().TrimEnd((byte)'\n'))
        : null;

    private static IEnumerable<JournalRecord> ReadFile(string path, bool mayBeTorn)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (var record in new JournalReader(stream, path, mayBeTorn).ReadAll())
        {
            yield return record;
        }
    }

    // Whether a file has everything from a time on.
    private static bool Continues(string path, DateTimeOffset from) =>
        ReadFile(path, mayBeTorn: true).FirstOrDefault(record => record.Kind == JournalKind.Continued) is { } begin
        && from - DateTimeOffset.FromUnixTimeMilliseconds(begin.Wall) >= Margin;

    // The former file goes on if the disk has no space for this.
    private void BeginFile()
    {
        var next = JournalFiles.PathOf(path, number + 1);
        JournalRecord[] records = [.. standing.List(), JournalRecord.At(LastAlive!.Value, JournalKind.Continued)];
        try
        {
            DurableFile.Replace(next, [.. records.SelectMany(record => record.ToLine())]);
            var begun = DurableFile.Open(next);
            begun.Seek(0, SeekOrigin.End);
            file.Dispose();
            (file, number) = (begun, number + 1);
            limit = Math.Max(fileSize, 2 * file.Position);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(next))
            {
                File.Delete(next);
            }
            limit = file.Position + (fileSize / 16);
        }
    }
}
