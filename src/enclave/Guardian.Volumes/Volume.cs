using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Checking;
using Guardian.Volumes.Commit;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Nodes;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <summary>An encrypted, authenticated file system in a folder that the host keeps (docs/spec/volume.md).</summary>
/// <remarks>Thread-safe. One process may write, or several may read. Synced changes survive everything but the loss of the container;
/// of the others, at most those of one <see cref="VolumeOptions.CommitInterval"/> are lost.</remarks>
public sealed class Volume : IFileSystem
{
    /// <summary>The container's file name within the folder.</summary>
    public const string ContainerName = FileStorage.ContainerName;

    private readonly OpenVolume open;
    private readonly bool isReadOnly;

    private Volume(OpenVolume open, bool isReadOnly)
    {
        this.open = open;
        this.isReadOnly = isReadOnly;
        Root = new VolumeDirectory(open, null);
        open.Start();
    }

    /// <inheritdoc/>
    public IDirectory Root { get; }

    /// <summary>Creates an empty volume and opens it for writing.</summary>
    /// <param name="directory">The folder; it is created with mode 0700 when it is not there.</param>
    /// <param name="key">The key; it is copied, and the caller keeps its own.</param>
    /// <param name="options">How to open it; null for the defaults.</param>
    /// <returns>The volume; the caller disposes it.</returns>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Exists"/>: the folder holds a volume already.
    /// <see cref="VolumeReasons.RolledBack"/>: the freshness tag belongs to another volume.</exception>
    /// <exception cref="IOException">The disk, or the keeper of the freshness tag, failed; no volume was created.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written; no volume was created.</exception>
    public static Volume Create(string directory, VolumeKey key, VolumeOptions? options = null)
    {
        var storage = FileStorage.Create(directory);
        try
        {
            var volume = Create(storage, key, options ?? new VolumeOptions());
            storage.SyncName();
            return volume;
        }
        catch
        {
            storage.Delete();
            throw;
        }
    }

    /// <summary>Opens a volume.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="key">The key; it is copied, and the caller keeps its own.</param>
    /// <param name="options">How to open it; null for the defaults.</param>
    /// <returns>The volume; the caller disposes it.</returns>
    /// <exception cref="RefusedException">The volume is refused, for one of <see cref="VolumeReasons"/>.</exception>
    /// <exception cref="IOException">The disk, or the keeper of the freshness tag, failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The container may not be opened.</exception>
    public static Volume Open(string directory, VolumeKey key, VolumeOptions? options = null)
    {
        options ??= new VolumeOptions();
        return Open(FileStorage.Open(directory, options.ReadOnly), key, options);
    }

    /// <summary>Checks all content of a volume. It visits every path on its own, so one damage does not hide what is whole
    /// elsewhere.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="key">The key.</param>
    /// <param name="options">The freshness to check against; null for none. The volume is opened for reading only in any case.</param>
    /// <param name="progress">Receives the share that is done, 0 to 1; an exception of it ends the check. Null when nobody wants to
    /// know.</param>
    /// <returns>The report, which lists all damages.</returns>
    /// <exception cref="RefusedException">The volume does not open at all, for one of <see cref="VolumeReasons"/>.</exception>
    /// <exception cref="IOException">The disk, or the keeper of the freshness tag, failed.</exception>
    /// <exception cref="UnauthorizedAccessException">The container may not be opened.</exception>
    public static VolumeReport Check(string directory, VolumeKey key, VolumeOptions? options = null, Action<double>? progress = null) =>
        Check(FileStorage.Open(directory, readOnly: true), key, options ?? new VolumeOptions(), progress);

    /// <summary>Makes all changes safe: they survive a crash, and in strict freshness the host cannot roll them back.</summary>
    /// <returns><see cref="FileError.Success"/>; <see cref="FileError.NoSpace"/> when the disk is full; else <see cref="FileError.Io"/>,
    /// after <see cref="VolumeOptions.OnProblem"/> received the cause. After a failure the changes stay in memory, and the next call
    /// retries, unless the volume stopped (<see cref="VolumeReasons.Stopped"/>).</returns>
    public FileError Sync() => open.Sync();

