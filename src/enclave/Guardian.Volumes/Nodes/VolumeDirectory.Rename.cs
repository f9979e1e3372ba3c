using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Nodes;

/// <content>Renaming: everything is looked up and checked first, then changed without anything that can fail.</content>
internal sealed partial class VolumeDirectory
{
    public FileError Rename(string name, IDirectory toDirectory, string toName)
    {
        if (toDirectory is not VolumeDirectory to || to.Volume != Volume)
        {
            return FileError.CrossDevice;
        }
        return Volume.TryChange(() =>
        {
            if (EntryName.Check(name) is not FileError.Success and var wrong)
            {
                return wrong;
            }
            if (EntryName.Check(toName) is not FileError.Success and var wrongTo)
            {
                return wrongTo;
            }
            if (Volume.NamesOf(Inode).Find(name) is not { } item || to.Inode.Links == 0)
            {
                return FileError.NoEntry;
            }
            if (Inode.Protection != to.Inode.Protection)
            {
                return FileError.CrossDevice;
            }
            var moved = Volume.Find(item.Node);
            var target = Volume.NamesOf(to.Inode).Find(toName);
            var replaced = target is null ? null : Volume.Find(target.Node);
            if (replaced == moved)
            {
                return FileError.Success;
            }
            if (CheckReplacement(moved, replaced) is not FileError.Success and var refused)
            {
                return refused;
            }
            if (moved.Kind == FileKind.Directory && Volume.IsWithin(to.Inode, moved))
            {
                return FileError.Invalid;
            }
            Move(item, moved, to, toName, target, replaced);
            return FileError.Success;
        });
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
        return Volume.NamesOf(replaced).Count > 0 ? FileError.NotEmpty : FileError.Success;
    }

    private void Move(DirectoryItem item, Inode moved, VolumeDirectory to, string toName, DirectoryItem? target, Inode? replaced)
    {
        Volume.RemoveName(Inode, item);
        if (target is null)
        {
            Volume.AddName(to.Inode, toName, moved);
        }
        else
        {
            Volume.ChangeName(to.Inode, target, moved);
        }
        if (moved.Kind == FileKind.Directory)
        {
            Inode.Links--;
            to.Inode.Links++;
            moved.Parent = to.Inode.Number;
        }
        Volume.Touch(moved, content: false);
        if (replaced?.Kind == FileKind.Directory)
        {
            to.RemoveEmpty(replaced);
        }
        else if (replaced is not null)
        {
            Unlink(replaced);
        }
    }
}
