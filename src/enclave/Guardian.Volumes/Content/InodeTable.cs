using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Content;

/// <summary>The inodes of a volume: those in memory, and the inode file that stores all of them. Not thread-safe.</summary>
/// <param name="cache">The content of the files.</param>
/// <param name="allocator">The slots of the container.</param>
/// <param name="inodeFile">The inode of the inode file.</param>
internal sealed class InodeTable(ContentCache cache, SlotAllocator allocator, in InodeRecord inodeFile)
{
    public const uint RootNumber = 1;

    private const uint MaxInodes = uint.MaxValue / 2;

    // Unused inodes are dropped from memory above this.
    private const int MaxIdleInodes = 4096;

    // The same for nodes: 16 MiB of them, which cover a gigabyte of content.
    private const int MaxIdleNodes = 4096;

    private readonly Dictionary<uint, Inode> inodes = [];
    private readonly Queue<uint> freeNumbers = new();

    /// <summary>The inode of the inode file itself.</summary>
    public Inode InodeFile { get; } = new(0, inodeFile, cache.Reader, allocator);

    /// <summary>All numbers in use are below this one.</summary>
    public uint Count => (uint)(InodeFile.Size / InodeRecord.Size);

    /// <summary>Whether anything differs from what is stored.</summary>
    public bool IsDirty => cache.IsDirty || InodeFile.Map.IsDirty || inodes.Values.Any(inode => inode.IsDirty || inode.Map.IsDirty);

    /// <summary>The inode file of a volume that has only a root directory.</summary>
    public static InodeRecord EmptyInodeFile => new()
    {
        Kind = FileKind.RegularFile,
        Protection = Protection.Encrypted,
        Height = 0,
        Links = 1,
        FileSize = (RootNumber + 1) * InodeRecord.Size,
        Root = default,
    };

    /// <summary>Finds the inode of a number.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: there is no such inode, or it is malformed.</exception>
    public Inode Find(uint number)
    {
        if (inodes.TryGetValue(number, out var inode))
        {
            return inode;
        }
        return FindIfUsed(number) ?? throw new RefusedException(VolumeReasons.Damaged.Because($"there is no inode {number}"));
    }

    /// <summary>Finds the inode of a number; null when the number is free.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: it is malformed.</exception>
    public Inode? FindIfUsed(uint number)
    {
        if (inodes.TryGetValue(number, out var inode))
        {
            return inode;
        }
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        if (number == 0 || number >= Count || !ReadInode(number, bytes))
        {
            return null;
        }
        if (!InodeRecord.TryRead(bytes, allocator.Count, out var record))
        {
            throw new RefusedException(VolumeReasons.Damaged.Because($"inode {number} is malformed"));
        }
        inode = new Inode(number, record, cache.Reader, allocator);
        inodes.Add(number, inode);
        return inode;
    }

    /// <summary>Whether a directory is another one, or lies below it.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: a directory above is missing or malformed.</exception>
    public bool IsWithin(Inode directory, Inode above)
    {
        while (directory != above)
        {
            if (directory.Number == RootNumber)
            {
                return false;
            }
            directory = Find(directory.Parent);
        }
        return true;
    }

    /// <summary>Creates the root directory of a new volume.</summary>
    public void CreateRoot(ulong now) => Add(RootNumber, FileKind.Directory, Protection.Encrypted, RootNumber, now);

    /// <summary>Creates an inode with one link, or two for a directory.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="parent">The directory that it is created in.</param>
    /// <param name="protection">Its protection; null for that of <paramref name="parent"/>.</param>
    /// <param name="now">Nanoseconds since 1970.</param>
    /// <exception cref="IOException">The volume holds too many files.</exception>
    public Inode Create(FileKind kind, Inode parent, Protection? protection, ulong now)
    {
        if (!freeNumbers.TryDequeue(out var number))
        {
            number = Count;
            if (number > MaxInodes)
            {
                throw new IOException("the volume holds as many files as it can");
            }
            InodeFile.Size += InodeRecord.Size;
        }
        return Add(number, kind, protection ?? parent.Protection, parent.Number, now);
    }

    /// <summary>Frees an inode that has neither a name nor an open node, and its content.</summary>
    public void Free(Inode inode)
    {
        cache.Drop(inode);
        try
        {
            inode.Map.Truncate(0);
        }
        catch (RefusedException)
        {
            // Some slots of a damaged file stay in use until the volume is opened again. The file goes all the same.
        }
        inodes.Remove(inode.Number);
        ClearNumber(inode.Number);
    }

