using System.Numerics;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>Neighbouring slots.</summary>
internal readonly record struct Extent(long Slot, int Count);

/// <summary>Tracks which slots are free. Thread-safe.</summary>
/// <remarks>A slot that the current state of the volume refers to becomes free only when the next state is safe. A slot that no safe state
/// ever referred to becomes free at once.</remarks>
internal sealed class SlotAllocator
{
    /// <summary>Slots of the smallest step in which containers grow, so that their size tells little: 1 MiB, or a sixteenth when that is
    /// more.</summary>
    public const long GrowthStep = 256;

    private const int WordBits = 64;

    // The allocator takes shorter extents only when much of the container is free, so that growing would waste space.
    private const int GoodExtent = 16;

    private readonly Lock gate = new();
    private readonly IStorage storage;
    private ulong[] used;
    private ulong[] fresh;
    private List<Extent> retired = [];

    // Free slots that may have no space on the disk. They count as used until they get it.
    private Stack<(long Slot, long Count)> holes = [];
    private long cursor = Superblock.Count;

    public SlotAllocator(IStorage storage, long count)
    {
        this.storage = storage;
        Count = count;
        FreeCount = count;
        used = new ulong[WordsFor(count)];
        fresh = new ulong[WordsFor(count)];
        TryMark(0, Superblock.Count);
    }

    /// <summary>Slots of the container.</summary>
    public long Count { get; private set; }

    /// <summary>Free slots.</summary>
    public long FreeCount { get; private set; }

    /// <summary>Whether slots become free when the next state is safe.</summary>
    public bool HasRetired
    {
        get
        {
            lock (gate)
            {
                return retired.Count > 0;
            }
        }
    }

    /// <summary>Marks slots as used by a stored state; false when some are used already, or lie outside the container.</summary>
    public bool TryMark(long slot, long count)
    {
        if (slot < 0 || slot + count > Count)
        {
            return false;
        }
        for (var at = slot; at < slot + count; at++)
        {
            if (IsSet(used, at))
            {
                return false;
            }
            Set(used, at, true);
            FreeCount--;
        }
        return true;
    }

    /// <summary>Treats all free slots as holes, which an earlier closing made. They get space on the disk before they are taken.</summary>
    public void SetHolesAside()
    {
        holes = new Stack<(long Slot, long Count)>(FreeExtents().Reverse());
        foreach (var (slot, count) in holes)
        {
            TryMark(slot, count);
        }
    }

    /// <summary>Takes at least one and at most <paramref name="wanted"/> neighbouring slots. The container grows when it must.</summary>
    /// <exception cref="IOException">The container cannot grow.</exception>
    public Extent Reserve(int wanted)
    {
        lock (gate)
        {
            var best = FreeCount > 0 ? Find(wanted) : default;
            if (best.Count < Math.Min(wanted, GoodExtent) && FreeCount * 4 <= Count)
            {
                var end = Count;
                if (TryGrow(mustGrow: best.Count == 0))
                {
                    cursor = end;
                    best = Find(wanted);
                }
            }
            for (var at = best.Slot; at < best.Slot + best.Count; at++)
            {
                Set(used, at, true);
                Set(fresh, at, true);
            }
            FreeCount -= best.Count;
            cursor = best.Slot + best.Count;
            return best;
        }
    }

    /// <summary>Makes sure that so many slots are free.</summary>
    /// <exception cref="IOException">The container cannot grow.</exception>
    public void MakeRoom(long slots)
    {
        lock (gate)
        {
            while (FreeCount < slots)
            {
                TryGrow(mustGrow: true);
            }
        }
    }

    /// <summary>Frees slots that the next state does not refer to.</summary>
    public void Free(long slot, int count)
    {
        lock (gate)
        {
            // The slots of a record were taken together, so either all of them are fresh or none is.
            if (IsSet(fresh, slot))
            {
                Release(slot, count);
            }
            else
            {
                retired.Add(new Extent(slot, count));
            }
        }
    }

    /// <summary>Returns the unused end of a reserved extent. The next extent begins there.</summary>
    public void ReturnTail(Extent tail)
    {
        lock (gate)
        {
            Release(tail.Slot, tail.Count);
            cursor = tail.Slot;
        }
    }

    /// <summary>Notes that a state is about to be written which refers to all used slots.</summary>
    /// <returns>The slots to <see cref="Release(List{Extent})"/> when that state is safe.</returns>
    public List<Extent> BeginState()
    {
        lock (gate)
        {
            Array.Clear(fresh);
            var old = retired;
            retired = [];
            return old;
        }
    }

