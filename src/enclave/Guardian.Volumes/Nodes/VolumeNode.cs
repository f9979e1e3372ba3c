using Guardian.Files;
using Guardian.Volumes.Content;

namespace Guardian.Volumes.Nodes;

/// <summary>An open node of a volume.</summary>
internal abstract class VolumeNode : INode
{
    private readonly Inode? inode;
    private bool isDisposed;

    /// <param name="volume">The volume.</param>
    /// <param name="inode">The inode; null for the root, which is looked up when it is needed.</param>
    protected VolumeNode(OpenVolume volume, Inode? inode)
    {
        Volume = volume;
        this.inode = inode;
        if (inode is not null)
        {
            inode.OpenCount++;
        }
    }

    public abstract FileKind Kind { get; }

    public OpenVolume Volume { get; }

    /// <summary>The inode; to be used under the volume's lock only.</summary>
    public Inode Inode => inode ?? Volume.Inodes.Find(InodeTable.RootNumber);

    public FileError Stat(out FileStat stat)
    {
        var found = default(FileStat);
        var error = Volume.Run(() =>
        {
            var node = Inode;
            found = new FileStat(
                Volume.DeviceNumber, node.Number, Kind, node.Links, node.Size, node.AccessTime, node.ModificationTime, node.ChangeTime);
            return FileError.Success;
        });
        stat = found;
        return error;
    }

    public FileError SetTimes(ulong? access, ulong? modification) => Volume.RunChange(() =>
    {
        Inode.AccessTime = access ?? Inode.AccessTime;
        Inode.ModificationTime = modification ?? Inode.ModificationTime;
        Inode.MarkChanged(Volume.Now, isContent: false);
        return FileError.Success;
    });

    public FileError Sync(bool dataOnly) => Volume.Sync();

    public void Dispose()
    {
        if (inode is null || isDisposed)
        {
            return;
        }
        isDisposed = true;
        Volume.Run(() =>
        {
            inode.OpenCount--;
            Volume.FreeIfUnused(inode);
            return FileError.Success;
        });
    }
}
