using System.Buffers.Binary;
using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Keys;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Log;

/// <summary>
/// The room's log: every upload and every question, allowed or refused. Entries are chained by hash, encrypted on the untrusted disk, and
/// on disk before anything depends on them. The hash of the newest one is kept outside the host's reach. Every member can read all entries.
/// Thread-safe.
/// </summary>
internal sealed class RoomLog : IDisposable
{
    // Longer than any entry: JSON in JSON makes up to seven times as much of a question, which has at most 64 KiB. More is damage.
    private const int MaxRecordSize = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly List<LogLine> entries = [];
    private readonly FileStream file;
    private readonly StateCipher state;
    private readonly TimeProvider time;
    private readonly IRoomTag? head;

    // The end of the last whole record.
    private long end;

    // The head as this enclave knows it. It is behind the newest entry only while the head cannot be reached.
    private byte[]? known;

    private RoomLog(FileStream file, StateCipher state, TimeProvider time, IRoomTag? head)
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

    /// <summary>The newest entry; null before the first.</summary>
    public LogLine? Last
    {
        get
        {
            lock (gate)
            {
                return entries.Count == 0 ? null : entries[^1];
            }
        }
    }

    /// <summary>Opens a log, or begins one. A record that a crash cut off was never acknowledged and is dropped.</summary>
    /// <param name="file">The file, which has no buffer of its own; disposed with the log.</param>
    /// <param name="state">The cipher of the room's state.</param>
    /// <param name="time">The clock of entries.</param>
    /// <param name="head">The head; null when nothing guards against an older copy of the folder.</param>
    /// <param name="before">Finds the expected head while this log is empty: the end of the log of the contract before. It is called
    /// when there is no entry; null for a room that succeeds none.</param>
    /// <exception cref="RefusedException">The host changed or rolled back the file, or the head cannot be reached.</exception>
    public static RoomLog Open(FileStream file, StateCipher state, TimeProvider time, IRoomTag? head, Func<byte[]>? before = null)
    {
        var log = new RoomLog(file, state, time, head);
        try
        {
            log.Load();
            log.CheckHead(before);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Appends an entry; when this returns, the entry is on disk and the head has moved to it.</summary>
    /// <param name="member">The member who caused it.</param>
    /// <param name="what">Name of the event.</param>
    /// <param name="detail">JSON.</param>
    /// <exception cref="RefusedException">
    /// Another enclave has continued with this room, or the head cannot be reached. The entry counts nevertheless.
    /// </exception>
    /// <exception cref="IOException">The disk is full, or fails. There is no entry.</exception>
    public LogLine Append(string member, string what, string detail)
    {
        var entry = Add(member, what, detail);
        Confirm();
        return entry;
    }

    /// <summary>
    /// Appends an entry without moving the head. Nobody may learn what it says before <see cref="Confirm"/>: the host can still drop it.
    /// </summary>
    /// <returns>The entry, which is on disk.</returns>
    /// <exception cref="IOException">The disk is full, or fails. There is no entry.</exception>
    public LogLine Add(string member, string what, string detail)
    {
        lock (gate)
        {
            var entry = LogChain.Next(entries.Count == 0 ? null : entries[^1], time.GetUtcNow(), member, what, detail);
            var json = JsonSerializer.SerializeToUtf8Bytes(entry, LogLineJson.Default.LogLine);
            var record = state.Encrypt(NameOf(entry.Sequence), json);
            var framed = new byte[sizeof(int) + record.Length];
            BinaryPrimitives.WriteInt32LittleEndian(framed, record.Length);
            record.CopyTo(framed, sizeof(int));
            // A write that failed, on a full disk for example, leaves a part of a record. The next one must not stand behind it.
            file.SetLength(end);
            file.Position = end;
            file.Write(framed);
            file.Flush(flushToDisk: true);
            end = file.Position;
            entries.Add(entry);
            return entry;
        }
    }

    /// <summary>Moves the head to the newest entry, unless it is there. The host cannot drop an entry of before.</summary>
    /// <exception cref="RefusedException">Another enclave has continued with this room, or the head cannot be reached.</exception>
    public void Confirm()
    {
        lock (gate)
        {
            if (entries.Count > 0 && !IsKnown(entries[^1]))
            {
                MoveHead();
            }
        }
    }

    /// <summary>Checks that the head can be reached, so that nothing is spent on an entry that cannot be confirmed.</summary>
    /// <exception cref="RefusedException">Another enclave has continued with this room, or the head cannot be reached.</exception>
    public void RequireHead()
    {
        lock (gate)
        {
            if (head is not null && entries.Count > 0 && !HashOf(entries[^1]).AsSpan().SequenceEqual(head.Read()))
            {
                MoveHead();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    // A crash between write and move leaves the log ahead of the head, never behind it.
    private void CheckHead(Func<byte[]>? before)
    {
        var expected = entries.Count == 0 ? before?.Invoke() : null;
        known = head?.Read();
        if (known is not null && !entries.Any(IsKnown) && !known.AsSpan().SequenceEqual(expected))
        {
            throw new RefusedException(RoomReasons.StateChanged.Because(
                $"{file.Name} is older than the room's last entry: someone restored an old copy of its folder; restore the newest copy, "
                + "because budgets and history cannot be turned back"));
        }
        Confirm();
    }

    private void MoveHead()
    {
        var next = HashOf(entries[^1]);
        if (head is not null && !head.TryMove(known, next))
        {
            // After an interrupted call the head may already have moved.
            var now = head.Read();
            if (now is null || !entries.Any(entry => HashOf(entry).AsSpan().SequenceEqual(now)) || !head.TryMove(now, next))
            {
                throw new RefusedException(RoomReasons.StateChanged.Because(
                    "another enclave has continued with this room; this one has an older state and answers no more"));
            }
        }
        known = next;
    }

    private bool IsKnown(LogLine entry) => HashOf(entry).AsSpan().SequenceEqual(known);

    private static byte[] HashOf(LogLine entry) => Convert.FromHexString(entry.Hash);

    private void Load()
    {
        var frame = new byte[sizeof(int)];
        while (true)
        {
            if (!TryRead(frame))
            {
                return;
            }
            var size = BinaryPrimitives.ReadInt32LittleEndian(frame);
            if (size is <= 0 or > MaxRecordSize)
            {
                throw RefuseChanged();
            }
            var record = new byte[size];
            if (!TryRead(record))
            {
                return;
            }
            if (state.TryDecrypt(NameOf(entries.Count + 1), record) is not { } plaintext)
            {
                throw RefuseChanged();
            }
            entries.Add(JsonSerializer.Deserialize(plaintext, LogLineJson.Default.LogLine)!);
            end = file.Position;
        }
    }

    private bool TryRead(byte[] buffer) => file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;

    private RefusedException RefuseChanged() => new(RoomReasons.StateChanged.Because(
        $"{file.Name} was changed outside the enclave after entry {entries.Count}; restore the room's state"));

    private static string NameOf(long sequence) => $"log {sequence}";
}
