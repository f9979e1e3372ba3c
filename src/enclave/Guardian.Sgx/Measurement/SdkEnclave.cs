using System.Buffers.Binary;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// An enclave as Intel's SDK signs it: a shared object with metadata that says how it is laid out, and a SIGSTRUCT. Measured as the SDK's
/// loader builds it
/// (linux-sgx psw/urts/loader.cpp, common/inc/internal/metadata.h).
/// </summary>
/// <remarks>
/// Metadata, little-endian: <c>0 magic 8 | 8 version 8 | 16 size 4 | 24 SSA frame size 4 | 40 enclave size 8 | 64 SIGSTRUCT 1808 | 1872
/// patches: offset 4, size 4 | 1880 layout:
/// offset 4, size 4</c>. A patch: <c>0 place in the file 8 | 8 offset in the metadata 4 | 12 size 4</c>, 32 in all. A layout entry: <c>0 id
/// 2 | 2 attributes 2 | 4 pages 4 | 8 address 8 |
/// 16 content size 4 | 20 content offset 4 | 24 SECINFO flags 8</c>; a group, whose id has bit 12: <c>2 entries before it 2 | 4 times 4 | 8
/// step 8</c>.
/// </remarks>
public sealed class SdkEnclave
{
    private const ulong Magic = 0x86A80294635D0E4C;
    private const int SigStructOffset = 64;
    private const int PatchDirectory = SigStructOffset + SigStruct.Size;
    private const int LayoutDirectory = PatchDirectory + 8;
    private const int MetadataHeaderSize = LayoutDirectory + 8;
    private const int EntrySize = 32;
    private const int GroupFlag = 1 << 12;
    // The SDK writes one for each version of its loader; reading one copies the file.
    private const int MaxBlocks = 16;
    private const int IsAdded = 1;
    private const int IsExtended = 2;

    // Places in a thread control structure that hold offsets from the enclave's base.
    private static readonly int[] TcsOffsets = [16, 48, 56];

    private readonly byte[] metadata;
    private readonly ElfImage image;
    private int pages;

    private SdkEnclave(byte[] metadata, ElfImage image, SigStruct sigStruct)
    {
        this.metadata = metadata;
        this.image = image;
        SigStruct = sigStruct;
    }

    /// <summary>Who signed it, and as what.</summary>
    public SigStruct SigStruct { get; }

    /// <summary>Version of the metadata's format.</summary>
    public ulong MetadataVersion => Read64(metadata, 8);

    /// <summary>ELRANGE in bytes.</summary>
    public ulong EnclaveSize => Read64(metadata, 40);

    /// <summary>Reads every enclave that a file was signed as; there may be several blocks of metadata.</summary>
    /// <param name="problem">What is wrong, when the list is empty. Never throws for any content.</param>
    public static IReadOnlyList<SdkEnclave> ReadAll(ReadOnlySpan<byte> file, out string? problem)
    {
        problem = null;
        var enclaves = new List<SdkEnclave>();
        Span<byte> magic = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(magic, Magic);
        for (int start = 0, found, blocks = 0; blocks < MaxBlocks
            && (found = file[start..].IndexOf(magic)) >= 0; start += found + magic.Length, blocks++)
        {
            if (TryRead(file, start + found, ref problem) is { } enclave)
            {
                enclaves.Add(enclave);
            }
        }
        problem = enclaves.Count > 0 ? null : problem ?? "it has no metadata of an SGX enclave; is it signed?";
        return enclaves;
    }

