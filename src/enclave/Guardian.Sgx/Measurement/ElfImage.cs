using System.Buffers.Binary;

namespace Guardian.Sgx.Measurement;

/// <summary>The parts of an ELF64 shared object that its loading into an enclave needs: segments and relocated pages.</summary>
internal sealed class ElfImage
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int MaxSegments = 64;
    private const uint Load = 1;
    private const uint Dynamic = 2;

    // Dynamic tags: addresses and sizes of the relocation tables.
    private const ulong Rela = 7;
    private const ulong RelaSize = 8;
    private const ulong JumpRela = 23;
    private const ulong JumpRelaSize = 2;
    private const int RelaEntrySize = 24;

    private readonly byte[] file;

    private ElfImage(byte[] file, List<Segment> segments)
    {
        this.file = file;
        Segments = segments;
    }

    /// <summary>The loaded segments, in the order of the file.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>The address at which execution begins.</summary>
    public required ulong EntryPoint { get; init; }

    /// <summary>Numbers of the pages that relocations write: address divided by page size.</summary>
    public required IReadOnlySet<ulong> RelocatedPages { get; init; }

    public ReadOnlySpan<byte> Content(Segment segment) => file.AsSpan((int)segment.FileOffset, (int)segment.FileSize);

    /// <summary>Reads an image; null when it is no ELF64 for x86-64 or a size does not fit. Never throws for any content.</summary>
    public static ElfImage? TryRead(byte[] file)
    {
        if (file.Length < HeaderSize || !file.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8)
            || Read16(file, 18) != 62 || Read16(file, 54) != ProgramHeaderSize)
        {
            return null;
        }
        var (start, count) = (Read64(file, 32), Read16(file, 56));
        if (count > MaxSegments || start > (ulong)file.Length || (ulong)file.Length - start < (ulong)count * ProgramHeaderSize)
        {
            return null;
        }
        var segments = new List<Segment>();
        foreach (var i in Enumerable.Range(0, count))
        {
            var at = (int)start + (i * ProgramHeaderSize);
            var segment = new Segment(
                Read32(file, at), Read32(file, at + 4), Read64(file, at + 8), Read64(file, at + 16), Read64(file, at + 32),
                Read64(file, at + 40));
            var isInFile = segment.FileOffset <= (ulong)file.Length && segment.FileSize <= (ulong)file.Length - segment.FileOffset;
            var isInEnclave = segment.Address <= EnclaveMeasurementLimits.MaxEnclaveSize
                && segment.MemorySize <= EnclaveMeasurementLimits.MaxEnclaveSize;
            if (!isInFile || !isInEnclave || segment.FileSize > segment.MemorySize)
            {
                return null;
            }
            segments.Add(segment);
        }
        var loaded = segments.Where(segment => segment.Kind == Load).ToList();
        return FindRelocatedPages(file, segments, loaded) is { } relocated
            ? new ElfImage(file, loaded) { EntryPoint = Read64(file, 24), RelocatedPages = relocated }
            : null;
    }

    private static HashSet<ulong>? FindRelocatedPages(byte[] file, List<Segment> segments, List<Segment> loaded)
    {
        var pages = new HashSet<ulong>();
        if (segments.FirstOrDefault(segment => segment.Kind == Dynamic) is not { } dynamic)
        {
            return pages;
        }
        var tags = new Dictionary<ulong, ulong>();
        for (var at = dynamic.FileOffset; at + 16 <= dynamic.FileOffset + dynamic.FileSize; at += 16)
        {
            tags.TryAdd(Read64(file, (int)at), Read64(file, (int)at + 8));
        }
        foreach (var (table, size) in new[] { (Rela, RelaSize), (JumpRela, JumpRelaSize) })
        {
            if (!tags.TryGetValue(table, out var address) || !tags.TryGetValue(size, out var bytes))
            {
                continue;
            }
            if (loaded.FirstOrDefault(segment => segment.HasInFile(address, bytes)) is not { } holder)
            {
                return null;
            }
            var start = holder.FileOffset + (address - holder.Address);
            for (var entry = 0UL; entry + RelaEntrySize <= bytes; entry += RelaEntrySize)
            {
                pages.Add(Read64(file, (int)(start + entry)) / EnclaveMeasurement.PageSize);
            }
        }
        return pages;
    }

    private static ushort Read16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint Read32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong Read64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
}

/// <summary>A program header.</summary>
/// <param name="Kind">The type of segment.</param>
/// <param name="Flags">ELF's: execute 1, write 2, read 4.</param>
/// <param name="FileOffset">Bytes from the start of the file.</param>
/// <param name="Address">Bytes from the base of the image.</param>
/// <param name="FileSize">Bytes in the file.</param>
/// <param name="MemorySize">Bytes in memory; those beyond the file are zero.</param>
internal sealed record Segment(uint Kind, uint Flags, ulong FileOffset, ulong Address, ulong FileSize, ulong MemorySize)
{
    /// <summary>The address after the last byte in memory.</summary>
    public ulong End => Address + MemorySize;

    /// <summary>Whether the file has the bytes of an address range of this segment.</summary>
    public bool HasInFile(ulong address, ulong size) =>
        address >= Address && address - Address <= FileSize && size <= FileSize - (address - Address);
}

/// <summary>Bounds of measured enclaves.</summary>
internal static class EnclaveMeasurementLimits
{
    /// <summary>The largest enclave, in bytes. Without a bound, a few bytes could cause work for years.</summary>
    public const ulong MaxEnclaveSize = 64UL * 1024 * 1024 * 1024;

    /// <summary>The largest number of pages: 1 GiB of content.</summary>
    public const int MaxPages = 256 * 1024;
}
