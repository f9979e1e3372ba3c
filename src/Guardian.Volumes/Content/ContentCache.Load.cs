using System.Runtime.InteropServices;

namespace Guardian.Volumes;

/// <content>Reading what is not in memory, ahead of whoever reads straight on.</content>
internal sealed partial class ContentCache
{
    // Chunks: 1 MiB is enough work to share, and little to have read in vain.
    private const int MaxReadAhead = 64;

    // Fewer records are read sooner than another thread wakes.
    private const int MinShared = 6;

    private readonly List<Job> jobs = [];

    // One record to read, and which pages of the chunk it fills.
    private struct Job
    {
        public required Chunk Chunk;
        public required RecordPointer Pointer;
        public required int Pages;
        public Exception? Failure;
    }

    // Loads pages of a chunk, and whole chunks behind it: as far as the caller reads, and further when it has been reading straight on.
    private Chunk Load(Inode inode, long index, int pages, long last)
    {
        inode.ReadAhead = index == inode.NextIndex ? Math.Min(MaxReadAhead, Math.Max(4, inode.ReadAhead * 2)) : 0;
        var end = Math.Min(Math.Max(last, index + inode.ReadAhead), ((long)inode.Size - 1) / Page.ChunkSize);
        end = Math.Min(end, index + MaxReadAhead);
        jobs.Clear();
        var chunk = Obtain(inode, index);
        Plan(chunk, pages);
        for (var next = index + 1; next <= end; next++)
        {
            if (!inode.Chunks.ContainsKey(next))
            {
                Plan(Obtain(inode, next), Chunk.AllPages);
            }
        }
        inode.NextIndex = Math.Max(index, end) + 1;
        if (jobs.Count < MinShared)
        {
            for (var job = 0; job < jobs.Count; job++)
            {
                Execute(0, job);
            }
        }
        else
        {
            crew.Run(jobs.Count, crew.Size - 1, Execute);
        }
        Exception? failure = null;
        foreach (ref var job in CollectionsMarshal.AsSpan(jobs))
        {
            if (job.Failure is null)
            {
                job.Chunk.Valid |= job.Pages;
            }
            else if (job.Chunk == chunk)
            {
                failure = job.Failure;
            }
        }
        // What was read ahead in vain is tried again, and reported, when it is needed.
        return failure is null ? chunk : throw failure;
    }

    private void Plan(Chunk chunk, int pages)
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
                chunk.Data.AsSpan(place * Page.Size, Page.Size).Clear();
                chunk.Valid |= bit;
                continue;
            }
            var filled = 0;
            for (var other = pointer.First; other < pointer.First + pointer.Count; other++)
            {
                if ((chunk.Valid & (1 << other)) == 0 && (other == place || chunk.Owner.Map.Find(first + other).Slot == pointer.Slot))
                {
                    filled |= 1 << other;
                }
            }
            jobs.Add(new Job { Chunk = chunk, Pointer = pointer, Pages = filled });
            pages &= ~filled;
        }
    }

    private void Execute(int worker, int index)
    {
        ref var job = ref CollectionsMarshal.AsSpan(jobs)[index];
        var pointer = job.Pointer;
        var all = ((1 << pointer.Count) - 1) << pointer.First;
        var target = job.Chunk.Data.AsSpan(pointer.First * Page.Size, pointer.Count * Page.Size);
        try
        {
            if (job.Pages == all)
            {
                workers[worker].Reader.Read(pointer, target);
                return;
            }
            // Some of its pages were changed since: those stay as they are.
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
        catch (Exception failure) when (failure is VolumeException or IOException)
        {
            job.Failure = failure;
        }
    }
}
