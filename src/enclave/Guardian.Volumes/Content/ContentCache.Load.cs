using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Refusals;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <content>Reads pages that are not in memory, ahead of a program that reads in order.</content>
internal sealed partial class ContentCache
{
    // Chunks: 1 MiB is enough work to share, and little to read in vain.
    private const int MaxReadAhead = 64;

    // Hashes of pages that were read past the memory, as many as the memory holds.
    private readonly int[] readPast;

    private readonly List<Job> jobs = [];
    private readonly Action<int, int> execute;

    // One record to read, and the pages of a chunk that it fills. Without a chunk the target is in a caller's buffer, which stays pinned
    // until all jobs are done.
    private unsafe struct Job
    {
        public Chunk? Chunk;
        public required byte* Target;
        public required RecordPointer Pointer;
        public required int Pages;
        public Exception? Failure;
    }

    // Loads pages of a chunk, and the chunks behind it: as far as the caller reads, and further when it has been reading in order.
    private Chunk LoadPages(Inode inode, long index, int pages, long last)
    {
        inode.ReadAhead = index == inode.NextIndex ? Math.Min(MaxReadAhead, Math.Max(4, inode.ReadAhead * 2)) : 0;
        var end = Math.Min(Math.Max(last, index + inode.ReadAhead), ((long)inode.Size - 1) / Page.ChunkSize);
        end = Math.Min(end, index + MaxReadAhead);
        jobs.Clear();
        var chunk = Obtain(inode, index);
        PlanReads(chunk, pages);
        for (var next = index + 1; next <= end; next++)
        {
            if (!inode.Chunks.ContainsKey(next))
            {
                PlanReads(Obtain(inode, next), Chunk.AllPages);
            }
        }
        inode.NextIndex = Math.Max(index, end) + 1;
        RunJobs();
        Exception? failure = null;
        foreach (ref var job in CollectionsMarshal.AsSpan(jobs))
        {
            if (job.Failure is null)
            {
                job.Chunk!.Valid |= job.Pages;
            }
            else if (job.Chunk == chunk)
            {
                failure = job.Failure;
            }
        }
        // A failed read ahead is retried, and reported, when a caller needs the chunk.
        return failure is null ? chunk : throw failure;
    }

    // Reads whole chunks past the memory, up to the first one that is in memory. Returns the bytes read.
    private unsafe int ReadThrough(Inode inode, long index, Span<byte> buffer)
    {
        jobs.Clear();
        var count = 0;
        fixed (byte* start = buffer)
        {
            while ((count + 1) * Page.ChunkSize <= buffer.Length && !inode.Chunks.ContainsKey(index + count))
            {
                PlanReads(inode, index + count, start + (count * Page.ChunkSize));
                count++;
            }
            RunJobs();
        }
        inode.NextIndex = index + count;
        foreach (ref var job in CollectionsMarshal.AsSpan(jobs))
        {
            if (job.Failure is not null)
            {
                throw job.Failure;
            }
        }
        return count * Page.ChunkSize;
    }

    // Reads a whole record straight into the caller's buffer when the memory is full and the record was not read before: only records that
    // are read twice may evict others.
    private bool TryReadPast(Inode inode, long index, int at, Span<byte> buffer)
    {
        if (clean.Count + dirty.Count < capacity || index == inode.NextIndex || at % Page.Size != 0)
        {
            return false;
        }
        var page = (index * RecordPointer.MaxPages) + (at / Page.Size);
        var pointer = inode.Map.Find(page);
        if (pointer.IsNone || pointer.First != at / Page.Size || pointer.Count * Page.Size != buffer.Length)
        {
            return false;
        }
        var name = HashCode.Combine(inode.Number, page);
        ref var last = ref readPast[unchecked((uint)name) % (uint)readPast.Length];
        if (last == name)
        {
            return false;
        }
        last = name;
        Reader.Read(pointer, buffer);
        inode.NextIndex = index + 1;
        return true;
    }

    private void RunJobs() => pool.Run(jobs.Count, jobs.Count >= MinShared, execute);

    // Adds the jobs that fill one chunk of a caller's buffer.
    private unsafe void PlanReads(Inode inode, long index, byte* target)
    {
        var first = index * RecordPointer.MaxPages;
        var missing = Chunk.AllPages;
        for (var place = 0; place < RecordPointer.MaxPages; place++)
        {
            if ((missing & (1 << place)) == 0)
            {
                continue;
            }
            var pointer = inode.Map.Find(first + place);
            if (pointer.IsNone)
            {
                new Span<byte>(target + (place * Page.Size), Page.Size).Clear();
                continue;
            }
            var filled = PagesOfRecord(inode, first, place, pointer, missing);
            jobs.Add(new Job { Target = target, Pointer = pointer, Pages = filled });
            missing &= ~filled;
        }
    }

    // The wanted pages of a chunk that a record holds.
    private static int PagesOfRecord(Inode inode, long first, int place, in RecordPointer pointer, int wanted)
    {
        var filled = 0;
        for (var other = pointer.First; other < pointer.First + pointer.Count; other++)
        {
            if ((wanted & (1 << other)) != 0 && (other == place || inode.Map.Find(first + other).Slot == pointer.Slot))
            {
                filled |= 1 << other;
            }
        }
        return filled;
    }

    // Adds the jobs that fill pages of a chunk in memory.
    private unsafe void PlanReads(Chunk chunk, int pages)
    {
        var first = chunk.Index * RecordPointer.MaxPages;
        for (var place = 0; place < RecordPointer.MaxPages; place++)
        {
            var bit = 1 << place;
            if ((pages & ~chunk.Valid & bit) == 0)
            {
                continue;
            }
            var pointer = chunk.Owner.Map.Find(first + place);
            if (pointer.IsNone)
            {
                chunk.Data.Slice(place * Page.Size, Page.Size).Clear();
                chunk.Valid |= bit;
                continue;
            }
            var filled = PagesOfRecord(chunk.Owner, first, place, pointer, ~chunk.Valid);
            // Slabs are pinned.
            fixed (byte* target = chunk.Data)
            {
                jobs.Add(new Job { Chunk = chunk, Target = target, Pointer = pointer, Pages = filled });
            }
            pages &= ~filled;
        }
    }

    private unsafe void ExecuteJob(int worker, int index)
    {
        ref var job = ref CollectionsMarshal.AsSpan(jobs)[index];
        var pointer = job.Pointer;
        var all = ((1 << pointer.Count) - 1) << pointer.First;
        var target = new Span<byte>(job.Target + (pointer.First * Page.Size), pointer.Count * Page.Size);
        try
        {
            if (job.Pages == all)
            {
                workers[worker].Reader.Read(pointer, target);
                return;
            }
            // Some of its pages changed since; those stay as they are.
            var scratch = workers[worker].Scratch.AsSpan(0, target.Length);
            workers[worker].Reader.Read(pointer, scratch);
            for (var page = 0; page < pointer.Count; page++)
            {
                if ((job.Pages >> (pointer.First + page) & 1) != 0)
                {
                    scratch.Slice(page * Page.Size, Page.Size).CopyTo(target[(page * Page.Size)..]);
                }
            }
        }
        catch (Exception failure) when (failure is RefusedException or IOException or CryptographicException)
        {
            job.Failure = failure;
        }
    }
}
