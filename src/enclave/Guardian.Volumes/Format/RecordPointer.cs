using System.Runtime.InteropServices;

namespace Guardian.Volumes.Format;

/// <summary>A record key, 32 bytes.</summary>
internal readonly record struct RecordKey(ulong A, ulong B, ulong C, ulong D);

/// <summary>The kinds of pointers (docs/spec/volume.md, "Pointer").</summary>
internal enum PointerKind : byte
{
    None = 0,
    Encrypted = 1,
    Authenticated = 2,
    Plain = 3,
    Shared = 4,
}

/// <summary>The place of a record, and the key that opens it. Its 64 bytes have the same layout in memory and in a node: little-endian, as
/// every machine with SGX is.</summary>
//  0  record key 32 | 32 tag 16 | 48 counter 8 | 56 slot 5, page count 1, first page 1, kind 1
[StructLayout(LayoutKind.Sequential)]
internal readonly struct RecordPointer
{
    /// <summary>Bytes of a pointer.</summary>
    public const int Size = 64;

    /// <summary>Pages of a chunk, and the most that a record holds.</summary>
    public const int MaxPages = 4;

    private const int SlotBits = 40;

    public RecordPointer(RecordKey key, UInt128 tag, ulong counter, long slot, int count, int first, PointerKind kind)
    {
        Key = key;
        tagLow = unchecked((ulong)tag);
        tagHigh = (ulong)(tag >> 64);
        Counter = counter;
        location = (ulong)slot | ((ulong)count << SlotBits) | ((ulong)first << (SlotBits + 8)) | ((ulong)kind << (SlotBits + 16));
    }

    public readonly RecordKey Key;
    private readonly ulong tagLow;
    private readonly ulong tagHigh;
    public readonly ulong Counter;
    private readonly ulong location;

    public UInt128 Tag => new(tagHigh, tagLow);

    /// <summary>The first slot. For a shared page it is the index of the entry that holds the pointer.</summary>
    public long Slot => (long)(location & ((1UL << SlotBits) - 1));

    public int Count => (int)(location >> SlotBits) & 0xFF;

    /// <summary>Place of the first page within its chunk, 0 to 3.</summary>
    public int First => (int)(location >> (SlotBits + 8)) & 0xFF;

    public PointerKind Kind => (PointerKind)(location >> (SlotBits + 16));

    public bool IsNone => location == 0;

    /// <summary>The pointer of a page that lies in the record of another entry.</summary>
    public static RecordPointer SharedWith(int entry) => new(default, 0, 0, entry, 0, 0, PointerKind.Shared);

    /// <summary>Whether this points at exactly one page or node, or at nothing. Inodes, and nodes above level 1, hold no other
    /// pointers.</summary>
    public bool IsSingle(long slotCount) => IsNone ? IsBlank : IsRecord(slotCount) && Count == 1 && First == 0;

    /// <summary>Whether this points at a record that lies within the container.</summary>
    public bool IsRecord(long slotCount) =>
        Kind is PointerKind.Encrypted or PointerKind.Authenticated or PointerKind.Plain
        && Count is >= 1 and <= MaxPages
        && First + Count <= MaxPages
        && Slot >= Superblock.Count
        && Slot + Count <= slotCount
        && (Kind != PointerKind.Plain || (Key == default && Tag == 0 && Counter == 0));

    /// <summary>Whether the entry at <paramref name="index"/> may be a shared page.</summary>
    public bool IsSharedAt(int index) =>
        Kind == PointerKind.Shared && Key == default && Tag == 0 && Counter == 0 && Count == 0 && First == 0
        && Slot < index && Slot / MaxPages == index / MaxPages;

    private bool IsBlank => Key == default && Tag == 0 && Counter == 0;
}
