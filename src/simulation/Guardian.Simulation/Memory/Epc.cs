using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Simulation.Memory;

/// <summary>
/// The enclave page cache with its map (EPCM): 4 KiB pages, each of one enclave, and the reclaimer that writes pages out (EWB) and loads
/// them back (ELDU) when enclaves need more memory than the EPC has. Thread-safe.
/// </summary>
/// <remarks>
/// EWB encrypts a page with AES-GCM under the processor's paging key. Its nonce is a version number that is never used twice; the number of
/// the current version stays inside, in the enclave's version array. ELDU detects a page that was altered, exchanged or replayed outside.
/// </remarks>
public sealed partial class Epc : IDisposable
{
    private const int PageSize = EnclaveMeasurement.PageSize;

    // The driver's watermarks (SGX_NR_LOW_PAGES, SGX_NR_HIGH_PAGES); a small EPC has proportional ones.
    private const int LowPages = 32;
    private const int HighPages = 64;

    private readonly Lock gate = new();
    private readonly NativeMemoryBlock memory;
    private readonly MapEntry[] map;
    private readonly Stack<int> free = new();
    private readonly AesGcm paging = new(RandomNumberGenerator.GetBytes(32), 16);
    private readonly int low;
    private readonly int high;
    private int clockHand;
    private ulong lastVersion;
    private long markedOld;
    private long evicted;
    private long loadedBack;
    private long enclaves;

    /// <param name="size">Bytes of EPC: at least 64 KiB, rounded down to pages.</param>
    public Epc(long size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 16L * PageSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, (long)Array.MaxLength - PageSize);
        var count = (int)(size / PageSize);
        memory = new NativeMemoryBlock(count * PageSize);
        map = new MapEntry[count];
        for (var frame = count - 1; frame >= 0; frame--)
        {
            free.Push(frame);
        }
        low = Math.Min(LowPages, count / 8);
        high = Math.Min(HighPages, count / 4);
    }

    /// <summary>The counters now.</summary>
    public EpcCounters Counters
    {
        get
        {
            lock (gate)
            {
                return new EpcCounters(
                    map.Length, free.Count, low, high, markedOld, evicted, map.Length - free.Count, loadedBack, enclaves);
            }
        }
    }

    /// <summary>The encrypted pages outside, which the host can reach. Tests change them as a host would.</summary>
    internal Dictionary<(EpcEnclave Owner, ulong Offset), EvictedPage> MainMemory { get; } = [];

    /// <summary>ECREATE: makes an enclave without pages; its SECS takes one.</summary>
    public EpcEnclave CreateEnclave()
    {
        lock (gate)
        {
            var enclave = new EpcEnclave();
            AssignFrame(AllocateFrame(), new MapEntry(enclave, 0, PageKind.Secs));
            enclaves++;
            return enclave;
        }
    }

    /// <summary>EADD: adds a page to an enclave.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="offset">Bytes from the enclave's base, a multiple of 4096.</param>
    /// <param name="flags">Permissions and page type.</param>
    /// <param name="content">At most 4096 bytes; the rest is zero.</param>
    public void AddPage(EpcEnclave enclave, ulong offset, PageFlags flags, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(enclave);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % PageSize, 0UL, nameof(offset));
        lock (gate)
        {
            enclave.ThrowIfRemoved();
            // The page gets its version slot first, so that EWB never needs memory.
            if (enclave.Pages.Count % EpcEnclave.VersionsPerPage == 0)
            {
                var array = AllocateFrame();
                AssignFrame(array, new MapEntry(enclave, 0, PageKind.VersionArray));
                enclave.VersionArrays.Add(array);
            }
            var frame = AllocateFrame();
            enclave.Pages.Add(offset, new EpcPage { Frame = frame, Flags = flags, Ordinal = enclave.Pages.Count });
            AssignFrame(frame, new MapEntry(enclave, offset, PageKind.Regular));
            content.CopyTo(Frame(frame));
        }
    }

    /// <summary>Reads an enclave's memory as its own code does; pages that were written out are loaded back.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="offset">Bytes from the enclave's base.</param>
    /// <param name="destination">Receives the bytes.</param>
    /// <exception cref="EpcException">A page is missing, lacks the permission, or was tampered with outside.</exception>
    public void Read(EpcEnclave enclave, ulong offset, Span<byte> destination)
    {
        for (var done = 0; done < destination.Length;)
        {
            lock (gate)
            {
                var source = Access(enclave, offset + (ulong)done, PageFlags.Read);
                var size = Math.Min(source.Length, destination.Length - done);
                source[..size].CopyTo(destination[done..]);
                done += size;
            }
        }
    }

    /// <summary>Writes an enclave's memory as its own code does.</summary>
    /// <param name="enclave">The enclave.</param>
    /// <param name="offset">Bytes from the enclave's base.</param>
    /// <param name="source">The bytes.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public void Write(EpcEnclave enclave, ulong offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            lock (gate)
            {
                var destination = Access(enclave, offset, PageFlags.Write);
                var size = Math.Min(destination.Length, source.Length);
                source[..size].CopyTo(destination);
                source = source[size..];
                offset += (ulong)size;
            }
        }
    }

    /// <summary>EREMOVE of all pages of an enclave, inside and outside.</summary>
    public void Remove(EpcEnclave enclave)
    {
        ArgumentNullException.ThrowIfNull(enclave);
        lock (gate)
        {
            enclave.ThrowIfRemoved();
            for (var frame = 0; frame < map.Length; frame++)
            {
                if (map[frame].Owner == enclave)
                {
                    ReleaseFrame(frame);
                }
            }
            foreach (var offset in enclave.Pages.Keys)
            {
                MainMemory.Remove((enclave, offset));
            }
            enclave.IsRemoved = true;
            enclaves--;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        paging.Dispose();
        memory.Dispose();
    }

    // The bytes from an address to the end of its page.
    private Span<byte> Access(EpcEnclave enclave, ulong offset, PageFlags needed)
    {
        enclave.ThrowIfRemoved();
        var within = (int)(offset % PageSize);
        var start = offset - (ulong)within;
        if (!enclave.Pages.TryGetValue(start, out var page))
        {
            throw new EpcException(EpcFault.NotMapped, $"no page of this enclave lies at offset 0x{offset:x}");
        }
        if (!page.Flags.HasFlag(needed))
        {
            throw new EpcException(EpcFault.Permission, $"the page at offset 0x{start:x} does not allow {needed}");
        }
        if (page.Frame < 0)
        {
            LoadBack(enclave, start, page);
        }
        map[page.Frame].IsReferenced = true;
        return Frame(page.Frame)[within..];
    }

    private Span<byte> Frame(int frame) => memory.Slice(frame * PageSize, PageSize);

    private Span<byte> VersionSlot(EpcEnclave enclave, EpcPage page) =>
        Frame(enclave.VersionArrays[page.Ordinal / EpcEnclave.VersionsPerPage])
            .Slice(page.Ordinal % EpcEnclave.VersionsPerPage * sizeof(ulong), sizeof(ulong));

    private void AssignFrame(int frame, MapEntry entry)
    {
        entry.IsReferenced = true;
        map[frame] = entry;
    }

    private void ReleaseFrame(int frame)
    {
        Frame(frame).Clear();
        map[frame] = default;
        free.Push(frame);
    }

    private enum PageKind
    {
        Free,
        Regular,
        Secs,
        VersionArray,
    }

    /// <summary>EPCM entry.</summary>
    private record struct MapEntry(EpcEnclave? Owner, ulong Offset, PageKind Kind)
    {
        public bool IsReferenced { get; set; }
    }
}
