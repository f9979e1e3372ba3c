using System.Buffers.Binary;

namespace Guardian.Sgx.Measurement;

/// <summary>Adds the pages of an enclave to a measurement, in the order of the SDK's loader: segments, then the layout.</summary>
/// <remarks>
/// A layout entry, little-endian: <c>0 id 2 | 2 attributes 2 | 4 pages 4 | 8 address 8 | 16 content size 4 | 20 content offset 4 |
/// 24 SECINFO flags 8</c>. A group, whose id has bit 12: <c>2 number of entries before it 2 | 4 times 4 | 8 step 8</c>.
/// </remarks>
internal sealed class SdkLoader(ElfImage image, byte[] metadata, ulong enclaveSize, EnclaveMeasurement measurement)
{
    private const int EntrySize = 32;
    private const int GroupFlag = 1 << 12;
    private const int IsAdded = 1;
    private const int IsExtended = 2;
    private const ulong PageSize = EnclaveMeasurement.PageSize;

    // Fields of a thread control structure that hold offsets from the enclave's base.
    private static readonly int[] TcsOffsets = [16, 48, 56];

    private int pages;

    /// <summary>
    /// Whether the loader of 2017 adds a zero page after a segment whose rounded size, from its start within a page, reaches one page
    /// further than its last byte.
    /// </summary>
    public bool HasPageAfterSegments { get; init; }

    /// <summary>Adds all pages.</summary>
    /// <param name="layout">The layout table.</param>
    /// <returns>Null, or the reason why the layout makes no enclave.</returns>
    public string? Load(ReadOnlySpan<byte> layout) => AddSegments() ?? AddLayout(layout, layout.Length / EntrySize, 0, 0);

    private string? AddSegments()
    {
        // The loader's "last" segment is the one with the highest address so far; a segment at address 0 never is.
        Segment? last = null;
        foreach (var segment in image.Segments)
        {
            if ((last is not null && RoundUp(last.End) < segment.Address / PageSize * PageSize ? AddPageAfter(last) : null) is { } before)
            {
                return before;
            }
            if (segment.Address > (last?.Address ?? 0))
            {
                last = segment;
            }
            if (AddSegment(segment) is { } problem)
            {
                return problem;
            }
        }
        return last is null ? null : AddPageAfter(last);
    }

    private string? AddPageAfter(Segment segment) =>
        HasPageAfterSegments && RoundUp(segment.End) < RoundUp(RoundUp(segment.MemorySize) + segment.Address)
            ? AddPage(RoundUp(segment.End), FlagsOf(segment), new byte[PageSize], isExtended: true)
            : null;

