using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>The tree of pointers of one file (docs/spec/volume.md, "Files"). It reads nodes when they are needed. Not
/// thread-safe.</summary>
internal sealed class FileMap
{
    private const int EntryBits = 6;

    private readonly RecordReader reader;
    private readonly SlotAllocator allocator;
    private MapNode? top;

    public FileMap(RecordReader reader, SlotAllocator allocator, int height, RecordPointer root)
    {
        this.reader = reader;
        this.allocator = allocator;
        Height = height;
        Root = root;
    }

    /// <summary>Levels of nodes.</summary>
    public int Height { get; private set; }

    /// <summary>Points at the stored root node, or at height 0 at the page.</summary>
    public RecordPointer Root { get; private set; }

    /// <summary>Whether nodes differ from what is stored.</summary>
    public bool IsDirty => top is { IsDirty: true };

    /// <summary>Nodes in memory, approximately.</summary>
    public int NodeCount { get; private set; }

    /// <summary>Finds the record that holds a page; none when nothing is stored.</summary>
    public RecordPointer Find(long page)
    {
        if (page >= Capacity(Height))
        {
            return default;
        }
        if (Height == 0)
        {
            return Root;
        }
        if (FindLeaf(page) is not { } leaf)
        {
            return default;
        }
        var index = IndexOf(page, 1);
        return leaf.Entries[NodeRecord.HolderOf(leaf.Entries, index)];
    }

    /// <summary>Makes sure that <see cref="Set"/> for this page needs nothing from the storage.</summary>
    public void Prepare(long page)
    {
        Raise(page);
        if (Height > 0)
        {
            _ = MakeLeafDirty(page);
        }
    }

    /// <summary>Makes a record hold its pages. The records that held them before become free when no other page uses them.</summary>
    /// <param name="page">The first page of the record.</param>
    /// <param name="pointer">The record.</param>
    public void Set(long page, in RecordPointer pointer)
    {
        if (Height == 0 && (page > 0 || pointer.Count > 1))
        {
            Raise(page + pointer.Count - 1);
        }
        if (Height == 0)
        {
            FreeRecord(Root);
            Root = pointer;
            return;
        }
        var entries = MakeLeafDirty(page).Entries;
        var index = IndexOf(page, 1);
        for (var i = index; i < index + pointer.Count; i++)
        {
            FreeRecord(NodeRecord.RemovePage(entries, i));
        }
        NodeRecord.SetPages(entries, index, pointer);
    }

    /// <summary>Removes all pages from one on.</summary>
    public void Truncate(long pages)
    {
        if (pages == 0 && Height == 0)
        {
            FreeRecord(Root);
            Root = default;
        }
        else if (Height > 0 && pages < Capacity(Height))
        {
            top ??= Root.IsNone ? MapNode.CreateEmpty() : Load(Root, Height);
            Truncate(top, Height, pages);
            if (pages == 0)
            {
                FreeRecord(Root);
                (top, Root, Height) = (null, default, 0);
            }
        }
    }

    /// <summary>Visits every stored node and record, without keeping nodes in memory.</summary>
    /// <param name="visit">Receives the pointer, and the page of its entry; -1 for a node.</param>
    /// <param name="onDamage">Receives the refusal of a damaged node, and the visit goes on; when null, the refusal is thrown.</param>
    public void Walk(Action<RecordPointer, long> visit, Action<Refusal>? onDamage = null)
    {
        if (!Root.IsNone)
        {
            Walk(Root, Height, 0, visit, onDamage);
        }
    }

