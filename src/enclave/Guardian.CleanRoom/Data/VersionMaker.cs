using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>Makes a sorted version from an upload in any order, or from changes and the current version. It works group by group.</summary>
internal sealed class VersionMaker(UploadFolder folder)
{
    private readonly DataSet dataSet = folder.DataSet;
    private readonly RoomLayout layout = folder.Layout;
    private readonly long memory = folder.WorkingSet.ForCommits;

    /// <summary>Makes a version; its chunks are on disk when this returns.</summary>
    /// <param name="upload">A checked upload in any order, or of changes.</param>
    /// <param name="current">The version that changes are for.</param>
    /// <returns>The version, which is not current yet.</returns>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public Outcome<StoredVersion> Make(StoredVersion upload, StoredVersion? current)
    {
        using var made = new NewVersion(layout, dataSet, folder.PathOf("version.scratch"));
        var fits = upload.Manifest.Form == UploadForm.Changes
            ? TryMerge(upload, current!, made)
            : new ObliviousSort(layout, dataSet.InForm(UploadForm.Unsorted), memory)
                .TryRun(upload, folder.PathOf("sort.scratch"), made.Add);
        if (!fits)
        {
            return RoomReasons.TooFull.Because(upload.Manifest.Form == UploadForm.Changes
                ? $"more persons fell into one bucket than it has slots: '{dataSet.Name}' is as full as 'max_rows' allows"
                : "more rows fell into one bucket than it has slots: many are of the same persons; send each person once");
        }
        if (made.Rows < 1 || made.Rows > dataSet.MaxRows)
        {
            return RoomReasons.BadRows.Because($"'{dataSet.Name}' may have 1 to {dataSet.MaxRows} persons, and would have {made.Rows}");
        }
        var digest = Convert.ToHexStringLower(made.Complete());
        var version = UploadManifest.DrawVersion();
        var temporary = folder.PathOf("version.new");
        using (var cipher = folder.CreateCipher(dataSet, digest))
        {
            made.Write(temporary, cipher);
        }
        folder.MoveToChunks(temporary, version);
        return folder.OpenVersion(new UploadManifest(dataSet.Name, version, digest, (int)made.Rows)
        {
            Base = upload.Manifest.Base,
            Upload = upload.Manifest.Digest,
        });
    }

    private bool TryMerge(StoredVersion changes, StoredVersion current, NewVersion made)
    {
        var sizePerThread = ChangeMerger<LanesScalar, EightWords>.SizeOf(layout, dataSet) + (4L * layout.GroupSize(dataSet));
        var threads = (int)Math.Clamp(memory / sizePerThread, 1, Environment.ProcessorCount);
        var overflowed = false;
        GroupShares.Run(layout, threads, (share, _) =>
        {
            var merger = CreateMerger();
            var (old, merged) = (new AlignedBytes(layout.GroupSize(dataSet)), new AlignedBytes(layout.GroupSize(dataSet)));
            var change = new AlignedBytes(layout.GroupSize(changes.DataSet));
            for (var group = share.First; group < share.End; group++)
            {
                var persons = merger.Merge(current.Read(group, old.Span), changes.Read(group, change.Span), merged.Span);
                made.Add(group, merged.Span, persons);
            }
            if (merger.HasOverflowed)
            {
                Volatile.Write(ref overflowed, true);
            }
        });
        return !overflowed;
    }

    private IChangeMerger CreateMerger() => ProcessorLanes.Widest switch
    {
        LaneWidth.Bits512 => new ChangeMerger<Lanes512, Vector512<ulong>>(layout, dataSet),
        LaneWidth.Bits256 => new ChangeMerger<Lanes256, TwoVectors>(layout, dataSet),
        _ => new ChangeMerger<LanesScalar, EightWords>(layout, dataSet),
    };
}
