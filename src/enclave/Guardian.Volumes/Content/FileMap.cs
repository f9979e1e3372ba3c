using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>A node in memory.</summary>
internal sealed class MapNode(RecordPointer[] entries)
{
    public RecordPointer[] Entries { get; } = entries;

    /// <summary>The nodes below that are in memory; null at level 1 and where none is.</summary>
    public MapNode?[]? Children { get; set; }

    /// <summary>Whether it, or a node below it, differs from what is stored. A changed node's parent is changed too.</summary>
    public bool IsDirty { get; set; }
}

/// <summary>The tree of pointers of one file (docs/spec/volume.md, "Files"). Nodes are read when they are needed. Not thread-safe.</summary>
internal sealed partial class FileMap
{
    /// <summary>Largest height: 64⁷ pages.</summary>
    public const int MaxHeight = 7;

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

    /// <summary>About how many nodes are in memory.</summary>
    public int NodeCount { get; private set; }

    /// <summary>Finds the record that holds a page; none where nothing is stored.</summary>
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
        if (Leaf(page) is not { } leaf)
        {
            return default;
        }
        var index = Index(page, 1);
        return leaf.Entries[Node.Holder(leaf.Entries, index)];
    }

    /// <summary>Makes sure that <see cref="Set"/> for this page needs nothing from the storage.</summary>
    public void Prepare(long page)
    {
        Raise(page);
        if (Height > 0)
        {
            _ = LeafForChange(page);
        }
    }

    /// <summary>Makes a record hold its pages; <paramref name="page"/> is the first. What they were stored in before becomes free when no page refers to it.</summary>
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
        var entries = LeafForChange(page).Entries;
        var index = Index(page, 1);
        for (var i = index; i < index + pointer.Count; i++)
        {
            Forget(entries, i);
        }
        entries[index] = pointer;
        for (var i = index + 1; i < index + pointer.Count; i++)
        {
            entries[i] = RecordPointer.SharedWith(index);
        }
    }

    /// <summary>Forgets all pages from one on.</summary>
    public void Truncate(long pages)
    {
        if (pages == 0 && Height == 0)
        {
            FreeRecord(Root);
            Root = default;
        }
        else if (Height > 0 && pages < Capacity(Height))
        {
            top ??= Root.IsNone ? NewNode() : Load(Root, Height);
            Truncate(top, Height, pages);
            if (pages == 0)
            {
                FreeRecord(Root);
                (top, Root, Height) = (null, default, 0);
            }
        }
    }

    /// <summary>Visits every stored node and record, without keeping nodes in memory.</summary>
    /// <param name="visit">Gets the pointer and the page of its entry; -1 for a node.</param>
    /// <param name="onDamage">Gets what cannot be read, and the visit goes on; null: it is thrown.</param>
    public void Walk(Action<RecordPointer, long> visit, Action<VolumeException>? onDamage = null)
    {
        if (!Root.IsNone)
        {
            Walk(Root, Height, 0, visit, onDamage);
        }
    }

    /// <summary>Drops nodes from memory that are as they are stored.</summary>
    public void Trim()
    {
        if (top is not null)
        {
            top = Trim(top);
            NodeCount = 0;
        }
    }

    /// <summary>Pages that a tree of a height can hold.</summary>
    public static long Capacity(int height) => 1L << (EntryBits * height);

    private static int Index(long page, int level) => (int)((page >> (EntryBits * (level - 1))) & (Node.EntryCount - 1));

    private static MapNode NewNode() => new(new RecordPointer[Node.EntryCount]) { IsDirty = true };

    private MapNode Load(in RecordPointer pointer, int level)
    {
        Span<byte> content = stackalloc byte[Page.Size];
        reader.Read(pointer, content);
        NodeCount++;
        return Node.TryRead(content, level, allocator.Count, out var entries)
            ? new MapNode(entries)
            : throw new VolumeException(VolumeFailure.Damaged, $"the node at slot {pointer.Slot} is malformed");
    }

    // The node of level 1 that a page belongs to; null when nothing is stored there.
    private MapNode? Leaf(long page)
    {
        if (top is null && Root.IsNone)
        {
            return null;
        }
        var node = top ??= Load(Root, Height);
        for (var level = Height; level > 1; level--)
        {
            var index = Index(page, level);
            if (Child(node, index, level) is not { } child)
            {
                return null;
            }
            node = child;
        }
        return node;
    }

    private MapNode LeafForChange(long page)
    {
        var node = top ??= Root.IsNone ? NewNode() : Load(Root, Height);
        for (var level = Height; level > 1; level--)
        {
            var index = Index(page, level);
            var child = Child(node, index, level);
            if (child is null)
            {
                child = NewNode();
                (node.Children ??= new MapNode?[Node.EntryCount])[index] = child;
            }
            node.IsDirty = true;
            node = child;
        }
        node.IsDirty = true;
        return node;
    }

    private MapNode? Child(MapNode node, int index, int level)
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
        (node.Children ??= new MapNode?[Node.EntryCount])[index] = child;
        return child;
    }

    // Adds levels until a page has its place.
    private void Raise(long page)
    {
        while (page >= Capacity(Height))
        {
            var above = NewNode();
            above.Entries[0] = Root;
            if (top is not null)
            {
                above.Children = new MapNode?[Node.EntryCount];
                above.Children[0] = top;
            }
            top = above;
            Root = default;
            Height++;
        }
    }

    // A page leaves its record: another page takes over the pointer, or the record is free.
    private void Forget(RecordPointer[] entries, int index)
    {
        var entry = entries[index];
        entries[index] = default;
        if (entry.IsNone || entry.Kind == PointerKind.Shared)
        {
            return;
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
        if (heir < 0)
        {
            FreeRecord(entry);
        }
    }

    private void Truncate(MapNode node, int level, long pages)
    {
        var span = Capacity(level - 1);
        for (var i = 0; i < Node.EntryCount; i++)
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
                    Forget(node.Entries, i);
                }
            }
            else if (Child(node, i, level) is { } child)
            {
                node.IsDirty = true;
                Truncate(child, level - 1, Math.Max(0, pages - first));
                if (first >= pages)
                {
                    FreeRecord(node.Entries[i]);
                    node.Entries[i] = default;
                    node.Children![i] = null;
                }
            }
        }
    }

    private void Walk(RecordPointer pointer, int level, long page, Action<RecordPointer, long> visit, Action<VolumeException>? onDamage)
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
        catch (VolumeException damage) when (onDamage is not null)
        {
            onDamage(damage);
            return;
        }
        for (var i = 0; i < Node.EntryCount; i++)
        {
            if (!node.Entries[i].IsNone && node.Entries[i].Kind != PointerKind.Shared)
            {
                Walk(node.Entries[i], level - 1, page + (i * Capacity(level - 1)), visit, onDamage);
            }
        }
    }

    private static MapNode? Trim(MapNode node)
    {
        if (!node.IsDirty)
        {
            return null;
        }
        for (var i = 0; node.Children is not null && i < Node.EntryCount; i++)
        {
            node.Children[i] = node.Children[i] is { } child ? Trim(child) : null;
        }
        return node;
    }

    private void FreeRecord(in RecordPointer pointer)
    {
        if (!pointer.IsNone)
        {
            allocator.Free(pointer.Slot, pointer.Count);
        }
    }
}
