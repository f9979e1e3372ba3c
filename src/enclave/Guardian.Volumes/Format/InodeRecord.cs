using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Guardian.Files;
using Guardian.Volumes.Contract;

namespace Guardian.Volumes.Format;

/// <summary>A stored inode: 128 bytes (docs/spec/volume.md, "Inode").</summary>
internal readonly record struct InodeRecord
{
    /// <summary>Bytes of an inode.</summary>
    public const int Size = 128;

    /// <summary>The largest size of a file: 16 TiB.</summary>
    public const ulong MaxFileSize = 1UL << 44;

    public required FileKind Kind { get; init; }

    public required Protection Protection { get; init; }

    public required int Height { get; init; }

    public required uint Links { get; init; }

    public required ulong FileSize { get; init; }

    public ulong AccessTime { get; init; }

    public ulong ModificationTime { get; init; }

    public ulong ChangeTime { get; init; }

    public ulong NextCookie { get; init; }

    public uint Parent { get; init; }

    public required RecordPointer Root { get; init; }

    /// <summary>Reads an inode. False when it is free, or when a container of <paramref name="slotCount"/> slots cannot hold it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long slotCount, out InodeRecord inode)
    {
        inode = default;
        if (bytes.Length != Size)
        {
            return false;
        }
        inode = new InodeRecord
        {
            Kind = (FileKind)bytes[0],
            Protection = (Protection)bytes[1],
            Height = bytes[2],
            Links = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            FileSize = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
            AccessTime = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            ModificationTime = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            ChangeTime = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            NextCookie = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
            Parent = BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]),
            Root = MemoryMarshal.Read<RecordPointer>(bytes[64..]),
        };
        var isDirectory = inode.Kind == FileKind.Directory;
        return inode.Kind is FileKind.Directory or FileKind.RegularFile or FileKind.SymbolicLink
            && inode.Protection is >= Protection.Encrypted and <= Protection.Plain
            && inode.Height <= NodeRecord.MaxHeight
            && inode.FileSize <= MaxFileSize
            && inode.NextCookie < 1UL << 62
            && (isDirectory
                ? inode.NextCookie > 0 && inode.FileSize % Page.Size == 0
                : inode.NextCookie == 0 && inode.Parent == 0)
            && bytes[3] == 0
            && !bytes[52..64].ContainsAnyExcept((byte)0)
            && inode.Root.IsSingle(slotCount)
            && (inode.Root.Kind is PointerKind.None or PointerKind.Encrypted
                || (inode.Kind == FileKind.RegularFile && inode.Height == 0));
    }

    /// <summary>Writes the inode into 128 bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        bytes[0] = (byte)Kind;
        bytes[1] = (byte)Protection;
        bytes[2] = (byte)Height;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Links);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], FileSize);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], AccessTime);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], ModificationTime);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], ChangeTime);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], NextCookie);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], Parent);
        MemoryMarshal.Write(bytes[64..], Root);
    }
}
