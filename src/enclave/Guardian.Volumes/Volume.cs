using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Files.Durable;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Freshness;
using Guardian.Volumes.Nodes;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <summary>An encrypted, authenticated file system in a folder that the host keeps (docs/spec/volume.md).</summary>
/// <remarks>Thread-safe. One process may write, or several read. What was synced survives everything but the loss of the container; what was not, at most one commit interval.</remarks>
public sealed partial class Volume : IFileSystem
{
    /// <summary>The file within the folder.</summary>
    public const string ContainerName = "volume";

    private const uint RootNumber = 1;

    // What nobody uses is dropped from memory when there is more than this: inodes, and 16 MiB of nodes, which is a gigabyte of content.
    private const int MaxIdleInodes = 4096;
    private const int MaxIdleNodes = 4096;

    private readonly Lock gate = new();
    private readonly IStorage storage;
    private VolumeKey key;
    private readonly VolumeOptions options;
    private readonly SlotAllocator allocator;
    private readonly ContentCache cache;
    private readonly Inode inodeFile;
    private readonly Dictionary<uint, Inode> inodes = [];
    private readonly Queue<uint> freeNumbers = new();
    private ITimer? timer;
    private bool isDisposed;

    private Volume(IStorage storage, VolumeKey key, VolumeOptions options, Superblock current, int currentSlot, FreshnessTag? kept)
    {
        this.storage = storage;
        this.key = key;
        this.options = options;
        this.current = current;
        this.currentSlot = currentSlot;
        acknowledged = kept;
        allocator = new SlotAllocator(storage, current.SlotCount);
        cache = new ContentCache(storage, allocator, options.CacheSize);
        inodeFile = new Inode(0, current.InodeFile, cache.Reader, allocator);
        Root = new VolumeDirectory(this, null);
    }

    /// <inheritdoc/>
    public IDirectory Root { get; }

    /// <summary>Counts the commits.</summary>
    public ulong Generation => current.Generation;

    internal ulong DeviceNumber => BitConverter.ToUInt64(current.VolumeId.Span);

