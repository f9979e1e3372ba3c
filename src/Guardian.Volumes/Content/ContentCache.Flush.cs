using System.Numerics;

namespace Guardian.Volumes;

/// <content>Writing changes.</content>
internal sealed partial class ContentCache
{
    // Chunks that a worker takes at once: 128 KiB, so that neighbours stay neighbours.
    private const int ChunksPerPiece = 8;

    /// <summary>Writes all changed pages into free slots and makes the files refer to them. When that fails, everything is as before.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    /// <exception cref="VolumeException">A node that is needed is damaged.</exception>
    public void Flush()
    {
        if (dirty.Count == 0)
        {
            return;
        }
        var chunks = Changed();
        foreach (var chunk in chunks)
        {
            chunk.Owner.Map.Prepare(chunk.Index * RecordPointer.MaxPages);
        }
        StoreAll((chunks.Length + ChunksPerPiece - 1) / ChunksPerPiece, (worker, piece) =>
        {
            foreach (var chunk in chunks.AsSpan(piece * ChunksPerPiece, Math.Min(ChunksPerPiece, chunks.Length - (piece * ChunksPerPiece))))
            {
                Store(worker, chunk.Owner, chunk.Index, chunk.Dirty, chunk.Data);
            }
        });
        foreach (var chunk in chunks)
        {
            MarkStored(chunk);
        }
    }

    /// <summary>Writes whole chunks at once, past the memory of the cache: who writes much at once seldom needs it again soon. When that fails, everything is as before.</summary>
    /// <inheritdoc cref="Flush" path="/exception"/>
    public unsafe void WriteThrough(Inode inode, long index, ReadOnlySpan<byte> data)
    {
        var count = data.Length / Page.ChunkSize;
        for (var i = 0; i < count; i++)
        {
            inode.Map.Prepare((index + i) * RecordPointer.MaxPages);
        }
        fixed (byte* start = data)
        {
            var source = (nint)start;
            StoreAll(count, (worker, piece) =>
                Store(worker, inode, index + piece, Chunk.AllPages, new ReadOnlySpan<byte>((byte*)source + (piece * Page.ChunkSize), Page.ChunkSize)));
        }
        for (var i = 0; i < count; i++)
        {
            if (inode.Chunks.TryGetValue(index + i, out var older))
            {
                Forget(older, 0);
            }
        }
    }

    private static void Store(Worker worker, Inode inode, long index, int pages, ReadOnlySpan<byte> content)
    {
        while (pages != 0)
        {
            var place = BitOperations.TrailingZeroCount(pages);
            var count = worker.Writer.Room(BitOperations.TrailingZeroCount(~(pages >> place)));
            var pointer = worker.Writer.Append(content.Slice(place * Page.Size, count * Page.Size), place, inode.ContentProtection);
            worker.Stored.Add((inode, (index * RecordPointer.MaxPages) + place, pointer));
            pages &= ~(((1 << count) - 1) << place);
        }
    }

    // Encrypts and writes pieces, then makes the files refer to what was written.
    private void StoreAll(int pieces, Action<Worker, int> store)
    {
        try
        {
            crew.Run(pieces, pieces < MinShared ? 0 : crew.Size - 1, (worker, piece) => store(workers[worker], piece));
            Array.ForEach(workers, worker => worker.Writer.WriteOut());
        }
        catch
        {
            foreach (var worker in workers)
            {
                worker.Writer.Abandon();
                worker.Stored.Clear();
            }
            throw;
        }
        foreach (var worker in workers)
        {
            worker.Writer.Finish();
            foreach (var (inode, page, pointer) in worker.Stored)
            {
                inode.Map.Set(page, pointer);
            }
            worker.Stored.Clear();
        }
    }

    // Changed chunks in the order of the files, so that what is read together lies together.
    private Chunk[] Changed()
    {
        var chunks = new Chunk[dirty.Count];
        var at = chunks.Length;
        for (var chunk = dirty.First; chunk is not null; chunk = chunk.Next)
        {
            chunks[--at] = chunk;
        }
        Array.Sort(chunks, static (a, b) => a.Owner.Number != b.Owner.Number ? a.Owner.Number.CompareTo(b.Owner.Number) : a.Index.CompareTo(b.Index));
        return chunks;
    }
}
