using System.Text;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Nodes;

/// <summary>An open directory.</summary>
internal sealed class VolumeDirectory(OpenVolume volume, Inode? inode) : VolumeNode(volume, inode), IDirectory
{
    public override FileKind Kind => FileKind.Directory;

    public FileError Open(string name, FileOpenMode mode, out INode? node)
    {
        INode? opened = null;
        var error = Volume.Run(() => WithItem(name, item =>
        {
            opened = OpenItem(item);
            return FileError.Success;
        }));
        node = opened;
        return error;
    }

    public FileError CreateFile(string name, out IFile? file)
    {
        VolumeFile? created = null;
        var error = Create(name, () => created = new VolumeFile(Volume, AddInode(name, FileKind.RegularFile)));
        file = created;
        return error;
    }

    public FileError CreateDirectory(string name) => CreateDirectory(name, null);

    /// <summary>Creates a directory; with a protection of its own, a region.</summary>
    public FileError CreateDirectory(string name, Protection? protection) => Create(name, () =>
    {
        AddInode(name, FileKind.Directory, protection);
        Inode.Links++;
    });

    public FileError CreateSymbolicLink(string name, string target)
    {
        if (target.Length == 0 || target.Contains('\0', StringComparison.Ordinal))
        {
            return FileError.Invalid;
        }
        var bytes = Encoding.UTF8.GetBytes(target);
        return bytes.Length > VolumeLink.MaxTargetSize ? FileError.NameTooLong : Create(name, () =>
        {
            var link = AddInode(name, FileKind.SymbolicLink);
            Volume.Cache.Write(link, 0, bytes);
            link.Size = (ulong)bytes.Length;
        });
    }

    public FileError Link(string name, INode existing)
    {
        if (existing is not VolumeNode node || node.Volume != Volume)
        {
            return FileError.CrossDevice;
        }
        return Create(name, () =>
        {
            node.Inode.Links++;
            Volume.Directories.AddName(Inode, name, node.Inode);
            node.Inode.MarkChanged(Volume.Now, isContent: false);
        }, () => node.Kind == FileKind.Directory ? FileError.NotPermitted : node.Inode switch
        {
            { Links: 0 } => FileError.NoEntry,
            { Links: uint.MaxValue } => FileError.TooManyLinks,
            var found => found.Protection == Inode.Protection ? FileError.Success : FileError.CrossDevice,
        });
    }

    /// <inheritdoc/>
    /// <remarks>Everything is looked up and checked first; the changes that follow cannot fail.</remarks>
    public FileError Rename(string name, IDirectory toDirectory, string toName)
    {
        if (toDirectory is not VolumeDirectory to || to.Volume != Volume)
        {
            return FileError.CrossDevice;
        }
        return Volume.RunChange(() =>
            EntryName.Check(name) is not FileError.Success and var wrong ? wrong
            : EntryName.Check(toName) is not FileError.Success and var wrongTarget ? wrongTarget
            : WithItem(name, item => RenameItem(item, to, toName)));
    }

    public FileError RemoveFile(string name) => Volume.RunChange(() => WithItem(name, item =>
    {
        if (item.Kind == FileKind.Directory)
        {
            return FileError.IsDirectory;
        }
        var removed = Volume.Inodes.Find(item.Node);
        Volume.Directories.RemoveName(Inode, item);
        DropLink(removed);
        return FileError.Success;
    }));

    public FileError RemoveDirectory(string name) => Volume.RunChange(() => WithItem(name, item =>
    {
        if (item.Kind != FileKind.Directory)
        {
            return FileError.NotDirectory;
        }
        var removed = Volume.Inodes.Find(item.Node);
        if (Volume.Directories.NamesOf(removed).Count > 0)
        {
            return FileError.NotEmpty;
        }
        Volume.Directories.RemoveName(Inode, item);
        DropDirectory(removed);
        return FileError.Success;
    }));

