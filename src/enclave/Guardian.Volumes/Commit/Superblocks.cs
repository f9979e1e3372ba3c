using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Commit;

/// <summary>A superblock that a key opens.</summary>
/// <param name="Superblock">Its content.</param>
/// <param name="Slot">The slot that holds it.</param>
/// <param name="Tag">The freshness tag of its bytes.</param>
internal readonly record struct StoredSuperblock(Superblock Superblock, int Slot, FreshnessTag Tag);

/// <summary>Chooses the state at which a volume opens.</summary>
internal static class Superblocks
{
    /// <summary>Reads both superblocks and the kept tag.</summary>
    /// <returns>The state, and the kept tag; null when none is kept.</returns>
    /// <exception cref="RefusedException">No state may be opened.</exception>
    /// <exception cref="IOException">The storage, or the keeper of the tag, failed.</exception>
    public static (StoredSuperblock State, FreshnessTag? Kept) Choose(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        var candidates = ReadAll(storage, key);
        if (candidates.Count == 0)
        {
            throw new RefusedException(HasMagic(storage)
                ? VolumeReasons.WrongKey.Because(
                    "the volume does not open with this key: the key belongs to another volume, or both superblocks are damaged")
                : VolumeReasons.NotAVolume.Because("this is not a volume, or its superblocks are damaged"));
        }
        if (!candidates[0].Superblock.VolumeId.Span.SequenceEqual(candidates[^1].Superblock.VolumeId.Span))
        {
            throw new RefusedException(VolumeReasons.Damaged.Because("the two superblocks belong to two volumes: parts were exchanged"));
        }
        var newest = candidates.MaxBy(candidate => candidate.Superblock.Generation);
        var kept = options.Freshness?.Read();
        var chosen = kept is { } tag ? Match(candidates, newest, tag, options.FreshnessMode) : newest;
        if (storage.Size < chosen.Superblock.SlotCount * Page.Size)
        {
            throw new RefusedException(VolumeReasons.Damaged.Because(
                $"the volume is cut off: it has {storage.Size} bytes instead of {chosen.Superblock.SlotCount * Page.Size}"));
        }
        return (chosen, kept);
    }

    /// <summary>Reads all superblocks that the key opens.</summary>
    public static List<StoredSuperblock> ReadAll(IStorage storage, VolumeKey key)
    {
        var found = new List<StoredSuperblock>();
        for (var slot = 0; slot < Superblock.Count; slot++)
        {
            if (Read(storage, slot) is { } bytes && Superblock.TryRead(bytes, key) is { } superblock)
            {
                found.Add(new StoredSuperblock(superblock, slot, superblock.TagOf(bytes)));
            }
        }
        return found;
    }

    // Strict accepts exactly the kept state. A newer one was never acknowledged, so nobody relies on it.
    // Interval also accepts a newest state that descends from the kept one.
    private static StoredSuperblock Match(List<StoredSuperblock> candidates, StoredSuperblock newest, FreshnessTag tag, FreshnessMode mode)
    {
        var descends = newest.Superblock.Acknowledged == tag || newest.Superblock.Attempted == tag;
        var chosen = mode == FreshnessMode.Strict || newest.Tag == tag ? candidates.Find(candidate => candidate.Tag == tag)
            : descends ? newest
            : default;
        return chosen.Superblock is not null ? chosen : throw new RefusedException(VolumeReasons.RolledBack.Because(
            $"the volume is not at the state that its freshness tag names: the tag has generation {tag.Counter}, the volume "
            + $"{newest.Superblock.Generation}; it was rolled back, exchanged or damaged"));
    }

    // The bytes of a superblock's slot; null when the container ends before.
    private static byte[]? Read(IStorage storage, int slot)
    {
        if (storage.Size < (slot + 1) * Page.Size)
        {
            return null;
        }
        var bytes = new byte[Page.Size];
        storage.Read(slot * Page.Size, bytes);
        return bytes;
    }

    private static bool HasMagic(IStorage storage) =>
        Enumerable.Range(0, Superblock.Count).Any(slot => Read(storage, slot) is { } bytes && Superblock.HasMagic(bytes));
}
