using System.Runtime.InteropServices;

namespace Guardian.Volumes.Format;

/// <summary>The bytes of a node: 64 pointers (docs/spec/volume.md, "Files").</summary>
internal static class NodeRecord
{
    public const int EntryCount = 64;

    /// <summary>The largest height of a tree of nodes: 64⁷ pages.</summary>
    public const int MaxHeight = 7;

    /// <summary>Reads a node of one slot.</summary>
    /// <param name="content">The decrypted slot.</param>
    /// <param name="level">1 when its entries stand for pages; above 1 when they stand for nodes.</param>
    /// <param name="slotCount">Slots of the container.</param>
    /// <param name="entries">The pointers.</param>
    /// <returns>False when a container of that size cannot hold this node.</returns>
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
            var isValid = level == 1
                ? IsPage(entries, i, slotCount)
                : entries[i].IsSingle(slotCount) && entries[i].Kind is PointerKind.None or PointerKind.Encrypted;
            if (!isValid)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The entry that holds the pointer to the record of a page.</summary>
    public static int HolderOf(ReadOnlySpan<RecordPointer> entries, int index) =>
        entries[index].Kind == PointerKind.Shared ? (int)entries[index].Slot : index;

    /// <summary>Makes a record hold its pages, whose entries must be empty.</summary>
    public static void SetPages(Span<RecordPointer> entries, int index, in RecordPointer pointer)
    {
        entries[index] = pointer;
        for (var i = index + 1; i < index + pointer.Count; i++)
        {
            entries[i] = RecordPointer.SharedWith(index);
        }
    }

    /// <summary>Empties the entry of a page. If other pages share its record, the first of them takes over the pointer.</summary>
    /// <returns>The record that no page uses any more; none while one does.</returns>
    public static RecordPointer RemovePage(Span<RecordPointer> entries, int index)
    {
        var entry = entries[index];
        entries[index] = default;
        if (entry.IsNone || entry.Kind == PointerKind.Shared)
        {
            return default;
        }
        var end = (index / RecordPointer.MaxPages + 1) * RecordPointer.MaxPages;
        var heir = -1;
        for (var i = index + 1; i < end; i++)
        {
            if (entries[i].Kind != PointerKind.Shared || entries[i].Slot != index)
            {
                continue;
            }
            entries[i] = heir < 0 ? entry : RecordPointer.SharedWith(heir);
            heir = heir < 0 ? i : heir;
        }
        return heir < 0 ? entry : default;
    }

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
        // The entries before this one are already validated, so the holder of a shared page is sound when it is a record.
        var holder = entries[HolderOf(entries, index)];
        var place = index % RecordPointer.MaxPages;
        return holder.IsRecord(slotCount) && place >= holder.First && place < holder.First + holder.Count;
    }
}