    public FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries)
    {
        IReadOnlyList<DirectoryEntry> found = [];
        var error = Volume.Run(() =>
        {
            found =
            [
                .. Volume.Directories.NamesOf(Inode).ListFrom(cookie).Take(max)
                    .Select(item => new DirectoryEntry(item.Name, item.Node, item.Kind, item.Cookie + 1)),
            ];
            return FileError.Success;
        });
        entries = found;
        return error;
    }

    private FileError WithItem(string name, Func<DirectoryItem, FileError> work)
    {
        if (EntryName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        return Volume.Directories.NamesOf(Inode).Find(name) is { } item ? work(item) : FileError.NoEntry;
    }

    private INode OpenItem(DirectoryItem item)
    {
        var opened = Volume.Inodes.Find(item.Node);
        return opened.Kind switch
        {
            _ when opened.Kind != item.Kind => throw new RefusedException(
                VolumeReasons.Damaged.Because($"inode {opened.Number} is not of the kind that its directory says")),
            FileKind.Directory => new VolumeDirectory(Volume, opened),
            FileKind.RegularFile => new VolumeFile(Volume, opened),
            _ => new VolumeLink(Volume, opened),
        };
    }

    private FileError Create(string name, Action create, Func<FileError>? check = null) => Volume.RunChange(() =>
    {
        if (EntryName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        // A removed directory takes no new names: nobody could find them.
        if (Inode.Links == 0)
        {
            return FileError.NoEntry;
        }
        if (Volume.Directories.NamesOf(Inode).Find(name) is not null)
        {
            return FileError.Exists;
        }
        Volume.Committer.MakeRoom(0);
        if (check is not null && check() is not FileError.Success and var refused)
        {
            return refused;
        }
        create();
        return FileError.Success;
    });

    private Inode AddInode(string name, FileKind kind, Protection? protection = null)
    {
        var added = Volume.Inodes.Create(kind, Inode, protection, Volume.Now);
        Volume.Directories.AddName(Inode, name, added);
        return added;
    }

    private FileError RenameItem(DirectoryItem item, VolumeDirectory to, string toName)
    {
        if (to.Inode.Links == 0)
        {
            return FileError.NoEntry;
        }
        if (Inode.Protection != to.Inode.Protection)
        {
            return FileError.CrossDevice;
        }
        var moved = Volume.Inodes.Find(item.Node);
        var target = Volume.Directories.NamesOf(to.Inode).Find(toName);
        var replaced = target is null ? null : Volume.Inodes.Find(target.Node);
        if (replaced == moved)
        {
            return FileError.Success;
        }
        // In the order of Linux: a directory into itself, and something over a directory that holds it.
        if (moved.Kind == FileKind.Directory && Volume.Inodes.IsWithin(to.Inode, moved))
        {
            return FileError.Invalid;
        }
        if (replaced?.Kind == FileKind.Directory && Volume.Inodes.IsWithin(Inode, replaced))
        {
            return FileError.NotEmpty;
        }
        if (CheckReplacement(moved, replaced) is not FileError.Success and var refused)
        {
            return refused;
        }
        Move(item, moved, to, toName, target, replaced);
        return FileError.Success;
    }

    private FileError CheckReplacement(Inode moved, Inode? replaced)
    {
        if (replaced is null)
        {
            return FileError.Success;
        }
        if (replaced.Kind != FileKind.Directory)
        {
            return moved.Kind == FileKind.Directory ? FileError.NotDirectory : FileError.Success;
        }
        if (moved.Kind != FileKind.Directory)
        {
            return FileError.IsDirectory;
        }
        return Volume.Directories.NamesOf(replaced).Count > 0 ? FileError.NotEmpty : FileError.Success;
    }

    private void Move(DirectoryItem item, Inode moved, VolumeDirectory to, string toName, DirectoryItem? target, Inode? replaced)
    {
        Volume.Directories.RemoveName(Inode, item);
        if (target is null)
        {
            Volume.Directories.AddName(to.Inode, toName, moved);
        }
        else
        {
            Volume.Directories.ReplaceInode(to.Inode, target, moved);
        }
        if (moved.Kind == FileKind.Directory)
        {
            Inode.Links--;
            to.Inode.Links++;
            moved.Parent = to.Inode.Number;
        }
        moved.MarkChanged(Volume.Now, isContent: false);
        if (replaced?.Kind == FileKind.Directory)
        {
            to.DropDirectory(replaced);
        }
        else if (replaced is not null)
        {
            DropLink(replaced);
        }
    }

    private void DropLink(Inode removed)
    {
        removed.Links--;
        removed.MarkChanged(Volume.Now, isContent: false);
        Volume.FreeIfUnused(removed);
    }

    private void DropDirectory(Inode removed)
    {
        removed.Links = 0;
        // Its ".." was a link of this directory.
        Inode.Links--;
        removed.MarkChanged(Volume.Now, isContent: false);
        Volume.FreeIfUnused(removed);
    }
}
