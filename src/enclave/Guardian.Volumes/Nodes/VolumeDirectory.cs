using System.Text;
using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Nodes;

/// <summary>An open directory.</summary>
internal sealed partial class VolumeDirectory(Volume volume, Inode? inode) : VolumeNode(volume, inode), IDirectory
{
    public const int MaxTargetSize = 4095;

    public override FileKind Kind => FileKind.Directory;

    public FileError Open(string name, FileOpenMode mode, out INode? node)
    {
        INode? opened = null;
        var error = Volume.Try(() =>
        {
            if (EntryName.Check(name) is not FileError.Success and var wrong)
            {
                return wrong;
            }
            if (Volume.NamesOf(Inode).Find(name) is not { } item)
            {
                return FileError.NoEntry;
            }
            opened = Volume.Open(item);
            return FileError.Success;
        });
        node = opened;
        return error;
    }

    public FileError CreateFile(string name, out IFile? file)
    {
        VolumeFile? created = null;
        var error = Create(name, () => created = new VolumeFile(Volume, Add(name, FileKind.RegularFile)));
        file = created;
        return error;
    }

    public FileError CreateDirectory(string name) => CreateDirectory(name, null);

    /// <summary>Makes a directory; with a protection of its own, a region.</summary>
    public FileError CreateDirectory(string name, Protection? protection) => Create(name, () =>
    {
        Add(name, FileKind.Directory, protection);
        Inode.Links++;
    });

    public FileError CreateSymbolicLink(string name, string target)
    {
        if (target.Length == 0 || target.Contains('\0', StringComparison.Ordinal))
        {
            return FileError.Invalid;
        }
        var bytes = Encoding.UTF8.GetBytes(target);
        return bytes.Length > MaxTargetSize ? FileError.NameTooLong : Create(name, () => Volume.WriteTarget(Add(name, FileKind.SymbolicLink), bytes));
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
            Volume.AddName(Inode, name, node.Inode);
            Volume.Touch(node.Inode, content: false);
        }, () => node.Kind == FileKind.Directory ? FileError.NotPermitted : node.Inode switch
        {
            { Links: 0 } => FileError.NoEntry,
            { Links: uint.MaxValue } => FileError.TooManyLinks,
            var found => found.Protection == Inode.Protection ? FileError.Success : FileError.CrossDevice,
        });
    }

    public FileError RemoveFile(string name) => Volume.TryChange(() =>
    {
        if (EntryName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        if (Volume.NamesOf(Inode).Find(name) is not { } item)
        {
            return FileError.NoEntry;
        }
        if (item.Kind == FileKind.Directory)
        {
            return FileError.IsDirectory;
        }
        var removed = Volume.Find(item.Node);
        Volume.RemoveName(Inode, item);
        Unlink(removed);
        return FileError.Success;
    });

    public FileError RemoveDirectory(string name) => Volume.TryChange(() =>
    {
        if (EntryName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        if (Volume.NamesOf(Inode).Find(name) is not { } item)
        {
            return FileError.NoEntry;
        }
        if (item.Kind != FileKind.Directory)
        {
            return FileError.NotDirectory;
        }
        var removed = Volume.Find(item.Node);
        if (Volume.NamesOf(removed).Count > 0)
        {
            return FileError.NotEmpty;
        }
        Volume.RemoveName(Inode, item);
        RemoveEmpty(removed);
        return FileError.Success;
    });

    public FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries)
    {
        IReadOnlyList<DirectoryEntry> found = [];
        var error = Volume.Try(() =>
        {
            found = [.. Volume.NamesOf(Inode).From(cookie).Take(max).Select(item => new DirectoryEntry(item.Name, item.Node, item.Kind, item.Cookie + 1))];
            return FileError.Success;
        });
        entries = found;
        return error;
    }

    private FileError Create(string name, Action create, Func<FileError>? check = null) => Volume.TryChange(() =>
    {
        if (EntryName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        // A removed directory takes no new names: nobody would ever find them.
        if (Inode.Links == 0)
        {
            return FileError.NoEntry;
        }
        if (Volume.NamesOf(Inode).Find(name) is not null)
        {
            return FileError.Exists;
        }
        if (check is not null && check() is not FileError.Success and var refused)
        {
            return refused;
        }
        create();
        return FileError.Success;
    });

    private Inode Add(string name, FileKind kind, Protection? protection = null)
    {
        var added = Volume.Make(kind, Inode, protection);
        Volume.AddName(Inode, name, added);
        return added;
    }

    private void Unlink(Inode removed)
    {
        removed.Links--;
        Volume.Touch(removed, content: false);
        Volume.GiveUpIfGone(removed);
    }

    private void RemoveEmpty(Inode removed)
    {
        removed.Links = 0;
        Inode.Links--;
        Volume.Touch(removed, content: false);
        Volume.GiveUpIfGone(removed);
    }
}
