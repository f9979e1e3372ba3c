using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>Encrypts records into free slots, and gathers neighbours into one write.</summary>
/// <remarks>The caller ends a series of records with <see cref="Finish"/>, or with <see cref="Abandon"/>, which frees their slots. The
/// records are on the storage after <see cref="Drain"/>. One thread at a time may write; several may read meanwhile.</remarks>
internal sealed class RecordWriter(WriteQueue queue, SlotAllocator allocator) : IDisposable
{
    // Records per key: docs/spec/volume.md, "Keys and nonces".
    private const ulong MaxRecordsPerKey = 1 << 20;

    private readonly List<Extent> appended = [];
    private RecordCipher? cipher;
    private RecordKey key;
    private ulong counter;
    private byte[]? buffer;

    // The slots for the buffer, and how many of them are filled.
    private Extent reserved;
    private int filled;

    /// <summary>Makes sure that a record of at least one page can be appended.</summary>
    /// <param name="wanted">Pages that the caller wants to append.</param>
    /// <returns>Pages that the next record can hold, at most <paramref name="wanted"/>.</returns>
    /// <exception cref="IOException">The storage failed.</exception>
    public int ReservePages(int wanted)
    {
        if (filled == reserved.Count)
        {
            EnqueueBuffer();
            buffer ??= queue.RentBuffer();
            reserved = allocator.Reserve(WriteQueue.BufferSlots);
        }
        return Math.Min(wanted, reserved.Count - filled);
    }

    /// <summary>Appends a record.</summary>
    /// <param name="content">Whole pages, no more than <see cref="ReservePages"/> returned.</param>
    /// <param name="first">Place of its first page in the chunk.</param>
    /// <param name="protection">How to protect it.</param>
    /// <returns>The pointer to the record.</returns>
    public RecordPointer Append(ReadOnlySpan<byte> content, int first, Protection protection)
    {
        var count = content.Length / Page.Size;
        var target = buffer.AsSpan(filled * Page.Size, content.Length);
        var slot = reserved.Slot + filled;
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

    /// <summary>Keeps all records that were appended.</summary>
    public void Finish() => appended.Clear();

    /// <summary>Frees the slots of all records that were appended since the last <see cref="Finish"/>.</summary>
    public void Abandon()
    {
        EnqueueBuffer();
        appended.ForEach(extent => allocator.Free(extent.Slot, extent.Count));
        appended.Clear();
    }

    /// <summary>Returns when all appended records are on the storage. Reserved slots that were not needed become free.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Drain()
    {
        EnqueueBuffer(isLast: true);
        queue.Drain();
    }

    /// <summary>Reads the bytes of a record: from the buffer, the queue or the storage.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Read(long slot, Span<byte> target)
    {
        if (slot >= reserved.Slot && slot < reserved.Slot + filled)
        {
            buffer.AsSpan((int)(slot - reserved.Slot) * Page.Size, target.Length).CopyTo(target);
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
        // The counter moves before it is used, so a failure below wastes a nonce and never repeats one.
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

    private void EnqueueBuffer(bool isLast = false)
    {
        if (filled > 0)
        {
            queue.Enqueue(reserved.Slot * Page.Size, buffer!, filled * Page.Size, isLast);
            buffer = null;
        }
        if (filled < reserved.Count)
        {
            allocator.ReturnTail(new Extent(reserved.Slot + filled, reserved.Count - filled));
        }
        (reserved, filled) = (default, 0);
    }
}
