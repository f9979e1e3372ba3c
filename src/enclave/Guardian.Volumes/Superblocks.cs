using Guardian.Volumes.Format;
using Guardian.Volumes.Freshness;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <summary>Chooses the state at which a volume opens.</summary>
internal static class Superblocks
{
    /// <summary>Reads both superblocks and the kept tag.</summary>
    /// <returns>The state, the slot that it lies in, and the kept tag.</returns>
    /// <exception cref="VolumeException">There is none that may be opened.</exception>
    public static (Superblock Superblock, int Slot, FreshnessTag? Kept) Choose(IStorage storage, VolumeKey key, VolumeOptions options)
    {
        var candidates = ReadAll(storage, key);
        if (candidates.Count == 0)
        {
            throw HasMagic(storage)
                ? new VolumeException(VolumeFailure.WrongKey, "the volume does not open with this key: it is another volume's, or both superblocks are damaged")
                : new VolumeException(VolumeFailure.NotAVolume, "this is not a volume, or its superblocks are damaged");
        }
        if (!candidates[0].Superblock.VolumeId.Span.SequenceEqual(candidates[^1].Superblock.VolumeId.Span))
        {
            throw new VolumeException(VolumeFailure.Damaged, "the two superblocks are of two volumes: parts of volumes were exchanged");
        }
        var newest = candidates.MaxBy(candidate => candidate.Superblock.Generation);
        var kept = options.Freshness?.Read();
        var chosen = newest;
        if (kept is { } tag)
        {
            // Strict accepts exactly the kept state. A newer one was never acknowledged: nobody relies on it.
            chosen = options.FreshnessMode == FreshnessMode.Strict || newest.Tag == tag
                ? candidates.Find(candidate => candidate.Tag == tag)
                : newest.Superblock.Acknowledged == tag || newest.Superblock.Attempted == tag ? newest : default;
            if (chosen.Superblock is null)
            {
                throw new VolumeException(
                    VolumeFailure.RolledBack,
                    $"the volume is not at the state that its freshness tag names: generation {tag.Counter} is expected, {newest.Superblock.Generation} is here; it was taken back, exchanged or damaged");
            }
        }
        if (storage.Size < chosen.Superblock.SlotCount * Page.Size)
        {
            throw new VolumeException(VolumeFailure.Damaged, $"the volume is cut off: {chosen.Superblock.SlotCount * Page.Size} bytes are expected, {storage.Size} are here");
        }
        return (chosen.Superblock, chosen.Slot, kept);
    }

    /// <summary>All superblocks that the key opens.</summary>
    public static List<(Superblock Superblock, int Slot, FreshnessTag Tag)> ReadAll(IStorage storage, VolumeKey key)
    {
        var found = new List<(Superblock, int, FreshnessTag)>();
        for (var slot = 0; slot < Superblock.Count; slot++)
        {
            if (Read(storage, slot) is { } bytes && Superblock.TryRead(bytes, key) is { } superblock)
            {
                found.Add((superblock, slot, superblock.TagOf(bytes)));
            }
        }
        return found;
    }

    /// <summary>The bytes of a superblock's slot; null when the container ends before.</summary>
    public static byte[]? Read(IStorage storage, int slot)
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
