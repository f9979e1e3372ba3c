using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>
/// The content of files in memory, chunk by chunk: reads what is missing, keeps what was used last, and holds changes back until they are written together. The volume calls it from one thread at a time.
/// </summary>
internal sealed partial class ContentCache : IDisposable
{
    // Changes wait in memory up to this much: enough to write together, and little enough to be in the processor's cache still when they are encrypted.
    private const int MaxDirty = 512;

    private const int ChunksPerSlab = 64;

    // Chunks, 4 GiB.
    private const int MaxAskedFor = 1 << 18;

    // More processors than this would wait for the container's file, not for the cipher.
    private const int MaxWorkers = 4;

    // Fewer pieces are done sooner than another thread wakes.
    private const int MinShared = 4;

    private readonly int capacity;
    private readonly Crew crew = new(Math.Min(MaxWorkers, Environment.ProcessorCount));
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
        capacity = (int)Math.Clamp(size / Page.ChunkSize, 4 * MaxReadAhead, int.MaxValue / 2);
        askedFor = new int[Math.Min(capacity, MaxAskedFor) * RecordPointer.MaxPages];
        execute = Execute;
        queue = new WriteQueue(storage);
        Writer = new RecordWriter(queue, allocator);
        workers = [.. Enumerable.Range(0, crew.Size).Select(_ => new Worker(Writer))];
    }

    /// <summary>Whether there are changes that are not written.</summary>
    public bool IsDirty => dirty.Count > 0;

    /// <summary>Reads nodes for whoever calls the cache.</summary>
    public RecordReader Reader => workers[0].Reader;

    /// <summary>Writes pages, and nodes for whoever calls the cache.</summary>
    public RecordWriter Writer { get; }

    /// <summary>Whether so much is changed that it should be written now.</summary>
    public bool IsFull => dirty.Count > Math.Min(MaxDirty, capacity / 2);

    /// <summary>Reads from a range that lies within the file.</summary>
    /// <remarks>Whole chunks that are not in memory are decrypted straight into the buffer: who reads much at once would only drive out what is used often.</remarks>
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
                    chunk = Load(inode, index, pages, last);
                }
                else
                {
                    Touch(chunk);
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
        // Pages that are written in part must be known in whole.
        var partly = (at % Page.Size != 0 ? PagesOf(at, 1) : 0) | ((at + data.Length) % Page.Size != 0 ? PagesOf(at + data.Length - 1, 1) : 0);
        if ((partly & ~chunk.Valid) != 0)
        {
            Load(inode, chunk.Index, partly, chunk.Index);
        }
        data.CopyTo(chunk.Data[at..]);
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

    // After it was written; what was written whole is not kept, as it is not when it is read whole.
    private void MarkStored(Chunk chunk)
    {
        var isWhole = chunk.Dirty == Chunk.AllPages;
        MarkClean(chunk);
        if (isWhole)
        {
            Forget(chunk, 0);
        }
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
        spare.Push(chunk.Memory);
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
