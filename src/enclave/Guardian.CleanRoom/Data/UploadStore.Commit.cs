using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Room;
using Guardian.Files.Durable;

namespace Guardian.CleanRoom.Data;

/// <content>From a complete upload to the version that counts.</content>
internal sealed partial class UploadStore
{
    /// <summary>Checks a complete upload as a whole, and makes it the current version.</summary>
    /// <param name="beforeChange">Runs when everything is checked, before anything changes.</param>
    public Outcome<DataVersion> Commit(string digest, Action<DataVersion> beforeChange)
    {
        lock (gate)
        {
            if (current is not null && (current.Manifest.Digest == digest || current.Manifest.Upload == digest))
            {
                return Committed(current);
            }
            var upload = FindUpload(digest);
            if (upload.Refusal is not null)
            {
                return upload.Refusal;
            }
            var manifest = upload.Value!;
            var count = CountChunks(manifest);
            if (count < layout.GroupCount)
            {
                return new RoomRefusal(RefusalKind.Conflict, "incomplete", $"{count} of {layout.GroupCount} chunks are there; send the rest first");
            }
            if (FindBaseProblem(manifest.Form, manifest.Base) is { } outdated)
            {
                Discard(manifest);
                return outdated;
            }
            var sent = OpenVersion(manifest);
            if (FindProblem(sent) is { } problem)
            {
                sent.Dispose();
                Discard(manifest);
                return Refuse("bad-content", problem);
            }
            if (manifest.Form == UploadForm.Sorted)
            {
                return Replace(sent, beforeChange);
            }
            using (sent)
            {
                var made = Make(sent);
                if (made.Refusal is not null)
                {
                    Discard(manifest);
                    return made.Refusal;
                }
                var committed = Replace(made.Value!, beforeChange);
                Discard(manifest);
                return committed;
            }
        }
    }

    private static DataVersion Committed(StoredVersion version) => new(version, version.Manifest.Digest, version.Manifest.Rows) { Base = version.Manifest.Base, Upload = version.Manifest.Upload };

    private DataVersion Replace(StoredVersion version, Action<DataVersion> beforeChange)
    {
        var committed = Committed(version);
        beforeChange(committed);
        Keep(Path.Combine(directory, "current"), version.Manifest);
        var before = current;
        current = version;
        File.Delete(ManifestPath(version.Manifest.Upload ?? version.Manifest.Digest));
        if (before is not null)
        {
            before.Dispose();
            if (before.Manifest.Digest != version.Manifest.Digest)
            {
                File.Delete(ChunksPath(before.Manifest.Digest));
            }
        }
        return committed;
    }

    // What can never become a version, or became one, takes no place among those that can. An owner may have announced anything under the name of a version that was made since.
    private void Discard(UploadManifest upload)
    {
        File.Delete(ManifestPath(upload.Digest));
        if (current?.Manifest.Digest != upload.Digest)
        {
            File.Delete(ChunksPath(upload.Digest));
        }
    }

    // Changes are for one version, and for none that came after it.
    private RoomRefusal? FindBaseProblem(UploadForm form, string? expected)
    {
        if (form != UploadForm.Changes)
        {
            return null;
        }
        return dataSet.MaxChanges is null
            ? new RoomRefusal(RefusalKind.Invalid, "no-changes", $"the contract has no 'max_changes' for '{dataSet.Name}'; upload all persons")
            : current is null || current.Manifest.Digest != expected
                ? new RoomRefusal(RefusalKind.Conflict, "base-changed", $"'{dataSet.Name}' has another version than these changes are for; look which one, and send what differs from it")
                : null;
    }

