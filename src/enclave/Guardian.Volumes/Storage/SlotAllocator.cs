using System.Numerics;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Storage;

/// <summary>A row of neighbouring slots.</summary>
internal readonly record struct Extent(long Slot, int Count);

/// <summary>
/// Knows which slots are free. A slot that the current state of the volume refers to becomes free only when the next state is safe; one that no safe state ever referred to
/// becomes free at once. Thread-safe.
/// </summary>
internal sealed class SlotAllocator
{
    /// <summary>Largest container: 64 TiB, far above what the bitmaps should take of an enclave's memory.</summary>
    public const long MaxSlots = 1L << 34;

    /// <summary>Containers grow in steps, so that their size says little: 1 MiB, or a sixteenth when that is more.</summary>
    public const long GrowthStep = 256;

    private const int WordBits = 64;

    // Extents shorter than this are taken only when so much of the container is free that growing would be waste.
    private const int GoodExtent = 16;

    private readonly Lock gate = new();
    private readonly IStorage storage;
    private ulong[] used;
    private ulong[] fresh;
    private List<Extent> retired = [];
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

    /// <summary>How many of them are free now.</summary>
    public long FreeCount { get; private set; }

    /// <summary>Takes a row that a stored state refers to; false when part of it is taken already or lies outside.</summary>
    public bool TryMark(long slot, int count)
    {
        if (slot < 0 || slot + count > Count)
        {
            return false;
        }
        for (var at = slot; at < slot + count; at++)
        {
            if (Has(used, at))
            {
                return false;
            }
            Set(used, at, true);
            FreeCount--;
        }
        return true;
    }

    /// <summary>Takes a row of at most <paramref name="wanted"/> neighbouring slots, and at least one; the container grows when it must.</summary>
    /// <exception cref="IOException">It cannot grow.</exception>
    public Extent Reserve(int wanted)
    {
        lock (gate)
        {
            var best = FreeCount > 0 ? Find(wanted) : default;
            if (best.Count < Math.Min(wanted, GoodExtent) && FreeCount * 4 <= Count)
            {
                cursor = Count;
                Grow();
                best = Find(wanted);
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

    /// <summary>Gives back slots that the next state does not refer to any more.</summary>
    public void Free(long slot, int count)
    {
        lock (gate)
        {
            // A record lies in slots that were taken together, so they are all fresh or none is.
            if (Has(fresh, slot))
            {
                Release(new Extent(slot, count));
            }
            else
            {
                retired.Add(new Extent(slot, count));
            }
        }
    }

    /// <summary>Gives back the end of what <see cref="Reserve"/> gave: nothing was stored there, so the next row begins there.</summary>
    public void GiveBack(Extent rest)
    {
        lock (gate)
        {
            Release(rest);
            cursor = rest.Slot;
        }
    }

    /// <summary>A state that refers to everything taken so far is about to be written. Gives the slots that become free when it is safe: see <see cref="Release(List{Extent})"/>.</summary>
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

    /// <summary>The state after those slots is safe: they are free.</summary>
    public void Release(List<Extent> extents)
    {
        lock (gate)
        {
            extents.ForEach(Release);
        }
    }

    /// <summary>All free rows, whole.</summary>
    public IEnumerable<(long Slot, long Count)> FreeExtents()
    {
        var at = 0L;
        while (at < Count)
        {
            var start = Next(at, Count, isUsed: false);
            at = Next(start, Count, isUsed: true);
            if (at > start)
            {
                yield return (start, at - start);
            }
        }
    }

    /// <summary>Cuts free slots off the end, in whole steps of growth; false when there are none to cut.</summary>
    public bool Trim()
    {
        var last = Count - 1;
        while (!Has(used, last))
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

    /// <summary>The size to which so many slots are rounded.</summary>
    public static long RoundUp(long slots) => (slots + GrowthStep - 1) / GrowthStep * GrowthStep;

    private static long WordsFor(long slots) => (slots + WordBits - 1) / WordBits;

    private static bool Has(ulong[] bits, long slot) => (bits[slot / WordBits] >> (int)(slot % WordBits) & 1) != 0;

    private static void Set(ulong[] bits, long slot, bool value)
    {
        var bit = 1UL << (int)(slot % WordBits);
        bits[slot / WordBits] = value ? bits[slot / WordBits] | bit : bits[slot / WordBits] & ~bit;
    }

    private void Release(Extent extent)
    {
        for (var at = extent.Slot; at < extent.Slot + extent.Count; at++)
        {
            Set(used, at, false);
            Set(fresh, at, false);
        }
        FreeCount += extent.Count;
    }

    private void Grow()
    {
        var count = Count + Math.Max(GrowthStep, RoundUp(Count / 16));
        if (count > MaxSlots)
        {
            throw new IOException("the volume cannot grow any further");
        }
        storage.SetSize(count * Page.Size);
        Array.Resize(ref used, (int)WordsFor(count));
        Array.Resize(ref fresh, (int)WordsFor(count));
        FreeCount += count - Count;
        Count = count;
    }

    // The first good row from the cursor on, round the end; else the longest.
    private Extent Find(int wanted)
    {
        var best = default(Extent);
        foreach (var (from, to) in new[] { (cursor, Count), (0L, cursor) })
        {
            var at = from;
            while (at < to)
            {
                var start = Next(at, to, isUsed: false);
                if (start >= to)
                {
                    break;
                }
                at = Next(start, Math.Min(to, start + wanted), isUsed: true);
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

    // The next slot at or after one that is used, or free; the limit when there is none before it.
    private long Next(long at, long limit, bool isUsed)
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
