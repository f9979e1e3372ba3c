using Guardian.Files;
using Guardian.Volumes.Content;

namespace Guardian.Volumes.Nodes;

/// <summary>An open node of a volume.</summary>
internal abstract class VolumeNode : INode
{
    private readonly Inode? inode;
    private bool isDisposed;

    /// <param name="volume">Where it is.</param>
    /// <param name="inode">Which; null for the root, which is looked up when it is needed.</param>
    protected VolumeNode(Volume volume, Inode? inode)
    {
        Volume = volume;
        this.inode = inode;
        if (inode is not null)
        {
            inode.OpenCount++;
        }
    }

    public abstract FileKind Kind { get; }

    public Volume Volume { get; }

    /// <summary>Under the volume's lock only.</summary>
    public Inode Inode => inode ?? Volume.FindRoot();

    public FileError Stat(out FileStat stat)
    {
        var found = default(FileStat);
        var error = Volume.Try(() =>
        {
            found = new FileStat(Volume.DeviceNumber, Inode.Number, Kind, Inode.Links, Inode.Size, Inode.AccessTime, Inode.ModificationTime, Inode.ChangeTime);
            return FileError.Success;
        });
        stat = found;
        return error;
    }

    public FileError SetTimes(ulong? access, ulong? modification) => Volume.TryChange(() =>
    {
        Inode.AccessTime = access ?? Inode.AccessTime;
        Inode.ModificationTime = modification ?? Inode.ModificationTime;
        Volume.Touch(Inode, content: false);
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
        Volume.Try(() =>
        {
            inode.OpenCount--;
            Volume.GiveUpIfGone(inode);
            return FileError.Success;
        });
    }
}
