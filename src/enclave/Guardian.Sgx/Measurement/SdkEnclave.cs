using System.Buffers.Binary;
using Guardian.Refusals;

namespace Guardian.Sgx.Measurement;

/// <summary>
/// An enclave as Intel's SDK signs it: a shared object with metadata that describes its layout, and a SIGSTRUCT. Measured as the SDK's
/// loader builds it (linux-sgx psw/urts/loader.cpp, common/inc/internal/metadata.h). Immutable.
/// </summary>
/// <remarks>
/// Metadata, little-endian: <c>0 magic 8 | 8 version 8 | 16 size 4 | 24 SSA frame size 4 | 40 enclave size 8 | 64 SIGSTRUCT 1808 |
/// 1872 patches: offset 4, size 4 | 1880 layout: offset 4, size 4</c>. A patch: <c>0 place in the file 8 | 8 offset in the metadata 4 |
/// 12 size 4</c>, 32 in all.
/// </remarks>
public sealed class SdkEnclave
{
    // Metadata of the SDK of 2017.
    private const ulong Version2017 = 0x1_0000_0003;
    private const ulong Magic = 0x86A80294635D0E4C;
    private const int SigStructOffset = 64;
    private const int PatchDirectory = SigStructOffset + SigStruct.Size;
    private const int LayoutDirectory = PatchDirectory + 8;
    private const int MetadataHeaderSize = LayoutDirectory + 8;
    private const int PatchSize = 32;

    // The SDK writes one block for each version of its loader. Each block costs a copy of the file.
    private const int MaxBlocks = 16;

    private SdkEnclave(SigStruct sigStruct, MrEnclave mrEnclave, ulong metadataVersion, ulong enclaveSize)
    {
        (SigStruct, MrEnclave, MetadataVersion, EnclaveSize) = (sigStruct, mrEnclave, metadataVersion, enclaveSize);
    }

    /// <summary>The vendor's signature.</summary>
    public SigStruct SigStruct { get; }

    /// <summary>MRENCLAVE as the loader makes it. In an intact enclave it equals <see cref="SigStruct.EnclaveHash"/>.</summary>
    public MrEnclave MrEnclave { get; }

    /// <summary>Version of the metadata's format.</summary>
    public ulong MetadataVersion { get; }

    /// <summary>ELRANGE in bytes.</summary>
    public ulong EnclaveSize { get; }

    /// <summary>Reads and measures the enclaves of a file: one for each block of metadata.</summary>
    /// <param name="file">The shared object.</param>
    /// <returns>
    /// At least one enclave, or a refusal when no block can be read or a block makes no enclave. Never throws for any content.
    /// </returns>
    public static Outcome<IReadOnlyList<SdkEnclave>> ReadAll(ReadOnlySpan<byte> file)
    {
        var enclaves = new List<SdkEnclave>();
        Refusal? unreadable = null;
        Span<byte> magic = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(magic, Magic);
        for (int start = 0, found, blocks = 0; blocks < MaxBlocks && (found = file[start..].IndexOf(magic)) >= 0; blocks++)
        {
            var (block, problem) = Block.Read(file, start + found);
            start += found + magic.Length;
            if (block is null)
            {
                unreadable ??= problem;
                continue;
            }
            var (enclave, refusal) = block.Measure();
            if (enclave is null)
            {
                return refusal!;
            }
            enclaves.Add(enclave);
        }
        return enclaves.Count > 0
            ? new Outcome<IReadOnlyList<SdkEnclave>>(enclaves, null)
            : unreadable ?? Refuse("it has no metadata of an SGX enclave; is it signed?");
    }

    private static Refusal Refuse(string problem) => SgxReasons.NoEnclave.Because(problem);

    // One block of metadata, with the file as this block patches it.
    private sealed class Block(byte[] metadata, ElfImage image, SigStruct sigStruct)
    {
        public static Outcome<Block> Read(ReadOnlySpan<byte> file, int at)
        {
            if (file.Length - at < MetadataHeaderSize)
            {
                return Refuse("the metadata is cut off");
            }
            var size = BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 16)..]);
            if (size < MetadataHeaderSize || size > (uint)(file.Length - at)
                || BinaryPrimitives.ReadUInt64LittleEndian(file[(at + 40)..]) > EnclaveMeasurementLimits.MaxEnclaveSize)
            {
                return Refuse("the metadata's sizes do not fit the file");
            }
            var metadata = file.Slice(at, (int)size).ToArray();
            if (!SigStruct.TryRead(metadata.AsSpan(SigStructOffset, SigStruct.Size), out var sigStruct))
            {
                return Refuse("the metadata holds no SIGSTRUCT");
            }
            var patched = file.ToArray();
            return TryPatch(patched, metadata) && IsInside(metadata, LayoutDirectory) && ElfImage.TryRead(patched) is { } image
                ? new Block(metadata, image, sigStruct!)
                : Refuse("the file's segments, or the metadata's tables, do not fit");
        }

        public Outcome<SdkEnclave> Measure()
        {
            var (version, size) = (Read64(8), Read64(40));
            using var measurement = new EnclaveMeasurement(size, BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(24)));
            var loader = new SdkLoader(image, metadata, size, measurement) { HasPageAfterSegments = version == Version2017 };
            return loader.Load(Table(metadata, LayoutDirectory)) is { } problem
                ? Refuse(problem)
                : new SdkEnclave(sigStruct, measurement.Finish(), version, size);
        }

        // The signing tool moves the parts of the file that differ inside the enclave to the metadata.
        private static bool TryPatch(byte[] file, byte[] metadata)
        {
            if (!IsInside(metadata, PatchDirectory))
            {
                return false;
            }
            var patches = Table(metadata, PatchDirectory);
            for (; patches.Length >= PatchSize; patches = patches[PatchSize..])
            {
                var target = BinaryPrimitives.ReadUInt64LittleEndian(patches);
                var source = BinaryPrimitives.ReadUInt32LittleEndian(patches[8..]);
                var size = BinaryPrimitives.ReadUInt32LittleEndian(patches[12..]);
                if (target > (ulong)file.Length || size > (ulong)file.Length - target
                    || source > (uint)metadata.Length || size > (uint)metadata.Length - source)
                {
                    return false;
                }
                metadata.AsSpan((int)source, (int)size).CopyTo(file.AsSpan((int)target));
            }
            return true;
        }

        private static bool IsInside(byte[] metadata, int directory)
        {
            var offset = BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory));
            var size = BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory + 4));
            return offset <= (uint)metadata.Length && size <= (uint)metadata.Length - offset;
        }

        private static ReadOnlySpan<byte> Table(byte[] metadata, int directory) => metadata.AsSpan(
            (int)BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory)),
            (int)BinaryPrimitives.ReadUInt32LittleEndian(metadata.AsSpan(directory + 4)));

        private ulong Read64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(metadata.AsSpan(at));
    }
}