    private string? AddSegment(Segment segment)
    {
        var flags = FlagsOf(segment);
        var content = image.Content(segment);
        var end = RoundUp(segment.End) / PageSize;
        for (var number = segment.Address / PageSize; number < end; number++)
        {
            var page = PageOf(segment, content, number * PageSize);
            var relocated = image.RelocatedPages.Contains(number) ? PageFlags.Write : 0;
            if (AddPage(number * PageSize, flags | relocated, page, isExtended: true) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    /// <summary>Makes the page of a segment at an address.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="content">The segment's bytes in the file.</param>
    /// <param name="address">The page's address, in bytes from the enclave's base.</param>
    internal static byte[] PageOf(Segment segment, ReadOnlySpan<byte> content, ulong address)
    {
        var page = new byte[PageSize];
        var from = (long)address - (long)segment.Address;
        var (skip, start) = (Math.Max(0, -from), Math.Max(0, from));
        if (start < content.Length)
        {
            content.Slice((int)start, (int)Math.Min((long)PageSize - skip, content.Length - start)).CopyTo(page.AsSpan((int)skip));
        }
        return page;
    }

    /// <summary>The flags of a segment's pages.</summary>
    internal static PageFlags FlagsOf(Segment segment) => PageFlags.Regular
        | ((segment.Flags & 4) != 0 ? PageFlags.Read : 0)
        | ((segment.Flags & 2) != 0 ? PageFlags.Write : 0)
        | ((segment.Flags & 1) != 0 ? PageFlags.Execute : 0);

    private static ulong RoundUp(ulong bytes) => (bytes + PageSize - 1) / PageSize * PageSize;

    private string? AddLayout(ReadOnlySpan<byte> layout, int count, ulong delta, int depth)
    {
        for (var i = 0; i < count; i++)
        {
            var entry = layout.Slice(i * EntrySize, EntrySize);
            var problem = (BinaryPrimitives.ReadUInt16LittleEndian(entry) & GroupFlag) != 0
                ? AddGroup(layout, i, delta, depth)
                : AddEntry(entry, delta);
            if (problem is not null)
            {
                return problem;
            }
        }
        return null;
    }

    // A group repeats the entries before it, each time a step further.
    private string? AddGroup(ReadOnlySpan<byte> layout, int index, ulong delta, int depth)
    {
        var group = layout[(index * EntrySize)..];
        var entries = BinaryPrimitives.ReadUInt16LittleEndian(group[2..]);
        var times = BinaryPrimitives.ReadUInt32LittleEndian(group[4..]);
        var step = BinaryPrimitives.ReadUInt64LittleEndian(group[8..]);
        if (entries == 0 || entries > index || times > EnclaveMeasurementLimits.MaxPages || step > EnclaveMeasurementLimits.MaxEnclaveSize
            || depth > 2)
        {
            return "a group of the layout repeats missing entries, or too often";
        }
        for (var time = 1UL; time <= times; time++)
        {
            if (AddLayout(layout[((index - entries) * EntrySize)..], entries, delta + (time * step), depth + 1) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    private string? AddEntry(ReadOnlySpan<byte> entry, ulong delta)
    {
        var attributes = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
        var address = BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]);
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
        var flags = (PageFlags)BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]);
        if ((attributes & IsAdded) == 0 || (offset == 0 && flags == PageFlags.None))
        {
            return null;
        }
        if (address > EnclaveMeasurementLimits.MaxEnclaveSize || delta > EnclaveMeasurementLimits.MaxEnclaveSize
            || offset > (uint)metadata.Length || (offset != 0 && (size > PageSize || size > (uint)metadata.Length - offset)))
        {
            return "an entry of the layout points outside the enclave or the metadata";
        }
        var start = address + delta;
        var page = MakePage(offset, size, flags, start);
        for (var i = 0U; i < count; i++)
        {
            if (AddPage(start + (i * PageSize), flags, page, (attributes & IsExtended) != 0) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    // A page from the metadata, or filled with the size as a pattern.
    private byte[] MakePage(uint offset, uint size, PageFlags flags, ulong start)
    {
        var page = new byte[PageSize];
        if (offset != 0)
        {
            metadata.AsSpan((int)offset, (int)size).CopyTo(page);
        }
        else if (size != 0)
        {
            for (var i = 0; i < page.Length; i += sizeof(uint))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(i), size);
            }
        }
        if (flags.HasFlag(PageFlags.Tcs))
        {
            foreach (var place in TcsOffsets)
            {
                var field = page.AsSpan(place);
                BinaryPrimitives.WriteUInt64LittleEndian(field, unchecked(BinaryPrimitives.ReadUInt64LittleEndian(field) + start));
            }
        }
        return page;
    }

    private string? AddPage(ulong offset, PageFlags flags, byte[] page, bool isExtended)
    {
        if (offset >= enclaveSize || ++pages > EnclaveMeasurementLimits.MaxPages)
        {
            return $"the page at 0x{offset:x} lies outside the enclave's 0x{enclaveSize:x} bytes, or is one too many";
        }
        if (isExtended)
        {
            measurement.AddMeasured(offset, flags, page);
        }
        else
        {
            measurement.Add(offset, flags);
        }
        return null;
    }
}
