using System.Numerics;
using Guardian.Refusals;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <content>Writes changes.</content>
internal sealed partial class ContentCache
{
    // The records that were stored, until the files refer to them.
    private readonly List<(Inode Inode, long Page, RecordPointer Pointer)> stored = [];

    /// <summary>Encrypts all changed pages into free slots and makes the files refer to them. When that fails, everything is as
    /// before.</summary>
    /// <remarks>The pages are on the storage after <see cref="Drain"/>.</remarks>
    /// <exception cref="IOException">The storage failed.</exception>
    /// <exception cref="RefusedException">A node is damaged.</exception>
    public void Flush()
    {
        if (dirty.Count == 0)
        {
            return;
        }
        var chunks = SortDirtyChunks();
        foreach (var chunk in chunks)
        {
            chunk.Owner.Map.Prepare(chunk.Index * RecordPointer.MaxPages);
        }
        try
        {
            foreach (var chunk in chunks)
            {
                StorePages(chunk.Owner, chunk.Index, chunk.Dirty, chunk.Data);
            }
        }
        catch
        {
            RollBackRecords();
            throw;
        }
        ApplyRecords();
        foreach (var chunk in chunks)
        {
            MarkStored(chunk);
        }
    }

    /// <summary>Returns when all pages and nodes stored so far are on the storage.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Drain() => Writer.Drain();

    /// <summary>Writes whole chunks past the memory of the cache: a program that writes much at once seldom needs it again soon.
    /// When that fails, everything is as before.</summary>
    /// <inheritdoc cref="Flush" path="/exception"/>
    public void WriteThrough(Inode inode, long index, ReadOnlySpan<byte> data)
    {
        var count = data.Length / Page.ChunkSize;
        for (var i = 0; i < count; i++)
        {
            inode.Map.Prepare((index + i) * RecordPointer.MaxPages);
        }
        try
        {
            for (var i = 0; i < count; i++)
            {
                StorePages(inode, index + i, Chunk.AllPages, data.Slice(i * Page.ChunkSize, Page.ChunkSize));
            }
        }
        catch
        {
            RollBackRecords();
            throw;
        }
        ApplyRecords();
        for (var i = 0; i < count; i++)
        {
            if (inode.Chunks.TryGetValue(index + i, out var older))
            {
                Evict(older, 0);
            }
        }
    }

    private void StorePages(Inode inode, long index, int pages, ReadOnlySpan<byte> content)
    {
        while (pages != 0)
        {
            var place = BitOperations.TrailingZeroCount(pages);
            var count = Writer.ReservePages(BitOperations.TrailingZeroCount(~(pages >> place)));
            var pointer = Writer.Append(content.Slice(place * Page.Size, count * Page.Size), place, inode.ContentProtection);
            stored.Add((inode, (index * RecordPointer.MaxPages) + place, pointer));
            pages &= ~(((1 << count) - 1) << place);
        }
    }

    private void RollBackRecords()
    {
        Writer.Abandon();
        stored.Clear();
    }

    // Makes the files refer to the stored records.
    private void ApplyRecords()
    {
        Writer.Finish();
        foreach (var (inode, page, pointer) in stored)
        {
            inode.Map.Set(page, pointer);
        }
        stored.Clear();
    }

    // In the order of the files, so that pages that are read together lie together.
    private Chunk[] SortDirtyChunks()
    {
        var chunks = new Chunk[dirty.Count];
        var at = chunks.Length;
        for (var chunk = dirty.First; chunk is not null; chunk = chunk.Next)
        {
            chunks[--at] = chunk;
        }
        Array.Sort(chunks, static (a, b) => a.Owner.Number != b.Owner.Number
            ? a.Owner.Number.CompareTo(b.Owner.Number)
            : a.Index.CompareTo(b.Index));
        return chunks;
    }
}
