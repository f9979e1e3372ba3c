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
        var pieces = (chunks.Length + ChunksPerPiece - 1) / ChunksPerPiece;
        try
        {
            crew.Run(pieces, pieces - 1, (worker, piece) =>
            {
                foreach (var chunk in chunks.AsSpan(piece * ChunksPerPiece, Math.Min(ChunksPerPiece, chunks.Length - (piece * ChunksPerPiece))))
                {
                    Store(workers[worker], chunk);
                }
            });
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
        Array.ForEach(workers, Accept);
    }

    private void Accept(Worker worker)
    {
        worker.Writer.Finish();
        foreach (var (chunk, place, pointer) in worker.Stored)
        {
            chunk.Owner.Map.Set((chunk.Index * RecordPointer.MaxPages) + place, pointer);
            if (chunk.Dirty != 0)
            {
                MarkClean(chunk);
            }
        }
        worker.Stored.Clear();
    }

    private static void Store(Worker worker, Chunk chunk)
    {
        var rest = chunk.Dirty;
        while (rest != 0)
        {
            var place = BitOperations.TrailingZeroCount(rest);
            var count = worker.Writer.Room(BitOperations.TrailingZeroCount(~(rest >> place)));
            var content = chunk.Data.AsSpan(place * Page.Size, count * Page.Size);
            worker.Stored.Add((chunk, place, worker.Writer.Append(content, place, chunk.Owner.ContentProtection)));
            rest &= ~(((1 << count) - 1) << place);
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