    /// <summary>Makes an empty volume and opens it for writing.</summary>
    /// <param name="directory">The folder; made when it is not there.</param>
    /// <param name="key">Is copied.</param>
    /// <param name="options">How to open it.</param>
    /// <exception cref="VolumeException">There is one already, or the freshness tag is another volume's.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static Volume Create(string directory, VolumeKey key, VolumeOptions? options = null)
    {
        DurableFile.CreateDirectory(directory);
        var path = Path.Combine(directory, ContainerName);
        if (File.Exists(path))
        {
            throw new VolumeException(VolumeFailure.Exists, $"there is already a volume in {directory}");
        }
        var storage = FileStorage.Create(path);
        try
        {
            var volume = Create(storage, key, options ?? new VolumeOptions());
            // The container's own name must be safe too.
            DurableFile.SyncDirectory(path);
            return volume;
        }
        catch
        {
            storage.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Opens a volume.</summary>
    /// <param name="directory">The folder.</param>
    /// <param name="key">Is copied.</param>
    /// <param name="options">How to open it.</param>
    /// <exception cref="VolumeException">It is refused; <see cref="VolumeException.Failure"/> says why.</exception>
    /// <exception cref="IOException">The disk or the keeper of the freshness tag failed.</exception>
    public static Volume Open(string directory, VolumeKey key, VolumeOptions? options = null)
    {
        options ??= new VolumeOptions();
        return Open(OpenStorage(directory, options.ReadOnly), key, options);
    }

    internal static Volume Create(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        storage.SetSize(SlotAllocator.GrowthStep * Page.Size);
        var now = NowOf(options.Time);
        var empty = new Superblock
        {
            VolumeId = RandomNumberGenerator.GetBytes(16),
            Generation = 0,
            IsClosed = false,
            SlotCount = SlotAllocator.GrowthStep,
            InodeFile = new InodeRecord { Kind = FileKind.RegularFile, Protection = Protection.Encrypted, Height = 0, Links = 1, FileSize = (RootNumber + 1) * InodeRecord.Size, Root = default },
        };
        if (options.Freshness?.Read() is not null)
        {
            throw new VolumeException(VolumeFailure.RolledBack, "the freshness tag is already that of another volume");
        }
        var volume = new Volume(storage, new VolumeKey(key.Bytes), options, empty, 1, null);
        var root = new InodeRecord { Kind = FileKind.Directory, Protection = Protection.Encrypted, Height = 0, Links = 2, FileSize = 0, AccessTime = now, ModificationTime = now, ChangeTime = now, NextCookie = 1, Parent = RootNumber, Root = default };
        volume.inodes.Add(RootNumber, new Inode(RootNumber, root, volume.cache.Reader, volume.allocator) { IsDirty = true });
        volume.Commit();
        return volume.Begin();
    }

    internal static IStorage OpenStorage(string directory, bool readOnly)
    {
        var path = Path.Combine(directory, ContainerName);
        if (!File.Exists(path))
        {
            throw new VolumeException(VolumeFailure.NotAVolume, $"there is no volume in {directory}");
        }
        try
        {
            return FileStorage.Open(path, readOnly);
        }
        catch (IOException failure) when (failure is not (FileNotFoundException or DirectoryNotFoundException) && failure.HResult is 11)
        {
            throw new VolumeException(VolumeFailure.InUse, $"the volume in {directory} is open in another process", failure);
        }
    }

    internal static Volume Open(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        try
        {
            var (superblock, slot, kept) = Superblocks.Choose(storage, key, options);
            var volume = new Volume(storage, new VolumeKey(key.Bytes), options, superblock, slot, kept);
            if (!options.ReadOnly)
            {
                volume.FindFreeSlots();
                volume.PinFirstTag();
            }
            return volume.Begin();
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    /// <summary>Makes all changes safe.</summary>
    /// <returns>Success, or why they are not safe.</returns>
    public FileError Sync() => Try(Commit);

    /// <summary>Commits, marks the volume as closed and closes it. Open nodes must not be used any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }
            timer?.Dispose();
            if (!options.ReadOnly)
            {
                // What cannot be written now is as after a crash: the last commit stands.
                Try(Close);
            }
            isDisposed = true;
            cache.Dispose();
            key.Dispose();
            storage.Dispose();
        }
    }

    internal Lock Gate => gate;

    internal ulong Now() => NowOf(options.Time);

    /// <summary>Runs a piece of work under the volume's lock and says how it ended.</summary>
    internal FileError Try(Func<FileError> work)
    {
        lock (gate)
        {
            try
            {
                return isDisposed ? FileError.BadDescriptor : work();
            }
            catch (Exception failure) when (failure is VolumeException or IOException)
            {
                return Explain(failure);
            }
        }
    }

    /// <summary>As <see cref="Try(Func{FileError})"/>, for work that changes something.</summary>
    internal FileError TryChange(Func<FileError> work) => Try(() =>
    {
        if (MakeReady() is not FileError.Success and var refused)
        {
            return refused;
        }
        return work();
    });

    // Only now may another thread come in: until it is made or opened, a volume has no lock.
    private Volume Begin()
    {
        if (!options.ReadOnly && options.CommitInterval > TimeSpan.Zero)
        {
            timer = options.Time.CreateTimer(static state => ((Volume)state!).CommitInTime(), this, options.CommitInterval, options.CommitInterval);
        }
        return this;
    }

    private static ulong NowOf(TimeProvider time) => (ulong)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private FileError Try(Action work) => Try(() =>
    {
        work();
        return FileError.Success;
    });

    // Before a change: it is allowed, there is room in memory, so that nothing has to be written halfway through it, and the state does not claim any more
    // that every byte of the container is accounted for: what is written from now on may be all that a killed process leaves.
    internal FileError MakeReady()
    {
        if (options.ReadOnly)
        {
            return FileError.ReadOnly;
        }
        ThrowIfStopped();
        if (current.IsClosed)
        {
            WriteSuperblock(isClosed: false);
        }
        if (cache.IsFull)
        {
            cache.Flush();
        }
        return FileError.Success;
    }

    internal FileError Explain(Exception failure)
    {
        const int noSpace = 28;
        options.OnProblem?.Invoke(failure.Message);
        return failure is IOException { HResult: noSpace } ? FileError.NoSpace : FileError.Io;
    }
}
