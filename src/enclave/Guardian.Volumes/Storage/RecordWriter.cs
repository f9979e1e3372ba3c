using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>
/// Encrypts records into free slots, gathering neighbours into one write. What was appended stands after <see cref="Finish"/>, and is on the storage after <see cref="Drain"/>; when anything fails, <see cref="Abandon"/>
/// gives the slots back. One thread at a time, but several may read.
/// </summary>
internal sealed class RecordWriter(WriteQueue queue, SlotAllocator allocator) : IDisposable
{
    // Records per key: docs/spec/volume.md, "Keys and nonces".
    private const ulong MaxRecordsPerKey = 1 << 20;

    private readonly List<Extent> appended = [];
    private RecordCipher? cipher;
    private RecordKey key;
    private ulong counter;
    private byte[]? buffer;
    private Extent arena;
    private int filled;

    /// <summary>How many of so many pages the next record can take.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public int Room(int pages)
    {
        if (filled == arena.Count)
        {
            HandOver();
            buffer ??= queue.TakeBuffer();
            arena = allocator.Reserve(WriteQueue.BufferSlots);
        }
        return Math.Min(pages, arena.Count - filled);
    }

    /// <summary>Appends a record of whole pages, no more than <see cref="Room"/> said.</summary>
    /// <param name="first">Place of its first page in the chunk.</param>
    public RecordPointer Append(ReadOnlySpan<byte> content, int first, Protection protection)
    {
        var count = content.Length / Page.Size;
        var target = buffer.AsSpan(filled * Page.Size, content.Length);
        var slot = arena.Slot + filled;
        RecordPointer pointer;
        if (protection == Protection.Plain)
        {
            content.CopyTo(target);
            pointer = new RecordPointer(default, 0, 0, slot, count, first, PointerKind.Plain);
        }
        else
        {
            pointer = Encrypt(content, target, slot, count, first, protection);
        }
        filled += count;
        appended.Add(new Extent(slot, count));
        return pointer;
    }

    /// <summary>Keeps what was appended.</summary>
    public void Finish() => appended.Clear();

    /// <summary>Forgets what was appended since the last <see cref="Finish"/>.</summary>
    public void Abandon()
    {
        HandOver();
        appended.ForEach(extent => allocator.Free(extent.Slot, extent.Count));
        appended.Clear();
    }

    /// <summary>Returns when everything that was appended is on the storage, and gives back what was taken and not needed.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Drain()
    {
        HandOver();
        queue.Drain();
    }

    /// <summary>Reads the bytes of a record, wherever it is.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Read(long slot, Span<byte> target)
    {
        if (slot >= arena.Slot && slot < arena.Slot + filled)
        {
            buffer.AsSpan((int)(slot - arena.Slot) * Page.Size, target.Length).CopyTo(target);
        }
        else
        {
            queue.Read(slot * Page.Size, target);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => cipher?.Dispose();

    private RecordPointer Encrypt(ReadOnlySpan<byte> content, Span<byte> target, long slot, int count, int first, Protection protection)
    {
        if (cipher is null || counter == MaxRecordsPerKey)
        {
            DrawKey();
        }
        // The counter moves before it is used: a failure below wastes a nonce and never repeats one.
        counter++;
        UInt128 tag;
        if (protection == Protection.Encrypted)
        {
            tag = cipher!.Encrypt(counter, content, target, []);
        }
        else
        {
            content.CopyTo(target);
            tag = cipher!.Encrypt(counter, [], [], content);
        }
        var kind = protection == Protection.Encrypted ? PointerKind.Encrypted : PointerKind.Authenticated;
        return new RecordPointer(key, tag, counter, slot, count, first, kind);
    }

    private void DrawKey()
    {
        var drawn = default(RecordKey);
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<RecordKey>(ref drawn)));
        var next = new RecordCipher(drawn);
        cipher?.Dispose();
        (key, cipher, counter) = (drawn, next, 0);
    }

    private void HandOver()
    {
        if (filled > 0)
        {
            queue.Add(arena.Slot * Page.Size, buffer!, filled * Page.Size);
            buffer = null;
        }
        if (filled < arena.Count)
        {
            allocator.GiveBack(new Extent(arena.Slot + filled, arena.Count - filled));
        }
        (arena, filled) = (default, 0);
    }
}