    /// <summary>Stores all changed nodes. When that fails, everything in memory is as before.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Store(RecordWriter writer)
    {
        if (!IsDirty)
        {
            return;
        }
        var changes = new List<NodeChange>();
        try
        {
            var root = top!.Append(writer, Height, changes);
            writer.Finish();
            changes.Add(new NodeChange(null, 0, top, Root));
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

    /// <summary>Drops nodes from memory that are as they are stored.</summary>
    public void DropCleanNodes()
    {
        if (top is not null)
        {
            top = top.DropClean();
            NodeCount = 0;
        }
    }

    /// <summary>The pages that a tree of a height can hold.</summary>
    private static long Capacity(int height) => 1L << (EntryBits * height);

    private static int IndexOf(long page, int level) => (int)((page >> (EntryBits * (level - 1))) & (NodeRecord.EntryCount - 1));

    private MapNode Load(in RecordPointer pointer, int level)
    {
        Span<byte> content = stackalloc byte[Page.Size];
        reader.Read(pointer, content);
        NodeCount++;
        return NodeRecord.TryRead(content, level, allocator.Count, out var entries)
            ? new MapNode(entries)
            : throw new RefusedException(VolumeReasons.Damaged.Because($"the node at slot {pointer.Slot} is malformed"));
    }

    // The node of level 1 that holds a page; null when nothing is stored there.
    private MapNode? FindLeaf(long page)
    {
        if (top is null && Root.IsNone)
        {
            return null;
        }
        var node = top ??= Load(Root, Height);
        for (var level = Height; level > 1; level--)
        {
            var index = IndexOf(page, level);
            if (FindChild(node, index, level) is not { } child)
            {
                return null;
            }
            node = child;
        }
        return node;
    }

    // The same, created when it is not there, and marked as changed with all nodes above it.
    private MapNode MakeLeafDirty(long page)
    {
        var node = top ??= Root.IsNone ? MapNode.CreateEmpty() : Load(Root, Height);
        for (var level = Height; level > 1; level--)
        {
            var index = IndexOf(page, level);
            var child = FindChild(node, index, level);
            if (child is null)
            {
                child = MapNode.CreateEmpty();
                node.SetChild(index, child);
            }
            node.IsDirty = true;
            node = child;
        }
        node.IsDirty = true;
        return node;
    }

    private MapNode? FindChild(MapNode node, int index, int level)
    {
        if (node.Children?[index] is { } known)
        {
            return known;
        }
        if (node.Entries[index].IsNone)
        {
            return null;
        }
        var child = Load(node.Entries[index], level - 1);
        node.SetChild(index, child);
        return child;
    }

    // Adds levels until the tree can hold a page.
    private void Raise(long page)
    {
        while (page >= Capacity(Height))
        {
            var above = MapNode.CreateEmpty();
            above.Entries[0] = Root;
            if (top is not null)
            {
                above.SetChild(0, top);
            }
            top = above;
            Root = default;
            Height++;
        }
    }

    private void Truncate(MapNode node, int level, long pages)
    {
        var span = Capacity(level - 1);
        for (var i = 0; i < NodeRecord.EntryCount; i++)
        {
            var first = i * span;
            if (first + span <= pages)
            {
                continue;
            }
            if (level == 1)
            {
                if (!node.Entries[i].IsNone)
                {
                    node.IsDirty = true;
                    FreeRecord(NodeRecord.RemovePage(node.Entries, i));
                }
            }
            else if (FindChild(node, i, level) is { } child)
            {
                node.IsDirty = true;
                Truncate(child, level - 1, Math.Max(0, pages - first));
                if (first >= pages)
                {
                    FreeRecord(node.Entries[i]);
                    node.Entries[i] = default;
                    node.SetChild(i, null);
                }
            }
        }
    }

    private void Walk(RecordPointer pointer, int level, long page, Action<RecordPointer, long> visit, Action<Refusal>? onDamage)
    {
        visit(pointer, level == 0 ? page : -1);
        if (level == 0)
        {
            return;
        }
        MapNode node;
        try
        {
            node = Load(pointer, level);
        }
        catch (RefusedException damage) when (onDamage is not null)
        {
            onDamage(damage.Refusal);
            return;
        }
        for (var i = 0; i < NodeRecord.EntryCount; i++)
        {
            if (!node.Entries[i].IsNone && node.Entries[i].Kind != PointerKind.Shared)
            {
                Walk(node.Entries[i], level - 1, page + (i * Capacity(level - 1)), visit, onDamage);
            }
        }
    }

    private void FreeRecord(in RecordPointer pointer)
    {
        if (!pointer.IsNone)
        {
            allocator.Free(pointer.Slot, pointer.Count);
        }
    }
}