    /// <summary>Encrypts everything again under a new key, in one commit. Until it is done, the old key opens the old state.
    /// The container needs space for all content a second time.</summary>
    /// <param name="newKey">The new key; it is copied.</param>
    /// <param name="progress">Receives the share that is done, 0 to 1; null when nobody wants to know.</param>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Damaged"/>: the volume is damaged; the stored volume stays as it was.
    /// Or another of <see cref="VolumeReasons"/>: the commit failed.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <exception cref="InvalidOperationException">The volume is open for reading only.</exception>
    /// <exception cref="ObjectDisposedException">The volume is closed.</exception>
    public void Rekey(VolumeKey newKey, Action<double>? progress = null)
    {
        if (isReadOnly)
        {
            throw new InvalidOperationException("the volume is open for reading only");
        }
        lock (open.Lock)
        {
            ObjectDisposedException.ThrowIf(open.IsDisposed, this);
            open.Committer.Commit();
            for (var number = InodeTable.RootNumber; number < open.Inodes.Count; number++)
            {
                if (open.Inodes.FindIfUsed(number) is { } inode)
                {
                    MarkForRewrite(inode);
                }
                progress?.Invoke((double)number / open.Inodes.Count);
            }
            MarkForRewrite(open.Inodes.InodeFile);
            open.Committer.ReplaceKey(newKey);
            open.Committer.Commit();
        }
    }

    /// <summary>Creates a region: a directory in the root with its own protection.</summary>
    /// <param name="name">Its name, a single component.</param>
    /// <param name="protection">The protection of all files that will be created below it.</param>
    /// <returns><see cref="FileError.Success"/>; <see cref="FileError.Exists"/> when the name is taken; an error of the name
    /// (<see cref="IFileSystem"/>); or an error of the disk, as for <see cref="Sync"/>.</returns>
    public FileError CreateRegion(string name, Protection protection) => ((VolumeDirectory)Root).CreateDirectory(name, protection);

    /// <summary>Commits, marks the volume as closed, and closes it. When that fails, the last commit stands, as after a crash.
    /// Afterwards every call on an open node returns <see cref="FileError.BadDescriptor"/>.</summary>
    public void Dispose() => open.Dispose();

    internal static Volume Create(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        storage.Reserve(0, SlotAllocator.GrowthStep * Page.Size);
        if (options.Freshness?.Read() is not null)
        {
            throw new RefusedException(VolumeReasons.RolledBack.Because("the freshness tag already belongs to another volume"));
        }
        var empty = new Superblock
        {
            VolumeId = RandomNumberGenerator.GetBytes(16),
            Generation = 0,
            IsClosed = false,
            SlotCount = SlotAllocator.GrowthStep,
            InodeFile = InodeTable.EmptyInodeFile,
        };
        var open = new OpenVolume(storage, key, options, (empty, 1), null);
        open.Inodes.CreateRoot(open.Now);
        open.Committer.Commit();
        return new Volume(open, options.ReadOnly);
    }

    internal static Volume Open(IStorage storage, VolumeKey key, VolumeOptions options) =>
        new(OpenCore(storage, key, options), options.ReadOnly);

    internal static VolumeReport Check(IStorage storage, VolumeKey key, VolumeOptions options, Action<double>? progress = null)
    {
        using var open = OpenCore(storage, key, options with { ReadOnly = true });
        return new VolumeCheck(open, storage, key, progress).Run();
    }

    private static OpenVolume OpenCore(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        try
        {
            var (state, kept) = Superblocks.Choose(storage, key, options);
            var open = new OpenVolume(storage, key, options, (state.Superblock, state.Slot), kept);
            if (!options.ReadOnly)
            {
                open.Inodes.MarkUsedSlots();
                open.Tags.PublishFirst(state.Tag);
            }
            return open;
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    private void MarkForRewrite(Inode inode)
    {
        for (var index = 0L; index * RecordPointer.MaxPages < Page.CountFor(inode.Size); index++)
        {
            open.Committer.PrepareChange();
            open.Cache.MarkForRewrite(inode, index);
            inode.IsDirty = true;
        }
    }
}