    // What a version is made from is read group by group, and so is it.
    private Outcome<StoredVersion> Make(StoredVersion upload)
    {
        using var made = new NewVersion(layout, dataSet, Path.Combine(directory, "version.scratch"));
        var isWhole = upload.Manifest.Form == UploadForm.Changes
            ? TryMerge(upload, made)
            : new ObliviousSort(layout, dataSet.InForm(UploadForm.Unsorted), workingSet.ForCommits).TryRun(upload, Path.Combine(directory, "sort.scratch"), made.Add);
        if (!isWhole)
        {
            return Refuse("too-full", upload.Manifest.Form == UploadForm.Changes
                ? $"more persons fell into one bucket than it has room for: '{dataSet.Name}' is as full as 'max_rows' allows"
                : "more rows fell into one bucket than it has room for: many are of the same persons; send each person once");
        }
        if (made.Rows < 1 || made.Rows > dataSet.MaxRows)
        {
            return Refuse("bad-rows", $"'{dataSet.Name}' may have 1 to {dataSet.MaxRows} persons, and would have {made.Rows}");
        }
        var digest = Convert.ToHexStringLower(made.Complete());
        // The version that counts may have the same content, and its file is open.
        var (path, temporary) = (ChunksPath(digest), Path.Combine(directory, "version.new"));
        using (var cipher = CipherFor(dataSet, digest))
        {
            made.Write(temporary, cipher);
        }
        File.Move(temporary, path, overwrite: true);
        DurableFile.SyncDirectory(path);
        return OpenVersion(new UploadManifest(dataSet.Name, digest, (int)made.Rows) { Base = upload.Manifest.Base, Upload = upload.Manifest.Digest });
    }

    private bool TryMerge(StoredVersion changes, NewVersion made)
    {
        var threads = (int)Math.Clamp(workingSet.ForCommits / (ChangeMerger<LanesScalar, EightWords>.SizeOf(layout, dataSet) + (4L * layout.GroupSize(dataSet))), 1, Environment.ProcessorCount);
        var overflowed = false;
        ForShares(threads, (share, _) =>
        {
            IChangeMerger merger = MatchEngine.Widest switch
            {
                LaneWidth.Bits512 => new ChangeMerger<Lanes512, Vector512<ulong>>(layout, dataSet),
                LaneWidth.Bits256 => new ChangeMerger<Lanes256, TwoVectors>(layout, dataSet),
                _ => new ChangeMerger<LanesScalar, EightWords>(layout, dataSet),
            };
            var (old, change, merged) = (new AlignedBytes(layout.GroupSize(dataSet)), new AlignedBytes(layout.GroupSize(changes.DataSet)), new AlignedBytes(layout.GroupSize(dataSet)));
            for (var group = share.First; group < share.End; group++)
            {
                var persons = merger.Merge(current!.Read(group, old.Span), changes.Read(group, change.Span), merged.Span);
                made.Add(group, merged.Span, persons);
            }
            if (merger.HasOverflowed)
            {
                Volatile.Write(ref overflowed, true);
            }
        });
        return !overflowed;
    }

    private string? FindProblem(StoredVersion version)
    {
        var digest = new VersionDigest(layout.GroupCount, version.Manifest.Form);
        var (rows, problems) = (new long[Environment.ProcessorCount], new string?[Environment.ProcessorCount]);
        ForShares(Environment.ProcessorCount, (share, index) => problems[index] = FindProblem(version, share, digest, ref rows[index]));
        return problems.FirstOrDefault(problem => problem is not null)
            ?? (rows.Sum() != version.Manifest.Rows ? $"{rows.Sum()} rows arrived, but {version.Manifest.Rows} were announced"
            : Convert.ToHexStringLower(digest.Complete()) != version.Manifest.Digest ? "the content does not have the digest that was announced"
            : null);
    }

    private string? FindProblem(StoredVersion version, GroupRange share, VersionDigest digest, ref long rows)
    {
        var check = new GroupCheck(layout, version.DataSet, version.Manifest.Form);
        var scratch = new AlignedBytes(layout.GroupSize(version.DataSet));
        for (var group = share.First; group < share.End; group++)
        {
            var plaintext = version.Read(group, scratch.Span);
            if (check.FindProblem(group, plaintext, out var found) is { } problem)
            {
                return problem;
            }
            rows += found;
            digest.Add(group, plaintext);
        }
        return null;
    }

    private void ForShares(int threads, Action<GroupRange, int> work)
    {
        var shares = new GroupRange(0, layout.GroupCount).Split(threads);
        try
        {
            Parallel.For(0, shares.Count, share => work(shares[share], share));
        }
        catch (AggregateException failed) when (failed.InnerException is RoomStateException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
    }
}
