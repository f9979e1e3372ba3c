using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>An inode in memory.</summary>
internal sealed class Inode
{
    public Inode(uint number, in InodeRecord record, RecordReader reader, SlotAllocator allocator)
    {
        Number = number;
        Kind = record.Kind;
        Protection = record.Protection;
        Links = record.Links;
        Size = record.FileSize;
        AccessTime = record.AccessTime;
        ModificationTime = record.ModificationTime;
        ChangeTime = record.ChangeTime;
        NextCookie = record.NextCookie;
        Parent = record.Parent;
        Map = new FileMap(reader, allocator, record.Height, record.Root);
    }

    /// <summary>Its place in the inode file; 0 is the inode file itself.</summary>
    public uint Number { get; }

    public FileKind Kind { get; }

    public Protection Protection { get; }

    public uint Links { get; set; }

    public ulong Size { get; set; }

    public ulong AccessTime { get; set; }

    public ulong ModificationTime { get; set; }

    public ulong ChangeTime { get; set; }

    public ulong NextCookie { get; set; }

    public uint Parent { get; set; }

    public FileMap Map { get; }

    /// <summary>The chunks that are in memory, by their index.</summary>
    public Dictionary<long, Chunk> Chunks { get; } = [];

    /// <summary>A directory's names; null until they are needed.</summary>
    public DirectoryContent? Names { get; set; }

    /// <summary>How many open nodes use it.</summary>
    public int OpenCount { get; set; }

    /// <summary>Whether its record differs from what is stored.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The chunk that a reader in order needs next.</summary>
    public long NextIndex { get; set; }

    /// <summary>Chunks to read ahead for it.</summary>
    public int ReadAhead { get; set; }

    /// <summary>Whether neither a name nor an open node uses it.</summary>
    public bool IsUnused => Links == 0 && OpenCount == 0;

    /// <summary>How its pages are protected. Only pages of files can be less than encrypted; names and structure always are
    /// encrypted.</summary>
    public Protection ContentProtection => Kind == FileKind.RegularFile ? Protection : Protection.Encrypted;

    /// <summary>Notes that it changed now.</summary>
    /// <param name="now">Nanoseconds since 1970.</param>
    /// <param name="isContent">Whether its content changed too.</param>
    public void MarkChanged(ulong now, bool isContent)
    {
        ChangeTime = now;
        ModificationTime = isContent ? now : ModificationTime;
        IsDirty = true;
    }

    public InodeRecord ToRecord() => new()
    {
        Kind = Kind,
        Protection = Protection,
        Height = Map.Height,
        Links = Links,
        FileSize = Size,
        AccessTime = AccessTime,
        ModificationTime = ModificationTime,
        ChangeTime = ChangeTime,
        NextCookie = NextCookie,
        Parent = Parent,
        Root = Map.Root,
    };
}