    /// <summary>Frees the slots of an older state, now that a newer one is safe.</summary>
    public void Release(List<Extent> extents)
    {
        lock (gate)
        {
            extents.ForEach(extent => Release(extent.Slot, extent.Count));
        }
    }

    /// <summary>All free extents, each as long as possible.</summary>
    public IEnumerable<(long Slot, long Count)> FreeExtents()
    {
        var at = 0L;
        while (at < Count)
        {
            var start = FindNext(at, Count, isUsed: false);
            at = FindNext(start, Count, isUsed: true);
            if (at > start)
            {
                yield return (start, at - start);
            }
        }
    }

    /// <summary>Removes free slots from the end, holes included, in whole steps of growth; false when there are too few.</summary>
    public bool TryTrim()
    {
        while (holes.TryPop(out var hole))
        {
            Release(hole.Slot, hole.Count);
        }
        var last = Count - 1;
        while (!IsSet(used, last))
        {
            last--;
        }
        var count = Math.Min(Count, RoundUp(last + 1));
        var isCut = count < Count;
        FreeCount -= Count - count;
        Count = count;
        cursor = Math.Min(cursor, count);
        return isCut;
    }

    private static long RoundUp(long slots) => (slots + GrowthStep - 1) / GrowthStep * GrowthStep;

    private static long WordsFor(long slots) => (slots + WordBits - 1) / WordBits;

    private static bool IsSet(ulong[] bits, long slot) => (bits[slot / WordBits] >> (int)(slot % WordBits) & 1) != 0;

    private static void Set(ulong[] bits, long slot, bool value)
    {
        var bit = 1UL << (int)(slot % WordBits);
        bits[slot / WordBits] = value ? bits[slot / WordBits] | bit : bits[slot / WordBits] & ~bit;
    }

    private void Release(long slot, long count)
    {
        for (var at = slot; at < slot + count; at++)
        {
            Set(used, at, false);
            Set(fresh, at, false);
        }
        FreeCount += count;
    }

    // A disk that is nearly full has space for the smallest step only.
    private bool TryGrow(bool mustGrow)
    {
        if (TryFillHoles())
        {
            return true;
        }
        try
        {
            Grow(Math.Max(GrowthStep, RoundUp(Count / 16)));
        }
        catch (IOException) when (!mustGrow)
        {
            return false;
        }
        catch (IOException) when (Count / 16 > GrowthStep)
        {
            Grow(GrowthStep);
        }
        return true;
    }

    // Fills a step of growth, or all that the disk has space for.
    private bool TryFillHoles()
    {
        var left = GrowthStep;
        while (left > 0 && holes.TryPop(out var hole))
        {
            var count = Math.Min(hole.Count, left);
            try
            {
                storage.Reserve(hole.Slot * Page.Size, count * Page.Size);
            }
            catch (IOException)
            {
                holes.Push(hole);
                break;
            }
            if (count < hole.Count)
            {
                holes.Push((hole.Slot + count, hole.Count - count));
            }
            Release(hole.Slot, count);
            left -= count;
        }
        return left < GrowthStep;
    }

    private void Grow(long slots)
    {
        var count = Count + slots;
        if (count > Superblock.MaxSlotCount)
        {
            throw new IOException("the volume cannot grow further");
        }
        storage.Reserve(Count * Page.Size, slots * Page.Size);
        Array.Resize(ref used, (int)WordsFor(count));
        Array.Resize(ref fresh, (int)WordsFor(count));
        FreeCount += count - Count;
        Count = count;
    }

    // The first good extent from the cursor on, wrapping at the end; else the longest.
    private Extent Find(int wanted)
    {
        var best = default(Extent);
        foreach (var (from, to) in new[] { (cursor, Count), (0L, cursor) })
        {
            var at = from;
            while (at < to)
            {
                var start = FindNext(at, to, isUsed: false);
                if (start >= to)
                {
                    break;
                }
                at = FindNext(start, Math.Min(to, start + wanted), isUsed: true);
                if (at - start > best.Count)
                {
                    best = new Extent(start, (int)(at - start));
                }
                if (best.Count >= Math.Min(wanted, GoodExtent))
                {
                    return best;
                }
            }
        }
        return best;
    }

    // The first used (or free) slot from a slot on; the limit when there is none before it.
    private long FindNext(long at, long limit, bool isUsed)
    {
        while (at < limit)
        {
            var word = used[at / WordBits];
            word = (isUsed ? word : ~word) >> (int)(at % WordBits);
            if (word != 0)
            {
                return Math.Min(limit, at + BitOperations.TrailingZeroCount(word));
            }
            at = (at / WordBits + 1) * WordBits;
        }
        return limit;
    }
}
