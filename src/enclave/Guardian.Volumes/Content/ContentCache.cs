using Guardian.Refusals;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;
using Guardian.Volumes.Threads;

namespace Guardian.Volumes.Content;

/// <summary>The content of files in memory, chunk by chunk: reads missing pages, keeps the chunks that were used last, and holds changes
/// back until they are written together. One thread at a time.</summary>
internal sealed partial class ContentCache : IDisposable
{
    // Chunks that may wait to be written: enough to write together, and few enough to be in the processor's cache when they are encrypted.
    private const int MaxDirty = 512;

    // Slots for the nodes, directories and inodes of the next commit: without them, a full disk would keep even a removal from being
    // committed, and so from freeing anything.
    private const int CommitSlots = 64;

    private const int ChunksPerSlab = 64;

    // Chunks: 4 GiB.
    private const int MaxReadPast = 1 << 18;

    // More processors would wait for the container's file, not for the cipher.
    private const int MaxWorkers = 4;

    // Fewer jobs are done before another thread wakes.
    private const int MinShared = 4;

    private readonly SlotAllocator allocator;
    private readonly int capacity;
    private readonly WorkerPool pool = new(Math.Min(MaxWorkers, Environment.ProcessorCount));
    private readonly WriteQueue queue;
    private readonly Worker[] workers;
    private readonly ChunkList clean = new();
    private readonly ChunkList dirty = new();
    private readonly Stack<ChunkMemory> spare = new();

    /// <param name="storage">The container.</param>
    /// <param name="allocator">Its slots.</param>
    /// <param name="size">Bytes of content to keep in memory.</param>
    public ContentCache(IStorage storage, SlotAllocator allocator, long size)
    {
        this.allocator = allocator;
        capacity = (int)Math.Clamp(size / Page.ChunkSize, 4 * MaxReadAhead, int.MaxValue / 2);
        readPast = new int[Math.Min(capacity, MaxReadPast) * RecordPointer.MaxPages];
        execute = ExecuteJob;
        queue = new WriteQueue(storage);
        Writer = new RecordWriter(queue, allocator);
        workers = [.. Enumerable.Range(0, pool.Size).Select(_ => new Worker(Writer))];
    }

    /// <summary>Whether pages differ from what is stored.</summary>
    public bool IsDirty => dirty.Count > 0;

    /// <summary>Reads nodes, on the caller's thread.</summary>
    public RecordReader Reader => workers[0].Reader;

    /// <summary>Writes pages, and the caller's nodes.</summary>
    public RecordWriter Writer { get; }

    /// <summary>Whether so many chunks changed that they should be written now.</summary>
    public bool IsFull => dirty.Count > Math.Min(MaxDirty, capacity / 2);

    /// <summary>Makes sure that the next commit finds slots for new content, besides those for what changed before.</summary>
    /// <param name="size">Bytes of the new content.</param>
    /// <exception cref="IOException">The container cannot grow.</exception>
    public void MakeRoom(int size) =>
        allocator.MakeRoom(CommitSlots + ((long)dirty.Count * RecordPointer.MaxPages) + (2 * RecordPointer.MaxPages) + (size / Page.Size));

