namespace Guardian.Volumes;

/// <summary>
/// The content of files in memory, chunk by chunk: reads what is missing, keeps what was used last, and holds changes back until they are written together. The volume calls it from one thread at a time.
/// </summary>
internal sealed partial class ContentCache : IDisposable
{
    // More processors than this would wait for the container's file, not for the cipher.
    private const int MaxWorkers = 4;

    private readonly int capacity;
    private readonly Crew crew = new(Math.Min(MaxWorkers, Environment.ProcessorCount));
    private readonly Worker[] workers;
    private readonly ChunkList clean = new();
    private readonly ChunkList dirty = new();
    private readonly Stack<byte[]> spare = new();

    /// <param name="storage">The container.</param>
    /// <param name="allocator">Its slots.</param>
    /// <param name="size">Bytes of content to keep in memory.</param>
    public ContentCache(IStorage storage, SlotAllocator allocator, long size)
    {
        capacity = (int)Math.Clamp(size / Page.ChunkSize, 4 * MaxReadAhead, int.MaxValue / 2);
        workers = [.. Enumerable.Range(0, crew.Size).Select(_ => new Worker(storage, allocator))];
    }

    /// <summary>Whether there are changes that are not written.</summary>
    public bool IsDirty => dirty.Count > 0;

    /// <summary>Reads and writes nodes for whoever calls the cache.</summary>
    public RecordReader Reader => workers[0].Reader;

    /// <inheritdoc cref="Reader"/>
    public RecordWriter Writer => workers[0].Writer;

    /// <summary>Whether so much is changed that it should be written now.</summary>
    public bool IsFull => dirty.Count > capacity / 2;

    /// <summary>Reads from a range that lies within the file.</summary>
    public void Read(Inode inode, long offset, Span<byte> buffer)
    {
        var last = (offset + buffer.Length - 1) / Page.ChunkSize;
        while (buffer.Length > 0)
        {
            var index = offset / Page.ChunkSize;
            var at = (int)(offset % Page.ChunkSize);
            var size = Math.Min(buffer.Length, Page.ChunkSize - at);
            var pages = PagesOf(at, size);
            if (!inode.Chunks.TryGetValue(index, out var chunk) || (chunk.Valid & pages) != pages)
            {
                chunk = Load(inode, index, pages, last);
            }
            else
            {
                Touch(chunk);
            }
            chunk.Data.AsSpan(at, size).CopyTo(buffer);
            buffer = buffer[size..];
            offset += size;
        }
    }

    /// <summary>Writes a range that lies within one chunk.</summary>
    public void Write(Inode inode, long offset, ReadOnlySpan<byte> data)
    {
        var chunk = Obtain(inode, offset / Page.ChunkSize);
        var at = (int)(offset % Page.ChunkSize);
        var pages = PagesOf(at, data.Length);
        // Pages that are written in part must be known in whole.
        var partly = (at % Page.Size != 0 ? PagesOf(at, 1) : 0) | ((at + data.Length) % Page.Size != 0 ? PagesOf(at + data.Length - 1, 1) : 0);
        if ((partly & ~chunk.Valid) != 0)
        {
            Load(inode, chunk.Index, partly, chunk.Index);
        }
        data.CopyTo(chunk.Data.AsSpan(at));
        MarkDirty(chunk, pages);
    }

    /// <summary>Makes what is stored of a chunk be stored again.</summary>
    public void Rewrite(Inode inode, long index)
    {
        var stored = 0;
        for (var place = 0; place < RecordPointer.MaxPages; place++)
        {
            stored |= inode.Map.Find((index * RecordPointer.MaxPages) + place).IsNone ? 0 : 1 << place;
        }
        if (stored != 0)
        {
            MarkDirty(Load(inode, index, stored, index), stored);
        }
    }

    /// <summary>Forgets everything from a size on; the rest of the last page becomes zeros.</summary>
    public void Truncate(Inode inode, long size)
    {
        var pages = Page.CountFor((ulong)size);
        if (size % Page.Size != 0)
        {
            var end = (pages * Page.Size) - size;
            Span<byte> zeros = stackalloc byte[Page.Size];
            zeros.Clear();
            Write(inode, size, zeros[..(int)end]);
        }
        foreach (var chunk in inode.Chunks.Values.Where(chunk => (chunk.Index + 1) * RecordPointer.MaxPages > pages).ToList())
        {
            Forget(chunk, pages - (chunk.Index * RecordPointer.MaxPages));
        }
        inode.Map.Truncate(pages);
    }

    /// <summary>Drops everything of a file from memory, changes too.</summary>
    public void Drop(Inode inode)
    {
        foreach (var chunk in inode.Chunks.Values)
        {
            ListOf(chunk).Remove(chunk);
            spare.Push(chunk.Data);
        }
        inode.Chunks.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var worker in workers)
        {
            worker.Dispose();
        }
    }

    // The bits of the pages that a range within a chunk touches.
    private static int PagesOf(int at, int size) => ((2 << ((at + size - 1) / Page.Size)) - 1) & ~((1 << (at / Page.Size)) - 1);

    private ChunkList ListOf(Chunk chunk) => chunk.Dirty == 0 ? clean : dirty;

    private void Touch(Chunk chunk)
    {
        if (chunk.Dirty == 0 && chunk != clean.First)
        {
            clean.Remove(chunk);
            clean.AddFirst(chunk);
        }
    }

    private void MarkDirty(Chunk chunk, int pages)
    {
        if (chunk.Dirty == 0)
        {
            clean.Remove(chunk);
            dirty.AddFirst(chunk);
        }
        chunk.Valid |= pages;
        chunk.Dirty |= pages;
    }

    private void MarkClean(Chunk chunk)
    {
        dirty.Remove(chunk);
        chunk.Dirty = 0;
        clean.AddFirst(chunk);
    }

    // Keeps the first pages of a chunk; with none left, the chunk goes.
    private void Forget(Chunk chunk, long pages)
    {
        var kept = pages <= 0 ? 0 : (1 << (int)pages) - 1;
        if (kept != 0)
        {
            if (chunk.Dirty != 0 && (chunk.Dirty & kept) == 0)
            {
                MarkClean(chunk);
            }
            chunk.Valid &= kept;
            chunk.Dirty &= kept;
            return;
        }
        ListOf(chunk).Remove(chunk);
        chunk.Owner.Chunks.Remove(chunk.Index);
        spare.Push(chunk.Data);
    }

    // The chunk in memory, made when it is not there. Changed chunks are never put out, so memory may be exceeded until they are written.
    private Chunk Obtain(Inode inode, long index)
    {
        if (inode.Chunks.TryGetValue(index, out var chunk))
        {
            Touch(chunk);
            return chunk;
        }
        if (clean.Count + dirty.Count >= capacity && clean.Last is { } oldest)
        {
            Forget(oldest, 0);
        }
        chunk = new Chunk(inode, index, spare.TryPop(out var data) ? data : GC.AllocateUninitializedArray<byte>(Page.ChunkSize));
        inode.Chunks.Add(index, chunk);
        clean.AddFirst(chunk);
        return chunk;
    }

    private sealed class Worker(IStorage storage, SlotAllocator allocator) : IDisposable
    {
        public RecordReader Reader { get; } = new(storage);

        public RecordWriter Writer { get; } = new(storage, allocator);

        public byte[] Scratch { get; } = new byte[Page.ChunkSize];

        /// <summary>Where it stored what.</summary>
        public List<(Chunk Chunk, int Place, RecordPointer Pointer)> Stored { get; } = [];

        public void Dispose()
        {
            Reader.Dispose();
            Writer.Dispose();
        }
    }
}