    /// <summary>MRENCLAVE as the loader would make it; null with the problem when the layout makes no enclave.</summary>
    public MrEnclave? TryMeasure(out string? problem)
    {
        pages = 0;
        using var measurement = new EnclaveMeasurement(EnclaveSize, BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(24)));
        var layout = Directory(LayoutDirectory);
        problem = AddSegments(measurement) ?? AddLayout(measurement, layout, layout.Length / EntrySize, 0, 0);
        return problem is null ? measurement.Finish() : null;
    }

    private static SdkEnclave? TryRead(ReadOnlySpan<byte> file, int at, ref string? problem)
    {
        if (file.Length - at < MetadataHeaderSize)
        {
            problem = "the metadata is cut off";
            return null;
        }
        var size = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 16)..]);
        if (size < MetadataHeaderSize || size > (uint)(file.Length - at)
            || BinaryPrimitives.ReadUInt64LittleEndian(file[(at + 40)..]) > EnclaveMeasurementLimits.MaxEnclaveSize)
        {
            problem = "the metadata's sizes do not fit the file";
            return null;
        }
        var metadata = file.Slice(at, (int)size).ToArray();
        if (!SigStruct.TryRead(metadata.AsSpan(SigStructOffset, SigStruct.Size), out var sigStruct))
        {
            problem = "the metadata holds no SIGSTRUCT";
            return null;
        }
        var patched = file.ToArray();
        if (!TryPatch(patched, metadata) || !IsInside(metadata, LayoutDirectory) || ElfImage.TryRead(patched) is not { } image)
        {
            problem = "the file's segments, or the metadata's tables, do not fit";
            return null;
        }
        return new SdkEnclave(metadata, image, sigStruct!);
    }

    private static bool IsInside(byte[] metadata, int directory)
    {
        var (offset, size) = (
            BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory)),
            BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory + 4)));
        return offset <= (uint)metadata.Length && size <= (uint)metadata.Length - offset;
    }

    private ReadOnlySpan<byte> Directory(int directory) => Directory(metadata, directory);

    private static ReadOnlySpan<byte> Directory(byte[] metadata, int directory) => metadata.AsSpan(
        (int)BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory)),
        (int)BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory + 4)));

    // The signing tool leaves parts of the file that differ inside the enclave to the metadata.
    private static bool TryPatch(byte[] file, byte[] metadata)
    {
        if (!IsInside(metadata, PatchDirectory))
        {
            return false;
        }
        var patches = Directory(metadata, PatchDirectory);
        for (; patches.Length >= EntrySize; patches = patches[EntrySize..])
        {
            var (target, source, size) = (
                BinaryPrimitives.ReadUInt64LittleEndian(patches), BinaryPrimitives.ReadUInt32LittleEndian(patches[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(patches[12..]));
            if (target > (ulong)file.Length || size > (ulong)file.Length - target || source > (uint)metadata.Length
                || size > (uint)metadata.Length - source)
            {
                return false;
            }
            metadata.AsSpan((int)source, (int)size).CopyTo(file.AsSpan((int)target));
        }
        return true;
    }

    private string? AddSegments(EnclaveMeasurement measurement)
    {
        foreach (var segment in image.Segments)
        {
            var flags = PageFlags.Regular
                | ((segment.Flags & 4) != 0 ? PageFlags.Read : 0) | ((segment.Flags & 2) != 0 ? PageFlags.Write : 0) | (
                    (segment.Flags & 1) != 0 ? PageFlags.Execute : 0);
            var content = image.Content(segment);
            var first = segment.Address / EnclaveMeasurement.PageSize;
            var end = (segment.Address + segment.MemorySize + EnclaveMeasurement.PageSize - 1) / EnclaveMeasurement.PageSize;
            for (var number = first; number < end; number++)
            {
                var page = new byte[EnclaveMeasurement.PageSize];
                var from = (long)(number * EnclaveMeasurement.PageSize) - (long)segment.Address;
                var (skip, start) = (Math.Max(0, -from), Math.Max(0, from));
                if (start < content.Length)
                {
                    content.Slice((int)start, (int)Math.Min(EnclaveMeasurement.PageSize - skip, content.Length - start))
                        .CopyTo(page.AsSpan((int)skip));
                }
                if (Add(measurement, number * EnclaveMeasurement.PageSize,
                    flags | (image.RelocatedPages.Contains(number) ? PageFlags.Write : 0), page, isExtended: true) is { } problem)
                {
                    return problem;
                }
            }
        }
        return null;
    }

    private string? AddLayout(EnclaveMeasurement measurement, ReadOnlySpan<byte> layout, int count, ulong delta, int depth)
    {
        for (var i = 0; i < count; i++)
        {
            var entry = layout.Slice(i * EntrySize, EntrySize);
            var problem = (BinaryPrimitives.ReadUInt16LittleEndian(entry) & GroupFlag) != 0
                ? AddGroup(measurement, layout, i, delta, depth)
                : AddEntry(measurement, entry, delta);
            if (problem is not null)
            {
                return problem;
            }
        }
        return null;
    }

    // The entries before a group, again and again, each time a step further.
    private string? AddGroup(EnclaveMeasurement measurement, ReadOnlySpan<byte> layout, int index, ulong delta, int depth)
    {
        var group = layout[(index * EntrySize)..];
        var (entries, times, step) = (
            BinaryPrimitives.ReadUInt16LittleEndian(group[2..]), BinaryPrimitives.ReadUInt32LittleEndian(group[4..]),
            BinaryPrimitives.ReadUInt64LittleEndian(group[8..]));
        if (entries == 0 || entries > index || times > EnclaveMeasurementLimits.MaxPages || step > EnclaveMeasurementLimits.MaxEnclaveSize
            || depth > 2)
        {
            return "a group of the layout repeats what is not there, or too often";
        }
        for (var time = 1UL; time <= times; time++)
        {
            if (AddLayout(measurement, layout[((index - entries) * EntrySize)..], entries, delta + (time * step), depth + 1) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    private string? AddEntry(EnclaveMeasurement measurement, ReadOnlySpan<byte> entry, ulong delta)
    {
        var attributes = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]);
        var (count, address, size, offset, flags) = (
            BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]), (PageFlags)BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]));
        if ((attributes & IsAdded) == 0 || (offset == 0 && flags == PageFlags.None))
        {
            return null;
        }
        if (address > EnclaveMeasurementLimits.MaxEnclaveSize || delta > EnclaveMeasurementLimits.MaxEnclaveSize
            || offset > (uint)metadata.Length
            || (offset != 0 && (size > EnclaveMeasurement.PageSize || size > (uint)metadata.Length - offset)))
        {
            return "an entry of the layout points outside the enclave or the metadata";
        }
        var start = address + delta;
        var page = new byte[EnclaveMeasurement.PageSize];
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
                BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(place), unchecked(Read64(page, place) + start));
            }
        }
        for (var i = 0U; i < count; i++)
        {
            if (Add(
                measurement, start + (i * (ulong)EnclaveMeasurement.PageSize), flags, page, (attributes & IsExtended) != 0) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    private string? Add(EnclaveMeasurement measurement, ulong offset, PageFlags flags, byte[] page, bool isExtended)
    {
        if (offset >= EnclaveSize || ++pages > EnclaveMeasurementLimits.MaxPages)
        {
            return $"the page at 0x{offset:x} lies outside the enclave's 0x{EnclaveSize:x} bytes, or is one too many";
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

    private static ulong Read64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
}
