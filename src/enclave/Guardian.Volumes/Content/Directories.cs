using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <summary>The names in the directories of a volume. Not thread-safe.</summary>
internal sealed class Directories(ContentCache cache, TimeProvider time)
{
    private const int MaxDirectorySize = 1 << 30;

    /// <summary>The names of a directory, read when they are first needed.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: they are malformed.</exception>
    public DirectoryContent NamesOf(Inode directory)
    {
        if (directory.Names is not null)
        {
            return directory.Names;
        }
        DirectoryContent? names = null;
        if (directory.Size <= MaxDirectorySize)
        {
            var content = new byte[(int)directory.Size];
            cache.Read(directory, 0, content);
            names = DirectoryContent.TryRead(content, directory.NextCookie);
        }
        return directory.Names = names
            ?? throw new RefusedException(VolumeReasons.Damaged.Because($"directory {directory.Number} is malformed"));
    }

    /// <summary>Adds a name that is not there.</summary>
    public void AddName(Inode directory, string name, Inode inode)
    {
        var item = new DirectoryItem { Name = name, Cookie = directory.NextCookie++, Node = inode.Number, Kind = inode.Kind };
        WritePage(directory, NamesOf(directory).Add(item));
    }

    public void RemoveName(Inode directory, DirectoryItem item) => WritePage(directory, NamesOf(directory).Remove(item));

    /// <summary>Makes a name refer to another inode. Its place in a listing stays.</summary>
    public void ReplaceInode(Inode directory, DirectoryItem item, Inode inode)
    {
        (item.Node, item.Kind) = (inode.Number, inode.Kind);
        WritePage(directory, item.Page);
    }

    private void WritePage(Inode directory, int page)
    {
        Span<byte> content = stackalloc byte[Page.Size];
        NamesOf(directory).WritePage(page, content);
        cache.Write(directory, (long)page * Page.Size, content);
        directory.Size = Math.Max(directory.Size, (ulong)(page + 1) * Page.Size);
        directory.MarkChanged(FileTime.Now(time), isContent: true);
    }
}