    /// <summary>Drops an inode from memory; it must be as it is stored, and not open.</summary>
    public void DropFromMemory(Inode inode)
    {
        cache.Drop(inode);
        inodes.Remove(inode.Number);
    }

    /// <summary>Drops unused inodes and nodes from memory when there are many. Everything must be as it is stored.</summary>
    public void TrimMemory()
    {
        if (inodes.Count > MaxIdleInodes)
        {
            inodes.Values.Where(inode => inode.OpenCount == 0 && inode.Number != RootNumber).ToList().ForEach(DropFromMemory);
        }
        if (inodes.Values.Sum(inode => (long)inode.Map.NodeCount) > MaxIdleNodes)
        {
            foreach (var inode in inodes.Values)
            {
                inode.Map.DropCleanNodes();
            }
        }
    }

    /// <summary>Stores pages, then nodes, then inodes; each refers only to what was stored before it.</summary>
    /// <exception cref="IOException">The storage failed; the next call retries.</exception>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: a node is damaged.</exception>
    public void StoreChanges()
    {
        cache.Flush();
        foreach (var inode in inodes.Values)
        {
            inode.IsDirty |= inode.Map.IsDirty;
            inode.Map.Store(cache.Writer);
        }
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        foreach (var inode in inodes.Values.Where(inode => inode.IsDirty))
        {
            inode.ToRecord().Write(bytes);
            WriteInode(inode.Number, bytes);
        }
        cache.Flush();
        InodeFile.Map.Store(cache.Writer);
        foreach (var inode in inodes.Values)
        {
            inode.IsDirty = false;
        }
        // A write that fails may succeed the next time; a failed sync must not be retried. So all writes end before the sync.
        cache.Drain();
    }

    /// <summary>Marks all slots that the state refers to; the others are free, and may be holes. Reads and validates every node.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: a node or inode is damaged.</exception>
    /// <exception cref="IOException">The storage failed.</exception>
    public void MarkUsedSlots()
    {
        MarkSlots(InodeFile.Map);
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        for (var number = RootNumber; number < Count; number++)
        {
            if (!ReadInode(number, bytes))
            {
                freeNumbers.Enqueue(number);
                continue;
            }
            if (!InodeRecord.TryRead(bytes, allocator.Count, out var record))
            {
                throw new RefusedException(VolumeReasons.Damaged.Because($"inode {number} is malformed"));
            }
            if (record.Links == 0)
            {
                // It was open and had no name when the volume's process ended.
                ClearNumber(number);
                continue;
            }
            MarkSlots(new FileMap(cache.Reader, allocator, record.Height, record.Root));
        }
        allocator.SetHolesAside();
    }

    private Inode Add(uint number, FileKind kind, Protection protection, uint parent, ulong now)
    {
        var isDirectory = kind == FileKind.Directory;
        var record = new InodeRecord
        {
            Kind = kind,
            Protection = protection,
            Height = 0,
            Links = isDirectory ? 2u : 1u,
            FileSize = 0,
            AccessTime = now,
            ModificationTime = now,
            ChangeTime = now,
            NextCookie = isDirectory ? 1u : 0u,
            Parent = isDirectory ? parent : 0,
            Root = default,
        };
        var inode = new Inode(number, record, cache.Reader, allocator) { IsDirty = true };
        inodes.Add(number, inode);
        return inode;
    }

    private bool ReadInode(uint number, Span<byte> bytes)
    {
        cache.Read(InodeFile, (long)number * InodeRecord.Size, bytes);
        return bytes.ContainsAnyExcept((byte)0);
    }

    private void WriteInode(uint number, ReadOnlySpan<byte> bytes) => cache.Write(InodeFile, (long)number * InodeRecord.Size, bytes);

    private void ClearNumber(uint number)
    {
        Span<byte> free = stackalloc byte[InodeRecord.Size];
        free.Clear();
        WriteInode(number, free);
        freeNumbers.Enqueue(number);
    }

    private void MarkSlots(FileMap map) => map.Walk((pointer, _) =>
    {
        if (!allocator.TryMark(pointer.Slot, pointer.Count))
        {
            throw new RefusedException(VolumeReasons.Damaged.Because($"slot {pointer.Slot} belongs to two files"));
        }
    });
}
