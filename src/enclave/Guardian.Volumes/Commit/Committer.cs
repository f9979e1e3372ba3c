using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Commit;

/// <summary>Takes a volume from one state to the next. Not thread-safe.</summary>
/// <remarks>
/// The steps of a commit are those of docs/spec/volume.md, "Commit":
/// <list type="number">
/// <item>Changed pages, nodes and inodes are written into free slots.</item>
/// <item>The storage is synced.</item>
/// <item>The new superblock is written over the one that is not current, and the storage is synced.</item>
/// <item>The freshness tag is replaced, and the slots that only the old state used become free.</item>
/// </list>
/// After a failed sync, a failed write of a superblock, or another writer's tag, the volume stops: it takes no more changes until it is
/// opened again.
/// </remarks>
internal sealed class Committer : IDisposable
{
    private readonly IStorage storage;
    private readonly VolumeOptions options;
    private readonly SlotAllocator allocator;
    private readonly ContentCache cache;
    private readonly InodeTable inodes;
    private readonly TagPublisher tags;
    private VolumeKey key;
    private int currentSlot;
    private RefusedException? stopped;

    // Whether something was stored that no superblock refers to yet.
    private bool isUncommitted;

    /// <param name="storage">The container.</param>
    /// <param name="key">The volume's key; it is copied.</param>
    /// <param name="options">How the volume is opened.</param>
    /// <param name="start">The state at which it is opened, and its slot.</param>
    /// <param name="tags">The publisher of its tags.</param>
    /// <param name="allocator">The slots of the container.</param>
    /// <param name="cache">The content of its files.</param>
    /// <param name="inodes">Its inodes.</param>
    public Committer(
        IStorage storage,
        VolumeKey key,
        VolumeOptions options,
        (Superblock Superblock, int Slot) start,
        TagPublisher tags,
        SlotAllocator allocator,
        ContentCache cache,
        InodeTable inodes)
    {
        this.storage = storage;
        this.key = new VolumeKey(key.Bytes);
        this.options = options;
        (Current, currentSlot) = start;
        this.tags = tags;
        this.allocator = allocator;
        this.cache = cache;
        this.inodes = inodes;
    }

    /// <summary>The state that opens after a crash.</summary>
    public Superblock Current { get; private set; }

    /// <summary>Whether there are changes to commit.</summary>
    public bool IsDirty => isUncommitted || inodes.IsDirty;

    /// <summary>Whether the volume takes no more changes.</summary>
    public bool IsStopped => StopCause is not null;

    private RefusedException? StopCause => stopped ?? tags.Superseded;

    /// <summary>Prepares a change: checks that it is allowed, and makes space in memory, so that nothing must be written in the middle of
    /// it.</summary>
    /// <returns><see cref="FileError.Success"/> or <see cref="FileError.ReadOnly"/>.</returns>
    /// <exception cref="RefusedException">The volume stopped.</exception>
    /// <exception cref="IOException">The storage failed.</exception>
    public FileError PrepareChange()
    {
        if (options.ReadOnly)
        {
            return FileError.ReadOnly;
        }
        ThrowIfStopped();
        if (Current.IsClosed)
        {
            // From now on a killed process may leave bytes in free slots, so the state must not claim that every byte is accounted for.
            WriteState(isClosed: false);
        }
        if (cache.IsFull)
        {
            cache.Flush();
        }
        return FileError.Success;
    }

    /// <summary>Makes room for new content, so that it can be committed. What was removed gives its room to the next state.</summary>
    /// <param name="size">Bytes of the content.</param>
    /// <exception cref="RefusedException">The volume stopped, or the keeper of the tag does not answer.</exception>
    /// <exception cref="IOException">The disk is full, or the storage failed.</exception>
    public void MakeRoom(int size)
    {
        try
        {
            cache.MakeRoom(size);
        }
        catch (IOException) when (allocator.HasRetired)
        {
            Commit();
            cache.MakeRoom(size);
        }
    }

    /// <summary>Makes all changes safe. Does nothing in a volume that is open for reading only.</summary>
    /// <exception cref="RefusedException">The volume stopped, or the keeper of the tag does not answer.</exception>
    /// <exception cref="IOException">The storage failed; the next commit retries.</exception>
    public void Commit()
    {
        if (options.ReadOnly)
        {
            return;
        }
        ThrowIfStopped();
        tags.RetryUnanswered();
        if (!IsDirty)
        {
            return;
        }
        isUncommitted = true;
        // Step 1.
        inodes.StoreChanges();
        // Step 2.
        SyncStorage();
        // Steps 3 and 4.
        WriteState(isClosed: false);
    }

    /// <summary>Commits, and makes every byte of the container accounted for. Does nothing in a volume that stopped.</summary>
    /// <exception cref="RefusedException">The volume stopped, or the keeper of the tag does not answer.</exception>
    /// <exception cref="IOException">The storage failed.</exception>
    public void Close()
    {
        if (IsStopped)
        {
            return;
        }
        Commit();
        if (Current.IsClosed)
        {
            return;
        }
        // Pages of changes that failed may still be queued; they must not be written after the free slots are cleared.
        cache.Drain();
        if (allocator.TryTrim())
        {
            // The container becomes shorter only when no state that can be opened has the old length.
            WriteState(isClosed: false);
        }
        storage.SetSize(allocator.Count * Page.Size);
        foreach (var (slot, count) in allocator.FreeExtents())
        {
            storage.Clear(slot * Page.Size, count * Page.Size);
        }
        SyncStorage();
        tags.ExpectLastState();
        var closed = WriteState(isClosed: true);
        // The second copy comes only when nobody needs the state before, the keeper of the tag included.
        WriteSuperblock(1 - currentSlot, closed);
    }

    /// <summary>Encrypts the next superblocks under another key.</summary>
    /// <param name="newKey">The key; it is copied.</param>
    public void ReplaceKey(VolumeKey newKey)
    {
        key.Dispose();
        key = new VolumeKey(newKey.Bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    // Steps 3 and 4 of a commit. Returns the bytes of the superblock.
    private byte[] WriteState(bool isClosed)
    {
        var next = Current with
        {
            Generation = Current.Generation + 1,
            IsClosed = isClosed,
            SlotCount = allocator.Count,
            InodeFile = inodes.InodeFile.ToRecord(),
            Acknowledged = tags.Acknowledged,
            Attempted = tags.Attempted,
        };
        var bytes = next.Write(key);
        var freed = allocator.BeginState();
        // Step 3.
        WriteSuperblock(1 - currentSlot, bytes);
        (Current, currentSlot) = (next, 1 - currentSlot);
        isUncommitted = false;
        // Step 4.
        tags.Publish(next.TagOf(bytes), freed);
        return bytes;
    }

    private void WriteSuperblock(int slot, byte[] bytes)
    {
        try
        {
            storage.Write(slot * Page.Size, bytes);
        }
        catch (IOException failure)
        {
            throw Stop("a superblock could not be written", failure);
        }
        SyncStorage();
    }

    private void SyncStorage()
    {
        try
        {
            storage.Sync();
        }
        catch (IOException failure)
        {
            // The system may have dropped the data that it could not write. A second sync would then succeed although the data is lost.
            throw Stop("the container could not be synced to disk", failure);
        }
    }

    private RefusedException Stop(string problem, Exception failure) => stopped = new RefusedException(
        VolumeReasons.Stopped.Because($"{problem}, so the volume takes no more changes until it is opened again: {failure.Message}"),
        failure);

    private void ThrowIfStopped()
    {
        if (StopCause is { } cause)
        {
            throw new RefusedException(cause.Refusal, cause);
        }
    }
}
