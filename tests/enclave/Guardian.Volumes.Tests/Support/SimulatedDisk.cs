using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Tests.Support;

/// <summary>A disk with a cache, in memory. When the power fails, writes since the last sync may be lost: in part, in any order, sector by
/// sector. A test can make one operation fail, or all from one on.</summary>
internal sealed class SimulatedDisk(Random random) : IStorage
{
    private const int SectorSize = 512;

    // ENOSPC
    private const int NoSpace = 28;

    private readonly List<(long Offset, byte[] Data)> pending = [];
    private readonly HashSet<long> holes = [];
    private byte[] seen = [];
    private byte[] safe = [];

    /// <summary>Count of operations that change something.</summary>
    public int Operations { get; private set; }

    /// <summary>Count of reads.</summary>
    public int Reads { get; private set; }

    /// <summary>The operation at which the power fails, from 1; 0 for never.</summary>
    public int FailAt { get; set; }

    /// <summary>Whether only that one operation fails, and the disk goes on.</summary>
    public bool FailsOnce { get; set; }

    public bool IsDead { get; private set; }

    /// <summary>Whether there is no space for any write.</summary>
    public bool IsFull { get; set; }

    /// <summary>The most bytes of the container.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Whether others have taken all space that the container does not have already; its holes have none.</summary>
    public bool IsTaken { get; set; }

    /// <summary>The error of a disk without space: ENOSPC, or EDQUOT.</summary>
    public int FullError { get; set; } = NoSpace;

    /// <summary>The bytes that a reader sees now. A test may change them.</summary>
    public byte[] Bytes
    {
        get => seen;
        set => (seen, safe) = (value, [.. value]);
    }

    public long Size => seen.Length;

    public void Read(long offset, Span<byte> buffer)
    {
        Reads++;
        if (offset + buffer.Length > seen.Length)
        {
            throw new EndOfStreamException();
        }
        seen.AsSpan((int)offset, buffer.Length).CopyTo(buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (pending)
        {
            Fill(offset, data.Length);
            var isLost = Step();
            pending.Add((offset, data.ToArray()));
            if (isLost)
            {
                throw new IOException("simulated: write");
            }
            if (offset + data.Length > seen.Length)
            {
                Array.Resize(ref seen, (int)(offset + data.Length));
            }
            data.CopyTo(seen.AsSpan((int)offset));
        }
    }

    public void SetSize(long size)
    {
        lock (pending)
        {
            if (Step())
            {
                throw new IOException("simulated: size");
            }
            Array.Resize(ref seen, (int)size);
        }
    }

    public void Reserve(long offset, long size)
    {
        lock (pending)
        {
            if (Step())
            {
                throw new IOException("simulated: reserve");
            }
            if (offset + size > seen.Length)
            {
                if (IsTaken || offset + size > Capacity)
                {
                    throw new IOException("simulated: full", FullError);
                }
                Array.Resize(ref seen, (int)(offset + size));
            }
            Fill(offset, size);
        }
    }

    public void Clear(long offset, long size)
    {
        Write(offset, new byte[size]);
        holes.UnionWith(Sectors(offset, size));
    }

    public void Sync()
    {
        lock (pending)
        {
            if (Step())
            {
                throw new IOException("simulated: sync");
            }
            safe = [.. seen];
            pending.Clear();
        }
    }

    /// <summary>Turns the power off, for this disk forever.</summary>
    /// <returns>The disk when the power is back: writes that were not synced are there completely, in part, or not at all.</returns>
    public SimulatedDisk Crash()
    {
        lock (pending)
        {
            IsDead = true;
            // A change of the size may be lost too.
            var length = random.Next(2) == 0 ? safe.Length : seen.Length;
            Array.Resize(ref safe, length);
            foreach (var (offset, data) in pending)
            {
                // Each write arrived whole, not at all, or sector by sector.
                var fate = random.Next(3);
                for (var at = 0; at < data.Length; at += SectorSize)
                {
                    var size = Math.Min(SectorSize, data.Length - at);
                    if ((fate == 0 || (fate == 1 && random.Next(2) == 0)) && offset + at + size <= safe.Length)
                    {
                        data.AsSpan(at, size).CopyTo(safe.AsSpan((int)offset + at));
                    }
                }
            }
            return new SimulatedDisk(random) { Bytes = [.. safe] };
        }
    }

    public SimulatedDisk Copy() => new(new Random(1)) { Bytes = [.. seen] };

    public void Dispose()
    {
    }

    private static IEnumerable<long> Sectors(long offset, long size) =>
        Enumerable.Range((int)(offset / SectorSize), (int)(size / SectorSize)).Select(sector => (long)sector);

    private void Fill(long offset, long size)
    {
        if (IsFull || (IsTaken && holes.Overlaps(Sectors(offset, size))))
        {
            throw new IOException("simulated: full", FullError);
        }
        holes.ExceptWith(Sectors(offset, size));
    }

    private bool Step()
    {
        Operations++;
        var fails = Operations == FailAt;
        IsDead |= fails && !FailsOnce;
        return fails || IsDead;
    }
}
