using System.Runtime.InteropServices;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <content>Storing changed nodes, from the leaves up.</content>
internal sealed partial class FileMap
{
    // What storing changed in a node, so that it can be taken back.
    private readonly record struct Change(MapNode? Parent, int Index, MapNode Stored, RecordPointer Old);

    /// <summary>Stores all changed nodes. When that fails, everything in memory is as before.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Store(RecordWriter writer)
    {
        if (!IsDirty)
        {
            return;
        }
        var changes = new List<Change>();
        try
        {
            var root = Append(writer, top!, Height, changes);
            writer.Finish();
            changes.Add(new Change(null, 0, top!, Root));
            Root = root;
        }
        catch
        {
            writer.Abandon();
            foreach (var change in changes)
            {
                change.Parent!.Entries[change.Index] = change.Old;
            }
            throw;
        }
        foreach (var change in changes)
        {
            change.Stored.IsDirty = false;
            FreeRecord(change.Old);
        }
    }

    private static RecordPointer Append(RecordWriter writer, MapNode node, int level, List<Change> changes)
    {
        for (var i = 0; level > 1 && node.Children is not null && i < Node.EntryCount; i++)
        {
            if (node.Children[i] is not { IsDirty: true } child)
            {
                continue;
            }
            var stored = Append(writer, child, level - 1, changes);
            changes.Add(new Change(node, i, child, node.Entries[i]));
            node.Entries[i] = stored;
        }
        writer.Room(1);
        return writer.Append(MemoryMarshal.AsBytes(node.Entries.AsSpan()), 0, Protection.Encrypted);
    }
}
