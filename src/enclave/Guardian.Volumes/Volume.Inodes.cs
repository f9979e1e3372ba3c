using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Nodes;

namespace Guardian.Volumes;

/// <content>Inodes: finding, making and giving them up; and which slots are free.</content>
public sealed partial class Volume
{
    private const uint MaxInodes = uint.MaxValue / 2;

    internal uint InodeCount => (uint)(inodeFile.Size / InodeRecord.Size);

    /// <summary>The inode of a number.</summary>
    /// <exception cref="VolumeException">There is no such inode: a directory is damaged.</exception>
    internal Inode Find(uint number)
    {
        if (inodes.TryGetValue(number, out var inode))
        {
            return inode;
        }
        return FindIfUsed(number) ?? throw new VolumeException(VolumeFailure.Damaged, $"there is no inode {number}");
    }

    /// <summary>The inode of a number; null when it is free.</summary>
    /// <exception cref="VolumeException">It is malformed.</exception>
    internal Inode? FindIfUsed(uint number)
    {
        if (inodes.TryGetValue(number, out var inode))
        {
            return inode;
        }
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        if (number == 0 || number >= InodeCount || !ReadInode(number, bytes))
        {
            return null;
        }
        if (!InodeRecord.TryRead(bytes, allocator.Count, out var record))
        {
            throw new VolumeException(VolumeFailure.Damaged, $"inode {number} is malformed");
        }
        inode = new Inode(number, record, cache.Reader, allocator);
        inodes.Add(number, inode);
        return inode;
    }

    /// <summary>Drops an inode from memory that is not open and as it is stored.</summary>
    internal void Forget(Inode inode)
    {
        cache.Drop(inode);
        inodes.Remove(inode.Number);
    }

    internal Inode FindRoot() => Find(RootNumber);

    /// <summary>Opens what a name stands for.</summary>
    internal INode Open(DirectoryItem item)
    {
        var inode = Find(item.Node);
        return inode.Kind switch
        {
            _ when inode.Kind != item.Kind => throw new VolumeException(VolumeFailure.Damaged, $"inode {inode.Number} is not of the kind that its directory says"),
            FileKind.Directory => new VolumeDirectory(this, inode),
            FileKind.RegularFile => new VolumeFile(this, inode),
            _ => new VolumeLink(this, inode),
        };
    }

    /// <summary>Whether a directory is another one, or lies below it.</summary>
    internal bool IsWithin(Inode directory, Inode above)
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

    /// <summary>Makes an inode with one link, or two for a directory.</summary>
    internal Inode Make(FileKind kind, Inode parent, Protection? protection)
    {
        var now = Now();
        if (!freeNumbers.TryDequeue(out var number))
        {
            number = InodeCount;
            if (number > MaxInodes)
            {
                throw new IOException("the volume holds as many files as it can");
            }
            inodeFile.Size += InodeRecord.Size;
        }
        var isDirectory = kind == FileKind.Directory;
        var record = new InodeRecord
        {
            Kind = kind,
            Protection = protection ?? parent.Protection,
            Height = 0,
            Links = isDirectory ? 2u : 1u,
            FileSize = 0,
            AccessTime = now,
            ModificationTime = now,
            ChangeTime = now,
            NextCookie = isDirectory ? 1u : 0u,
            Parent = isDirectory ? parent.Number : 0,
            Root = default,
        };
        var inode = new Inode(number, record, cache.Reader, allocator) { IsDirty = true };
        inodes.Add(number, inode);
        return inode;
    }

    /// <summary>Gives up an inode that has neither name nor open node.</summary>
    internal void GiveUpIfGone(Inode inode)
    {
        if (!inode.IsGone || options.ReadOnly || stopped is not null)
        {
            return;
        }
        cache.Drop(inode);
        try
        {
            inode.Map.Truncate(0);
        }
        catch (VolumeException)
        {
            // Of a damaged file some slots stay taken until the volume is opened the next time; it goes all the same.
        }
        inodes.Remove(inode.Number);
        Span<byte> free = stackalloc byte[InodeRecord.Size];
        free.Clear();
        WriteInode(inode.Number, free);
        freeNumbers.Enqueue(inode.Number);
    }

    private bool ReadInode(uint number, Span<byte> bytes)
    {
        cache.Read(inodeFile, (long)number * InodeRecord.Size, bytes);
        return bytes.ContainsAnyExcept((byte)0);
    }

    private void WriteInode(uint number, ReadOnlySpan<byte> bytes) => cache.Write(inodeFile, (long)number * InodeRecord.Size, bytes);

    // Marks what the state refers to; the rest is free. Every node is read and checked on the way.
    private void FindFreeSlots()
    {
        MarkSlots(inodeFile.Map);
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        for (var number = RootNumber; number < InodeCount; number++)
        {
            if (!ReadInode(number, bytes))
            {
                freeNumbers.Enqueue(number);
                continue;
            }
            if (!InodeRecord.TryRead(bytes, current.SlotCount, out var record))
            {
                throw new VolumeException(VolumeFailure.Damaged, $"inode {number} is malformed; 'guardian volume check' says which files are affected");
            }
            if (record.Links == 0)
            {
                // It was open without a name when the volume's process ended.
                bytes.Clear();
                WriteInode(number, bytes);
                freeNumbers.Enqueue(number);
                continue;
            }
            MarkSlots(new FileMap(cache.Reader, allocator, record.Height, record.Root));
        }
    }

    private void MarkSlots(FileMap map) => map.Walk((pointer, _) =>
    {
        if (!allocator.TryMark(pointer.Slot, pointer.Count))
        {
            throw new VolumeException(VolumeFailure.Damaged, $"slot {pointer.Slot} belongs to two files");
        }
    });

    // After a commit everything unused is as it is stored, and can be read again.
    private void TrimMemory()
    {
        if (IsDirty)
        {
            return;
        }
        if (inodes.Count > MaxIdleInodes)
        {
            inodes.Values.Where(inode => inode.OpenCount == 0 && inode.Number != RootNumber).ToList().ForEach(Forget);
        }
        if (inodes.Values.Sum(inode => (long)inode.Map.NodeCount) > MaxIdleNodes)
        {
            foreach (var inode in inodes.Values)
            {
                inode.Map.Trim();
            }
        }
    }
}
