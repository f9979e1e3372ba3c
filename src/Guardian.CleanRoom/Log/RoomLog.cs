using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Sgx;

namespace Guardian.CleanRoom;

/// <summary>
/// The room's log: every upload and every question, allowed or refused. Entries are chained by hash, encrypted on the untrusted disk, and
/// synced before anything follows from them. Every member can read all of it. Thread-safe.
/// </summary>
internal sealed class RoomLog : IDisposable
{
    // Longer than any entry; a length beyond it is damage.
    private const int MaxRecordSize = 256 * 1024;

    private readonly Lock gate = new();
    private readonly List<LogLine> entries = [];
    private readonly FileStream file;
    private readonly StateCipher state;
    private readonly TimeProvider time;

    private RoomLog(FileStream file, StateCipher state, TimeProvider time)
    {
        this.file = file;
        this.state = state;
        this.time = time;
    }

    /// <summary>All entries.</summary>
    public IReadOnlyList<LogLine> Entries
    {
        get
        {
            lock (gate)
            {
                return [.. entries];
            }
        }
    }

    /// <summary>Opens a log, or begins it. A record that a crash cut off was never acknowledged and is dropped.</summary>
    /// <exception cref="RoomStateException">The host changed the file.</exception>
    public static RoomLog Open(string path, StateCipher state, TimeProvider time)
    {
        var log = new RoomLog(DurableFile.Open(path), state, time);
        try
        {
            log.Load(path);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Appends an entry; when this returns, it is on disk.</summary>
    /// <param name="detail">JSON.</param>
    public LogLine Append(string member, string what, string detail)
    {
        lock (gate)
        {
            var entry = LogChain.Next(entries.Count == 0 ? null : entries[^1], time.GetUtcNow(), member, what, detail);
            var record = state.Encrypt(Place(entry.Sequence), JsonSerializer.SerializeToUtf8Bytes(entry, RoomJson.Default.LogLine));
            var framed = new byte[sizeof(int) + record.Length];
            BinaryPrimitives.WriteInt32LittleEndian(framed, record.Length);
            record.CopyTo(framed, sizeof(int));
            file.Write(framed);
            file.Flush(flushToDisk: true);
            entries.Add(entry);
            return entry;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Load(string path)
    {
        var frame = new byte[sizeof(int)];
        while (true)
        {
            var start = file.Position;
            if (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) < frame.Length)
            {
                file.SetLength(start);
                file.Position = start;
                return;
            }
            var size = BinaryPrimitives.ReadInt32LittleEndian(frame);
            if (size is <= 0 or > MaxRecordSize)
            {
                throw Changed(path);
            }
            var record = new byte[size];
            if (file.ReadAtLeast(record, size, throwOnEndOfStream: false) < size)
            {
                file.SetLength(start);
                file.Position = start;
                return;
            }
            if (state.TryDecrypt(Place(entries.Count + 1), record) is not { } plaintext)
            {
                throw Changed(path);
            }
            entries.Add(JsonSerializer.Deserialize(plaintext, RoomJson.Default.LogLine)!);
        }
    }

    private RoomStateException Changed(string path) =>
        new($"{path} was changed outside the enclave after entry {entries.Count}; restore the room's state");

    private static string Place(long sequence) => $"log {sequence}";
}

/// <summary>The hash chain of a log: what members check.</summary>
public static class LogChain
{
    private static readonly string Beginning = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>Checks a log from its first entry on.</summary>
    /// <returns>What is wrong with the first entry that does not fit, or null.</returns>
    public static string? FindProblem(IReadOnlyList<LogLine> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        LogLine? before = null;
        foreach (var entry in entries)
        {
            var expected = Next(before, entry.Instant, entry.Member, entry.Event, entry.Detail);
            if (expected != entry)
            {
                return $"entry {(before?.Sequence ?? 0) + 1} does not follow from the one before: the log was altered there, or an entry is missing";
            }
            before = entry;
        }
        return null;
    }

    internal static LogLine Next(LogLine? before, DateTimeOffset instant, string member, string what, string detail)
    {
        var entry = new LogLine((before?.Sequence ?? 0) + 1, instant, member, what, detail, before?.Hash ?? Beginning, "");
        // The entry with an empty hash, as the source-generated JSON writes it, is what is hashed.
        return entry with { Hash = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(entry, RoomJson.Default.LogLine))) };
    }
}
