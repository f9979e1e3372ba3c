using Guardian.Files;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Volumes.Commit;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Nodes;

/// <summary>The parts of an open volume, and the lock under which its nodes use them.</summary>
internal sealed class OpenVolume : IDisposable
{
    private readonly IStorage storage;
    private readonly VolumeOptions options;
    private ITimer? timer;

    /// <param name="storage">The container; disposed with the volume.</param>
    /// <param name="key">The volume's key; it is copied.</param>
    /// <param name="options">How the volume is opened.</param>
    /// <param name="start">The state at which it is opened, and its slot.</param>
    /// <param name="kept">The freshness tag that is kept; null when there is none.</param>
    public OpenVolume(IStorage storage, VolumeKey key, VolumeOptions options, (Superblock Superblock, int Slot) start, FreshnessTag? kept)
    {
        this.storage = storage;
        this.options = options;
        var allocator = new SlotAllocator(storage, start.Superblock.SlotCount);
        Cache = new ContentCache(storage, allocator, options.CacheSize);
        Inodes = new InodeTable(Cache, allocator, start.Superblock.InodeFile);
        Directories = new Directories(Cache, options.Time);
        Tags = new TagPublisher(options, allocator, kept);
        Committer = new Committer(storage, key, options, start, Tags, allocator, Cache, Inodes);
        DeviceNumber = BitConverter.ToUInt64(start.Superblock.VolumeId.Span);
    }

    /// <summary>Held while any other part is used.</summary>
    public Lock Lock { get; } = new();

    public ContentCache Cache { get; }

    public InodeTable Inodes { get; }

    public Directories Directories { get; }

    public TagPublisher Tags { get; }

    public Committer Committer { get; }

    /// <summary>The number of the volume as a file system.</summary>
    public ulong DeviceNumber { get; }

    public bool IsDisposed { get; private set; }

    /// <summary>Nanoseconds since 1970.</summary>
    public ulong Now => FileTime.Now(options.Time);

    /// <summary>Whether an exception says that the container, or the keeper of the freshness tag, failed.</summary>
    public static bool IsVolumeFailure(Exception failure) => failure is RefusedException or IOException;

    /// <summary>Starts the timer. From then on another thread may use the volume.</summary>
    public void Start()
    {
        if (!options.ReadOnly && options.CommitInterval > TimeSpan.Zero)
        {
            timer = options.Time.CreateTimer(
                static state => ((OpenVolume)state!).CommitOnTimer(), this, options.CommitInterval, options.CommitInterval);
        }
    }

    /// <summary>Runs work under the lock, and turns failures of the volume into errors.</summary>
    public FileError Run(Func<FileError> work)
    {
        lock (Lock)
        {
            try
            {
                return IsDisposed ? FileError.BadDescriptor : work();
            }
            catch (Exception failure) when (IsVolumeFailure(failure))
            {
                return Report(failure);
            }
        }
    }

    /// <summary>The same for work that changes the volume.</summary>
    public FileError RunChange(Func<FileError> work) => Run(() =>
    {
        if (Committer.PrepareChange() is not FileError.Success and var refused)
        {
            return refused;
        }
        return work();
    });

    /// <summary>Makes all changes safe.</summary>
    public FileError Sync() => Run(() =>
    {
        Committer.Commit();
        return FileError.Success;
    });

    /// <summary>Reports a failure of the volume in words.</summary>
    /// <returns>The error for the caller.</returns>
    public FileError Report(Exception failure)
    {
        options.OnProblem?.Invoke(failure.Message);
        return failure is IOException && Errno.IsFull(failure.HResult) ? FileError.NoSpace : FileError.Io;
    }

    /// <summary>Frees an inode that has neither a name nor an open node.</summary>
    public void FreeIfUnused(Inode inode)
    {
        if (inode.IsUnused && !options.ReadOnly && !Committer.IsStopped)
        {
            Inodes.Free(inode);
        }
    }

    /// <summary>Commits, marks the volume as closed, and closes it.</summary>
    public void Dispose()
    {
        lock (Lock)
        {
            if (IsDisposed)
            {
                return;
            }
            timer?.Dispose();
            if (!options.ReadOnly)
            {
                // When closing fails, the last commit stands, as after a crash.
                Run(() =>
                {
                    Committer.Close();
                    return FileError.Success;
                });
            }
            IsDisposed = true;
            Cache.Dispose();
            Committer.Dispose();
            storage.Dispose();
        }
    }

    private void CommitOnTimer()
    {
        // The call that holds the lock commits soon enough; a timer must not queue behind it.
        if (!Lock.TryEnter())
        {
            return;
        }
        try
        {
            if (IsDisposed || Committer.IsStopped)
            {
                return;
            }
            Sync();
            if (!Committer.IsDirty)
            {
                Inodes.TrimMemory();
            }
        }
        finally
        {
            Lock.Exit();
        }
    }
}
