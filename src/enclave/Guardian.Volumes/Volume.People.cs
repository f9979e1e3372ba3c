using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Nodes;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <content>What people do with whole volumes.</content>
public sealed partial class Volume
{
    internal Inode InodeFile => inodeFile;

    /// <summary>Checks everything that a volume holds; needs no order of it, so damage elsewhere does not hide what is whole.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="key">Its key.</param>
    /// <param name="options">The freshness to check against.</param>
    /// <param name="progress">Gets the share that was done.</param>
    /// <exception cref="VolumeException">It does not open at all, or is not at the state that the freshness tag names.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static VolumeReport Check(string directory, VolumeKey key, VolumeOptions? options = null, Action<double>? progress = null) =>
        Check(OpenStorage(directory, readOnly: true), key, options ?? new VolumeOptions(), progress);

    internal static VolumeReport Check(IStorage storage, VolumeKey key, VolumeOptions options, Action<double>? progress = null)
    {
        using var volume = Open(storage, key, options with { ReadOnly = true });
        return new VolumeCheck(volume, storage, key, volume.current, volume.cache.Reader, progress).Run();
    }

    /// <summary>Encrypts everything anew under a new key, in one commit: until it is done, the old key opens the old state. Needs room for everything a second time.</summary>
    /// <param name="newKey">Is copied.</param>
    /// <param name="progress">Gets the share that was done.</param>
    /// <exception cref="VolumeException">The volume is damaged; it stays as it was.</exception>
    /// <exception cref="IOException">The disk failed; the volume stays as it was.</exception>
    public void Rekey(VolumeKey newKey, Action<double>? progress = null)
    {
        lock (gate)
        {
            Commit();
            for (var number = RootNumber; number < InodeCount; number++)
            {
                if (FindIfUsed(number) is { } inode)
                {
                    Rewrite(inode);
                }
                progress?.Invoke((double)number / InodeCount);
            }
            Rewrite(inodeFile);
            key.Dispose();
            key = new VolumeKey(newKey.Bytes);
            Commit();
        }
    }

    /// <summary>Makes a directory whose files are protected in another way than its parent's.</summary>
    /// <param name="name">Its name in the root.</param>
    /// <param name="protection">Of everything that will be made below it.</param>
    public FileError CreateRegion(string name, Protection protection) => ((VolumeDirectory)Root).CreateDirectory(name, protection);

    // Makes everything that is stored of a file be stored again.
    private void Rewrite(Inode inode)
    {
        for (var page = 0L; page < Page.CountFor(inode.Size); page += RecordPointer.MaxPages)
        {
            MakeReady();
            cache.Rewrite(inode, page / RecordPointer.MaxPages);
            inode.IsDirty = true;
        }
    }
}
