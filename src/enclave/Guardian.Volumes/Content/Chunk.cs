using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <summary>Four neighbouring pages of a file in memory.</summary>
internal sealed class Chunk(Inode owner, long index, ChunkMemory memory)
{
    /// <summary>The bits of all four pages.</summary>
    public const int AllPages = (1 << RecordPointer.MaxPages) - 1;

    public Inode Owner { get; } = owner;

    public long Index { get; } = index;

    public ChunkMemory Memory { get; } = memory;

    public Span<byte> Data => Memory.Slab.AsSpan(Memory.Offset, Page.ChunkSize);

    /// <summary>The pages that hold the content of the file, a bit each.</summary>
    public int Valid { get; set; }

    /// <summary>The pages that differ from what is stored; a subset of <see cref="Valid"/>.</summary>
    public int Dirty { get; set; }

    internal Chunk? Previous { get; set; }

    internal Chunk? Next { get; set; }
}

/// <summary>The memory of a chunk: a part of a large array that the collector never moves.</summary>
internal readonly record struct ChunkMemory(byte[] Slab, int Offset);

/// <summary>Chunks in the order of their last use. A chunk is in at most one list.</summary>
internal sealed class ChunkList
{
    private Chunk? last;

    public Chunk? First { get; private set; }

    public Chunk? Last => last;

    public int Count { get; private set; }

    public void AddFirst(Chunk chunk)
    {
        chunk.Next = First;
        if (First is not null)
        {
            First.Previous = chunk;
        }
        First = chunk;
        last ??= chunk;
        Count++;
    }

    public void Remove(Chunk chunk)
    {
        if (chunk.Previous is null)
        {
            First = chunk.Next;
        }
        else
        {
            chunk.Previous.Next = chunk.Next;
        }
        if (chunk.Next is null)
        {
            last = chunk.Previous;
        }
        else
        {
            chunk.Next.Previous = chunk.Previous;
        }
        (chunk.Previous, chunk.Next) = (null, null);
        Count--;
    }
}
