using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Room;
using Guardian.Files.Durable;

namespace Guardian.CleanRoom.Log;

/// <summary>
/// The room's log: every upload and every question, allowed or refused. Entries are chained by hash, encrypted on the untrusted disk, and
/// synced before anything follows from them; the newest one's hash is kept outside the host's reach. Every member can read all of it. Thread-safe.
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
    private readonly IRoomHead? head;

    // What the head is, as far as this enclave knows; behind the newest entry only while the head cannot be reached.
    private byte[]? known;

    private RoomLog(FileStream file, StateCipher state, TimeProvider time, IRoomHead? head)
    {
        (this.file, this.state, this.time, this.head) = (file, state, time, head);
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
    /// <exception cref="RoomStateException">The host changed the file, or brought back an older one.</exception>
    /// <exception cref="RoomHeadException">The head cannot be reached.</exception>
    /// <param name="head">Null where nothing guards against an older copy of the folder.</param>
    /// <param name="before">Where the head stands while this log is empty: at the end of the log of the contract before.</param>
    public static RoomLog Open(string path, StateCipher state, TimeProvider time, IRoomHead? head, byte[]? before = null)
    {
        var log = new RoomLog(DurableFile.Open(path), state, time, head);
        try
        {
            log.Load(path);
            log.CheckHead(path, before);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Appends an entry; when this returns, it is on disk and the head has moved to it.</summary>
    /// <param name="detail">JSON.</param>
    /// <exception cref="RoomStateException">Another enclave has gone on with this room.</exception>
    /// <exception cref="RoomHeadException">The head cannot be reached. The entry counts all the same.</exception>
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
            MoveHead();
            return entry;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    // A crash between writing and moving leaves the log ahead of the head, never behind it.
    private void CheckHead(string path, byte[]? before)
    {
        known = head?.Read();
        if (known is not null && !entries.Any(IsKnown) && !(entries.Count == 0 && known.AsSpan().SequenceEqual(before)))
        {
            throw new RoomStateException(
                $"{path} is older than what this room last wrote: someone brought back an old copy of its folder; restore the newest, budgets and history cannot be turned back");
        }
        if (entries.Count > 0 && !IsKnown(entries[^1]))
        {
            MoveHead();
        }
    }

    private void MoveHead()
    {
        var next = Convert.FromHexString(entries[^1].Hash);
        if (head is not null && !head.TryMove(known, next))
        {
            // After a call that was cut off, the head may be where we wanted it.
            var now = head.Read();
            if (now is null || !entries.Any(entry => Convert.FromHexString(entry.Hash).AsSpan().SequenceEqual(now)) || !head.TryMove(now, next))
            {
                throw new RoomStateException("another enclave has gone on with this room; this one holds an older state and answers no more");
            }
        }
        known = next;
    }

    private bool IsKnown(LogLine entry) => Convert.FromHexString(entry.Hash).AsSpan().SequenceEqual(known);

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
