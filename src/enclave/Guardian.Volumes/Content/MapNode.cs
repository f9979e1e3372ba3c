using System.Runtime.InteropServices;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>A node in memory.</summary>
internal sealed class MapNode(RecordPointer[] entries)
{
    public RecordPointer[] Entries { get; } = entries;

    /// <summary>The nodes below that are in memory; null at level 1, and when none is.</summary>
    public MapNode?[]? Children { get; private set; }

    /// <summary>Whether this node, or one below it, differs from what is stored. A changed node's parent is changed too.</summary>
    public bool IsDirty { get; set; }

    /// <summary>A node that is not stored yet.</summary>
    public static MapNode CreateEmpty() => new(new RecordPointer[NodeRecord.EntryCount]) { IsDirty = true };

    public void SetChild(int index, MapNode? child) => (Children ??= new MapNode?[NodeRecord.EntryCount])[index] = child;

    /// <summary>Drops the nodes below that are as they are stored.</summary>
    /// <returns>This node; null when it is as it is stored too.</returns>
    public MapNode? DropClean()
    {
        if (!IsDirty)
        {
            return null;
        }
        for (var i = 0; Children is not null && i < NodeRecord.EntryCount; i++)
        {
            Children[i] = Children[i]?.DropClean();
        }
        return this;
    }

    /// <summary>Appends all changed nodes, from the leaves up, and makes their parents refer to them.</summary>
    /// <param name="writer">Receives the nodes.</param>
    /// <param name="level">The level of this node.</param>
    /// <param name="changes">Receives each entry that changed, so that the caller can restore it.</param>
    /// <returns>The pointer to this node.</returns>
    /// <exception cref="IOException">The storage failed.</exception>
    public RecordPointer Append(RecordWriter writer, int level, List<NodeChange> changes)
    {
        for (var i = 0; level > 1 && Children is not null && i < NodeRecord.EntryCount; i++)
        {
            if (Children[i] is not { IsDirty: true } child)
            {
                continue;
            }
            var stored = child.Append(writer, level - 1, changes);
            changes.Add(new NodeChange(this, i, child, Entries[i]));
            Entries[i] = stored;
        }
        writer.ReservePages(1);
        return writer.Append(MemoryMarshal.AsBytes(Entries.AsSpan()), 0, Protection.Encrypted);
    }
}

/// <summary>An entry that storing a node changed.</summary>
/// <param name="Parent">The node of the entry; null for the root's own pointer.</param>
/// <param name="Index">The entry.</param>
/// <param name="Stored">The node that was stored.</param>
/// <param name="Old">The entry before.</param>
internal readonly record struct NodeChange(MapNode? Parent, int Index, MapNode Stored, RecordPointer Old);
