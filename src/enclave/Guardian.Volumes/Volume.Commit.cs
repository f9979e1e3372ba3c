using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Freshness;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <content>From one state to the next (docs/spec/volume.md, "Commit" and "Freshness").</content>
public sealed partial class Volume
{
    private Superblock current;
    private int currentSlot;
    private FreshnessTag? acknowledged;

    // A tag that was offered to its keeper without an answer, and what becomes free when it is acknowledged.
    private FreshnessTag? attempted;
    private List<Extent> heldBack = [];
    private long lastReplaced;
    private VolumeException? stopped;

    // Whether something was stored that no superblock refers to yet.
    private bool isUncommitted;

    private bool IsDirty => isUncommitted || cache.IsDirty || inodeFile.Map.IsDirty || inodes.Values.Any(inode => inode.IsDirty || inode.Map.IsDirty);

    private bool IsStrict => options is { Freshness: not null, FreshnessMode: FreshnessMode.Strict };

    private void Commit()
    {
        if (options.ReadOnly)
        {
            return;
        }
        ThrowIfStopped();
        if (IsStrict && attempted is { } unanswered)
        {
            // Nothing may be written over a state that the keeper may or may not know.
            Replace(unanswered);
        }
        if (IsDirty)
        {
            isUncommitted = true;
            StoreAll();
            SyncStorage();
            WriteSuperblock(isClosed: false);
        }
    }

    // Step 1: pages, then nodes, then inodes, each referring to what was stored before it.
    private void StoreAll()
    {
        cache.Flush();
        foreach (var inode in inodes.Values)
        {
            inode.IsDirty |= inode.Map.IsDirty;
            inode.Map.Store(cache.Writer);
        }
        Span<byte> bytes = stackalloc byte[InodeRecord.Size];
        foreach (var inode in inodes.Values.Where(inode => inode.IsDirty))
        {
            inode.ToRecord().Write(bytes);
            WriteInode(inode.Number, bytes);
        }
        cache.Flush();
        inodeFile.Map.Store(cache.Writer);
        foreach (var inode in inodes.Values)
        {
            inode.IsDirty = false;
        }
        // A storage that fails here may take it the next time; one that fails to sync may not be asked again.
        cache.Drain();
    }

    // Steps 3 and 4. Gives what was written.
    private byte[] WriteSuperblock(bool isClosed)
    {
        var next = current with
        {
            Generation = current.Generation + 1,
            IsClosed = isClosed,
            SlotCount = allocator.Count,
            InodeFile = inodeFile.ToRecord(),
            Acknowledged = acknowledged,
            Attempted = attempted,
        };
        var bytes = next.Write(key);
        var freed = allocator.BeginState();
        WriteSuperblock(1 - currentSlot, bytes);
        (current, currentSlot) = (next, 1 - currentSlot);
        isUncommitted = false;
        Acknowledge(next.TagOf(bytes), freed);
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

    private void Acknowledge(FreshnessTag tag, List<Extent> freed)
    {
        if (IsStrict)
        {
            heldBack = freed;
            Replace(tag);
            return;
        }
        allocator.Release(freed);
        if (options.Freshness is null || (lastReplaced != 0 && options.Time.GetElapsedTime(lastReplaced) < options.FreshnessInterval))
        {
            return;
        }
        try
        {
            if (attempted is { } unanswered)
            {
                Replace(unanswered);
            }
            Replace(tag);
        }
        catch (VolumeException failure) when (failure.Failure == VolumeFailure.Unreachable)
        {
            // The next commit tries again; until then the host can take back more than it should, and somebody must hear of it.
            options.OnProblem?.Invoke(failure.Message);
        }
    }

    private void Replace(FreshnessTag tag)
    {
        attempted = tag;
        bool isReplaced;
        try
        {
            isReplaced = options.Freshness!.TryReplace(acknowledged, tag) || options.Freshness.Read() == tag;
        }
        catch (IOException failure)
        {
            throw new VolumeException(VolumeFailure.Unreachable, $"the freshness tag could not be replaced: {failure.Message}", failure);
        }
        if (!isReplaced)
        {
            stopped = new VolumeException(VolumeFailure.Superseded, "another writer replaced the volume's freshness tag");
            throw stopped;
        }
        acknowledged = tag;
        attempted = null;
        lastReplaced = Math.Max(1, options.Time.GetTimestamp());
        allocator.Release(heldBack);
        heldBack = [];
    }

    // After the first opening nobody can exchange the volume any more.
    private void PinFirstTag()
    {
        if (options.Freshness is not null && acknowledged is null)
        {
            Replace(current.TagOf(Superblocks.Read(storage, currentSlot)!));
        }
    }

    private void Close()
    {
        if (stopped is not null)
        {
            return;
        }
        Commit();
        if (current.IsClosed)
        {
            return;
        }
        // What was written for changes that failed after all must not come later.
        cache.Drain();
        // Every byte of a closed volume is accounted for. The container is cut only when no state that could be opened is as long as before.
        if (allocator.Trim())
        {
            WriteSuperblock(isClosed: false);
        }
        storage.SetSize(allocator.Count * Page.Size);
        foreach (var (slot, count) in allocator.FreeExtents())
        {
            storage.Clear(slot * Page.Size, count * Page.Size);
        }
        SyncStorage();
        lastReplaced = 0;
        // The second copy only once the state before is needed by nobody, the tag's keeper included.
        var closed = WriteSuperblock(isClosed: true);
        WriteSuperblock(1 - currentSlot, closed);
    }

    private void CommitInTime()
    {
        // Whoever is at work commits soon enough; a timer must not queue behind it.
        if (gate.TryEnter())
        {
            try
            {
                if (!isDisposed && stopped is null)
                {
                    Try(Commit);
                    TrimMemory();
                }
            }
            finally
            {
                gate.Exit();
            }
        }
    }

    private void SyncStorage()
    {
        try
        {
            storage.Sync();
        }
        catch (IOException failure)
        {
            // After a failed sync the system may have dropped what it could not write, and a second sync would succeed for nothing.
            throw Stop("the container could not be synced to disk", failure);
        }
    }

    private VolumeException Stop(string what, Exception failure)
    {
        stopped = new VolumeException(VolumeFailure.Stopped, $"{what}, so the volume takes no more changes until it is opened again: {failure.Message}", failure);
        return stopped;
    }

    private void ThrowIfStopped()
    {
        if (stopped is not null)
        {
            throw new VolumeException(stopped.Failure, stopped.Message, stopped);
        }
    }
}
