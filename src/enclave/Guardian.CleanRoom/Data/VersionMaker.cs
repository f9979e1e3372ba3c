using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// Makes a version from an upload: a copy of a sorted one, a sorted copy of one in any order, or a merge of changes and the current
/// version. It works group by group, and writes each group once, under a key that the owner of the upload does not have: so nobody can
/// replace a group of a version by another one that would decrypt.
/// </summary>
internal sealed class VersionMaker(UploadFolder folder)
{
    private readonly DataSet dataSet = folder.DataSet;
    private readonly RoomLayout layout = folder.Layout;
    private readonly long memory = folder.WorkingSet.ForCommits;

    /// <summary>Makes a version; its chunks are on disk when this returns.</summary>
    /// <param name="upload">A complete upload.</param>
    /// <param name="current">The version that changes are for.</param>
    /// <param name="groups">Receives the groups of a sorted upload, decrypted; null for none.</param>
    /// <returns>The version, which is not current yet.</returns>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public Outcome<UploadManifest> Make(StoredVersion upload, StoredVersion? current, AlignedBytes?[]? groups)
    {
        var (form, announced) = (upload.Manifest.Form, upload.Manifest);
        var version = new UploadManifest(dataSet.Name, UploadManifest.DrawVersion(), "", 0, UploadManifest.DrawKey());
        var temporary = folder.PathOf("version.new");
        using var cipher = folder.CreateCipher(version);
        using var made = new NewVersion(layout, dataSet, temporary, cipher, groups);
        var fits = form switch
        {
            UploadForm.Sorted => Copy(upload, made),
            UploadForm.Changes => TryMerge(upload, current!, made),
            _ => new ObliviousSort(layout, dataSet.InForm(UploadForm.Unsorted), memory)
                .TryRun(upload, folder.PathOf("sort.scratch"), made.Add),
        };
        if (!fits)
        {
            return RoomReasons.TooFull.Because(form == UploadForm.Changes
                ? $"more persons fell into one bucket than it has slots: '{dataSet.Name}' is as full as 'max_rows' allows"
                : "more rows fell into one bucket than it has slots: many are of the same persons; send each person once");
        }
        if (made.Problem is { } problem)
        {
            return RoomReasons.BadContent.Because(problem);
        }
        if (made.Rows < 1 || made.Rows > dataSet.MaxRows)
        {
            return RoomReasons.BadRows.Because($"'{dataSet.Name}' may have 1 to {dataSet.MaxRows} persons, and would have {made.Rows}");
        }
        var digest = Convert.ToHexStringLower(made.Complete());
        if (form == UploadForm.Sorted && UploadCheck.FindDifference(announced, made.Rows, digest) is { } difference)
        {
            return RoomReasons.BadContent.Because(difference);
        }
        folder.MoveToChunks(temporary, version.Version);
        return version with
        {
            Digest = digest,
            Rows = (int)made.Rows,
            Base = announced.Base,
            InvalidCells = announced.InvalidCells,
            Upload = form == UploadForm.Sorted ? null : announced.Digest,
        };
    }

    private bool Copy(StoredVersion upload, NewVersion made)
    {
        GroupShares.Run(layout, Environment.ProcessorCount, (share, _) =>
        {
            var scratch = new AlignedBytes(layout.GroupSize(dataSet));
            for (var group = share.First; group < share.End; group++)
            {
                made.Add(group, upload.Read(group, scratch.Span));
            }
        });
        return true;
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
                merger.Merge(current.Read(group, old.Span), changes.Read(group, change.Span), merged.Span);
                made.Add(group, merged.Span);
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
