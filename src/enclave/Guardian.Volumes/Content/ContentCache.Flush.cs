using System.Numerics;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <content>Writing changes.</content>
internal sealed partial class ContentCache
{
    // Where what was stored.
    private readonly List<(Inode Inode, long Page, RecordPointer Pointer)> stored = [];

    /// <summary>Encrypts all changed pages into free slots and makes the files refer to them. When that fails, everything is as before.</summary>
    /// <remarks>They are on the storage after <see cref="Drain"/>.</remarks>
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
        try
        {
            foreach (var chunk in chunks)
            {
                Store(chunk.Owner, chunk.Index, chunk.Dirty, chunk.Data);
            }
        }
        catch
        {
            TakeBack();
            throw;
        }
        Settle();
        foreach (var chunk in chunks)
        {
            MarkStored(chunk);
        }
    }

    /// <summary>Returns when everything stored so far is on the storage.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Drain() => Writer.Drain();

    /// <summary>Writes whole chunks at once, past the memory of the cache: who writes much at once seldom needs it again soon. When that fails, everything is as before.</summary>
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
                Store(inode, index + i, Chunk.AllPages, data.Slice(i * Page.ChunkSize, Page.ChunkSize));
            }
        }
        catch
        {
            TakeBack();
            throw;
        }
        Settle();
        for (var i = 0; i < count; i++)
        {
            if (inode.Chunks.TryGetValue(index + i, out var older))
            {
                Forget(older, 0);
            }
        }
    }

    private void Store(Inode inode, long index, int pages, ReadOnlySpan<byte> content)
    {
        while (pages != 0)
        {
            var place = BitOperations.TrailingZeroCount(pages);
            var count = Writer.Room(BitOperations.TrailingZeroCount(~(pages >> place)));
            var pointer = Writer.Append(content.Slice(place * Page.Size, count * Page.Size), place, inode.ContentProtection);
            stored.Add((inode, (index * RecordPointer.MaxPages) + place, pointer));
            pages &= ~(((1 << count) - 1) << place);
        }
    }

    private void TakeBack()
    {
        Writer.Abandon();
        stored.Clear();
    }

    // Makes the files refer to what was stored.
    private void Settle()
    {
        Writer.Finish();
        foreach (var (inode, page, pointer) in stored)
        {
            inode.Map.Set(page, pointer);
        }
        stored.Clear();
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