    /// <summary>Reads from a range that lies within the file.</summary>
    /// <remarks>Whole chunks that are not in memory are decrypted straight into the buffer: a large read would only evict what is used
    /// often.</remarks>
    /// <exception cref="RefusedException">A page or node is damaged; the buffer may hold a part of the content.</exception>
    /// <exception cref="IOException">The storage failed; the buffer may hold a part of the content.</exception>
    public void Read(Inode inode, long offset, Span<byte> buffer)
    {
        var last = (offset + buffer.Length - 1) / Page.ChunkSize;
        while (buffer.Length > 0)
        {
            var index = offset / Page.ChunkSize;
            var at = (int)(offset % Page.ChunkSize);
            var size = Math.Min(buffer.Length, Page.ChunkSize - at);
            if (!inode.Chunks.TryGetValue(index, out var chunk) && size == Page.ChunkSize)
            {
                size = ReadThrough(inode, index, buffer);
            }
            else if (chunk is not null || !TryReadPast(inode, index, at, buffer[..size]))
            {
                var pages = PagesOf(at, size);
                if (chunk is null || (chunk.Valid & pages) != pages)
                {
                    chunk = LoadPages(inode, index, pages, last);
                }
                else
                {
                    MarkUsed(chunk);
                }
                chunk.Data.Slice(at, size).CopyTo(buffer);
            }
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
        // A page that is written in part must be valid first.
        var end = at + data.Length;
        var partly = (at % Page.Size != 0 ? PagesOf(at, 1) : 0) | (end % Page.Size != 0 ? PagesOf(end - 1, 1) : 0);
        if ((partly & ~chunk.Valid) != 0)
        {
            LoadPages(inode, chunk.Index, partly, chunk.Index);
        }
        data.CopyTo(chunk.Data[at..]);
        MarkDirty(chunk, pages);
    }

    /// <summary>Marks the stored pages of a chunk as changed, so that they are stored again.</summary>
    public void MarkForRewrite(Inode inode, long index)
    {
        var stored = 0;
        for (var place = 0; place < RecordPointer.MaxPages; place++)
        {
            stored |= inode.Map.Find((index * RecordPointer.MaxPages) + place).IsNone ? 0 : 1 << place;
        }
        if (stored != 0)
        {
            MarkDirty(LoadPages(inode, index, stored, index), stored);
        }
    }

    /// <summary>Removes the content from a size on; the rest of the last page becomes zeros.</summary>
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
            Evict(chunk, pages - (chunk.Index * RecordPointer.MaxPages));
        }
        inode.Map.Truncate(pages);
    }

    /// <summary>Drops everything of a file from memory, changes too.</summary>
    public void Drop(Inode inode)
    {
        foreach (var chunk in inode.Chunks.Values)
        {
            ListOf(chunk).Remove(chunk);
            spare.Push(chunk.Memory);
        }
        inode.Chunks.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        queue.Dispose();
        Writer.Dispose();
        Array.ForEach(workers, worker => worker.Reader.Dispose());
    }

    // The bits of the pages that a range within a chunk overlaps.
    private static int PagesOf(int at, int size) => ((2 << ((at + size - 1) / Page.Size)) - 1) & ~((1 << (at / Page.Size)) - 1);

    private ChunkList ListOf(Chunk chunk) => chunk.Dirty == 0 ? clean : dirty;

    private void MarkUsed(Chunk chunk)
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

    // A chunk that was written whole is not kept, like one that is read whole.
    private void MarkStored(Chunk chunk)
    {
        var isWhole = chunk.Dirty == Chunk.AllPages;
        MarkClean(chunk);
        if (isWhole)
        {
            Evict(chunk, 0);
        }
    }

    // Drops all but the first pages of a chunk; without any, the whole chunk.
    private void Evict(Chunk chunk, long pages)
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
        spare.Push(chunk.Memory);
    }

    // The chunk in memory, created when it is not there. Changed chunks are never evicted, so the cache may exceed its size until they are
    // written.
    private Chunk Obtain(Inode inode, long index)
    {
        if (inode.Chunks.TryGetValue(index, out var chunk))
        {
            MarkUsed(chunk);
            return chunk;
        }
        if (clean.Count + dirty.Count >= capacity && clean.Last is { } oldest)
        {
            Evict(oldest, 0);
        }
        if (spare.Count == 0)
        {
            var slab = GC.AllocateUninitializedArray<byte>(ChunksPerSlab * Page.ChunkSize, pinned: true);
            for (var offset = 0; offset < slab.Length; offset += Page.ChunkSize)
            {
                spare.Push(new ChunkMemory(slab, offset));
            }
        }
        chunk = new Chunk(inode, index, spare.Pop());
        inode.Chunks.Add(index, chunk);
        clean.AddFirst(chunk);
        return chunk;
    }

    private sealed class Worker(RecordWriter writer)
    {
        public RecordReader Reader { get; } = new(writer);

        public byte[] Scratch { get; } = new byte[Page.ChunkSize];
    }
}
