using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Guardian.Volumes;

/// <summary>
/// Encrypts records into free slots, gathering neighbours into one write. What was appended is on the storage after <see cref="Finish"/>; when anything fails, <see cref="Abandon"/> gives the
/// slots back. One thread at a time.
/// </summary>
internal sealed class RecordWriter(IStorage storage, SlotAllocator allocator) : IDisposable
{
    // Records per key: docs/spec/volume.md, "Keys and nonces".
    private const ulong MaxRecordsPerKey = 1 << 20;

    // 256 KiB: writes of this size cost the kernel as little per byte as larger ones, and the cipher text is still in the processor's cache.
    private const int ArenaSlots = 64;

    private byte[] staging = [];
    private readonly List<Extent> appended = [];
    private RecordCipher? cipher;
    private RecordKey key;
    private ulong counter;
    private Extent arena;
    private int filled;
    private int written;

    /// <summary>How many of so many pages the next record can take.</summary>
    public int Room(int pages)
    {
        if (filled == arena.Count)
        {
            WriteOut();
            if (staging.Length == 0)
            {
                staging = GC.AllocateUninitializedArray<byte>(ArenaSlots * Page.Size, pinned: true);
            }
            arena = allocator.Reserve(ArenaSlots);
            (filled, written) = (0, 0);
        }
        return Math.Min(pages, arena.Count - filled);
    }

    /// <summary>Appends a record of whole pages, no more than <see cref="Room"/> said.</summary>
    /// <param name="first">Place of its first page in the chunk.</param>
    public RecordPointer Append(ReadOnlySpan<byte> content, int first, Protection protection)
    {
        var count = content.Length / Page.Size;
        var target = staging.AsSpan(filled * Page.Size, content.Length);
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

    /// <summary>Writes out what was appended, and gives back what was taken and not needed.</summary>
    public void Finish()
    {
        WriteOut();
        GiveBackArena();
        appended.Clear();
    }

    /// <summary>Forgets what was appended since the last <see cref="Finish"/>.</summary>
    public void Abandon()
    {
        GiveBackArena();
        appended.ForEach(extent => allocator.Free(extent.Slot, extent.Count));
        appended.Clear();
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

    /// <summary>Puts what was appended so far on the storage; it can still be abandoned.</summary>
    public void WriteOut()
    {
        if (filled > written)
        {
            storage.Write((arena.Slot + written) * Page.Size, staging.AsSpan(written * Page.Size, (filled - written) * Page.Size));
            written = filled;
        }
    }

    private void GiveBackArena()
    {
        if (filled < arena.Count)
        {
            allocator.GiveBack(new Extent(arena.Slot + filled, arena.Count - filled));
        }
        arena = default;
        (filled, written) = (0, 0);
    }
}
