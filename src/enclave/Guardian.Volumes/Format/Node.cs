using System.Runtime.InteropServices;

namespace Guardian.Volumes.Format;

/// <summary>The bytes of a node: 64 pointers (docs/spec/volume.md, "Files").</summary>
internal static class Node
{
    public const int EntryCount = 64;

    /// <summary>Reads a node of one slot.</summary>
    /// <param name="level">1: its entries stand for pages; above, for nodes.</param>
    /// <returns>False when it is not one that a volume of <paramref name="slotCount"/> slots can hold.</returns>
    public static bool TryRead(ReadOnlySpan<byte> content, int level, long slotCount, out RecordPointer[] entries)
    {
        entries = new RecordPointer[EntryCount];
        if (content.Length != EntryCount * RecordPointer.Size)
        {
            return false;
        }
        content.CopyTo(MemoryMarshal.AsBytes(entries.AsSpan()));
        for (var i = 0; i < EntryCount; i++)
        {
            if (!(level == 1 ? IsPage(entries, i, slotCount) : entries[i].IsSingle(slotCount) && entries[i].Kind is PointerKind.None or PointerKind.Encrypted))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The entry that holds the pointer to the record of a page.</summary>
    public static int Holder(ReadOnlySpan<RecordPointer> entries, int index) =>
        entries[index].Kind == PointerKind.Shared ? (int)entries[index].Slot : index;

    private static bool IsPage(RecordPointer[] entries, int index, long slotCount)
    {
        var entry = entries[index];
        if (entry.IsNone)
        {
            return entry.IsSingle(slotCount);
        }
        if (entry.Kind == PointerKind.Shared && !entry.IsSharedAt(index))
        {
            return false;
        }
        // Entries before this one were already checked, so a shared page's holder is sound when it is a record.
        var holder = entries[Holder(entries, index)];
        var place = index % RecordPointer.MaxPages;
        return holder.IsRecord(slotCount) && place >= holder.First && place < holder.First + holder.Count;
    }
}
