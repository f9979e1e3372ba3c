using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// The uploads and the current version of one data set. A chunk is checked and on disk before it is acknowledged; a version is current from
/// the moment that the table of versions says so. So a restart finds everything that was acknowledged, whenever the process is killed.
/// Thread-safe.
/// </summary>
internal sealed class UploadStore : IDisposable
{
    // Limits the disk space of an owner who begins uploads and never finishes them.
    private const int MaxOpenUploads = 4;

    private readonly Lock gate = new();
    private readonly UploadFolder folder;
    private readonly VersionTable table;
    private readonly DataSet dataSet;
    private readonly int chunkCount;
    private StoredVersion? current;

    private UploadStore(UploadFolder folder, VersionTable table)
    {
        (this.folder, this.table, dataSet, chunkCount) = (folder, table, folder.DataSet, folder.Layout.GroupCount);
        var version = table.FindCurrent(dataSet.Name);
        folder.DeleteOthers(table.FindUploads(dataSet.Name).Append(version).OfType<UploadManifest>().Select(each => each.Version));
        current = version is null ? null : folder.OpenVersion(version);
    }

    /// <summary>The current version, or null before the first upload is complete.</summary>
    public DataVersion? Current
    {
        get
        {
            lock (gate)
            {
                return current is null ? null : Describe(current);
            }
        }
    }

    /// <summary>Opens the store of a data set.</summary>
    /// <param name="directory">The room's folder; the data set has a folder of its own in it.</param>
    /// <exception cref="RefusedException">The host removed the current version's file.</exception>
    public static UploadStore Open(
        RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, VersionTable table, WorkingSet workingSet,
        string directory) =>
        new(new UploadFolder(contract, dataSet, layout, keys, workingSet, directory), table);

    /// <summary>Announces an upload, or resumes one.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached.</exception>
    public Outcome<UploadState> Begin(UploadRequest request)
    {
        if (request.FindProblem(dataSet) is { } wrong)
        {
            return wrong;
        }
        lock (gate)
        {
            if (IsCurrent(request.Digest))
            {
                return new UploadState(request.Digest, chunkCount, chunkCount);
            }
            if (FindBaseProblem(request.Form, request.Base) is { } problem)
            {
                return problem;
            }
            var known = FindUpload(request.Digest);
            if (known is null && CountOpenUploads() >= MaxOpenUploads)
            {
                return RoomReasons.TooManyUploads.Because($"'{dataSet.Name}' has {MaxOpenUploads} unfinished uploads");
            }
            if (known is not null && known.Form != request.Form)
            {
                return RoomReasons.BadForm.Because("this upload was announced in another form");
            }
            var upload = (known ?? new UploadManifest(
                dataSet.Name, UploadManifest.DrawVersion(), request.Digest, request.Rows, UploadManifest.DrawKey())) with
            {
                Form = request.Form,
                Base = request.Base,
                InvalidCells = request.InvalidCells,
            };
            if (upload != known)
            {
                table.PutUpload(upload);
            }
            return new UploadState(request.Digest, folder.CountChunks(upload), chunkCount);
        }
    }

    /// <summary>Checks and stores a chunk. A chunk that is already stored is acknowledged again.</summary>
    public Outcome<UploadState> PutChunk(string digest, int index, ReadOnlySpan<byte> chunk)
    {
        lock (gate)
        {
            if (FindUpload(digest) is not { } upload)
            {
                return RefuseUnknownUpload();
            }
            var plaintext = new byte[folder.Layout.GroupSize(dataSet.InForm(upload.Form))];
            if (FindChunkProblem(upload, index, chunk, plaintext) is { } problem)
            {
                return problem;
            }
            var count = folder.CountChunks(upload);
            if (index > count)
            {
                return RoomReasons.Gap.Because($"chunk {count} comes next, not {index}");
            }
            if (index < count)
            {
                // The digest fixes the content of each chunk, so this is the same chunk again.
                return new UploadState(digest, count, chunkCount);
            }
            folder.WriteChunk(upload, index, plaintext);
            return new UploadState(digest, count + 1, chunkCount);
        }
    }

    /// <summary>Checks a complete upload as a whole, and makes it the current version.</summary>
    /// <param name="digest">Digest of the upload.</param>
    /// <param name="check">A further check of the version, beside other data sets; null when it passes.</param>
    /// <param name="beforeChange">Runs when everything is checked, before anything changes.</param>
    public Outcome<DataVersion> Commit(string digest, Func<DataVersion, Refusal?> check, Action<DataVersion> beforeChange)
    {
        lock (gate)
        {
            if (IsCurrent(digest))
            {
                return Describe(current!);
            }
            if (FindUpload(digest) is not { } upload)
            {
                return RefuseUnknownUpload();
            }
            var count = folder.CountChunks(upload);
            if (count < chunkCount)
            {
                return RoomReasons.Incomplete.Because($"{count} of {chunkCount} chunks are stored");
            }
            if ((FindBaseProblem(upload.Form, upload.Base) ?? FindContentProblem(upload)) is { } problem)
            {
                Discard([upload]);
                return problem;
            }
            return MakeCurrent(upload, check, beforeChange);
        }
    }

    /// <summary>Deletes the current version and all uploads. When this returns, no copy of the disk helps to read them.</summary>
    /// <param name="beforeChange">Runs with the version before anything changes.</param>
    /// <returns>The deleted version.</returns>
    /// <exception cref="RefusedException">The CAS cannot be reached; the data set may be deleted or not.</exception>
    public Outcome<DataVersion> Delete(Action<DataVersion> beforeChange)
    {
        lock (gate)
        {
            if (current is null)
            {
                return RoomReasons.NoData.Because($"'{dataSet.Name}' holds nothing that could be deleted");
            }
            var deleted = Describe(current);
            beforeChange(deleted);
            Erase();
            return deleted;
        }
    }

    /// <summary>Destroys the keys of everything that is stored. When this returns, no copy of the disk helps to read it.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached; the data may be there or not.</exception>
    public void Erase()
    {
        lock (gate)
        {
            if (current is not null || table.FindUploads(dataSet.Name).Count > 0)
            {
                table.Clear(dataSet.Name);
            }
            current?.Dispose();
            current = null;
            folder.DeleteOthers([]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => current?.Dispose();

    private static DataVersion Describe(StoredVersion version) => new(
        version, version.Manifest.Version, version.Manifest.Digest, version.Manifest.Rows, version.Manifest.Key)
    {
        Base = version.Manifest.Base,
        Upload = version.Manifest.Upload,
        InvalidCells = version.Manifest.InvalidCells,
    };

    private UploadManifest? FindUpload(string digest) =>
        table.FindUploads(dataSet.Name).FirstOrDefault(upload => upload.Digest == digest);

    private bool IsCurrent(string digest) =>
        current is not null && (current.Manifest.Digest == digest || current.Manifest.Upload == digest);

    private Refusal RefuseUnknownUpload() =>
        RoomReasons.NoUpload.Because($"no upload of '{dataSet.Name}' with this digest was announced");

    // The maker of a version checks a sorted upload while it copies it.
    private Refusal? FindContentProblem(UploadManifest upload)
    {
        if (upload.Form == UploadForm.Sorted)
        {
            return null;
        }
        using var sent = folder.OpenUpload(upload);
        return new UploadCheck(folder.Layout).FindProblem(sent) is { } problem ? RoomReasons.BadContent.Because(problem) : null;
    }

    private Refusal? FindChunkProblem(UploadManifest upload, int index, ReadOnlySpan<byte> chunk, byte[] plaintext)
    {
        var (content, chunkSize) = (dataSet.InForm(upload.Form), folder.ChunkSize(upload.Form));
        if (chunk.Length != chunkSize)
        {
            return RoomReasons.BadChunk.Because(
                $"chunk {index} has {chunk.Length} bytes instead of {chunkSize}: it was cut off, or prepared for another contract; "
                + "prepare the data set again");
        }
        using var cipher = folder.CreateWireCipher(upload);
        if (index < 0 || index >= chunkCount || !cipher.TryDecrypt(index, chunk, plaintext))
        {
            return RoomReasons.BadChunk.Because(
                $"chunk {index} was altered on its way, or belongs to another index or version; send it again");
        }
        return new GroupCheck(folder.Layout, content, upload.Form).FindProblem(index, plaintext, out _) is { } problem
            ? RoomReasons.BadContent.Because(problem)
            : null;
    }

    // Changes are for one version only.
    private Refusal? FindBaseProblem(UploadForm form, string? expected)
    {
        if (form != UploadForm.Changes)
        {
            return null;
        }
        if (dataSet.MaxChanges is null)
        {
            return RoomReasons.NoChanges.Because($"the contract has no 'max_changes' for '{dataSet.Name}'");
        }
        return current is null || current.Manifest.Digest != expected
            ? RoomReasons.BaseChanged.Because($"these changes are for another version than the current one of '{dataSet.Name}'")
            : null;
    }

    // Changes for a version that is no longer current are discarded.
    private int CountOpenUploads()
    {
        var uploads = table.FindUploads(dataSet.Name);
        var outdated = uploads.Where(upload => FindBaseProblem(upload.Form, upload.Base) is not null).ToList();
        if (outdated.Count > 0)
        {
            Discard(outdated);
        }
        return uploads.Count - outdated.Count;
    }

    private Outcome<DataVersion> MakeCurrent(
        UploadManifest upload, Func<DataVersion, Refusal?> check, Action<DataVersion> beforeChange)
    {
        // The new version gets the memory of the one that it replaces. Only the copy of a sorted upload needs no memory of its own.
        current?.ReleaseGroups();
        var groups = upload.Form == UploadForm.Sorted
            ? StoredVersion.ReserveGroups(folder.WorkingSet, folder.Layout, dataSet)
            : null;
        var isHandedOver = false;
        try
        {
            Outcome<UploadManifest> made;
            using (var sent = folder.OpenUpload(upload))
            {
                made = new VersionMaker(folder).Make(sent, current, groups);
            }
            if (made.Refusal is { } refusal)
            {
                Discard([upload]);
                return refusal;
            }
            isHandedOver = true;
            return ReplaceCurrent(made.Value!, upload, groups, check, beforeChange);
        }
        finally
        {
            if (groups is not null && !isHandedOver)
            {
                folder.WorkingSet.Release((long)folder.Layout.GroupSize(dataSet) * groups.Length);
            }
        }
    }

    private Outcome<DataVersion> ReplaceCurrent(
        UploadManifest version, UploadManifest upload, AlignedBytes?[]? groups, Func<DataVersion, Refusal?> check,
        Action<DataVersion> beforeChange)
    {
        var opened = folder.OpenVersion(version, groups);
        try
        {
            var committed = Describe(opened) with { BaseVersion = version.Base is null ? null : current!.Manifest.Version };
            if (check(committed) is { } refusal)
            {
                Discard([upload]);
                folder.DeleteChunks(version.Version);
                return refusal;
            }
            beforeChange(committed);
            table.SetCurrent(version, upload);
            var before = current;
            (current, opened) = (opened, null);
            folder.DeleteChunks(upload.Version);
            if (before is not null)
            {
                before.Dispose();
                folder.DeleteChunks(before.Manifest.Version);
            }
            return committed;
        }
        finally
        {
            opened?.Dispose();
        }
    }

    // An upload that can never become a version no longer counts as unfinished.
    private void Discard(IReadOnlyList<UploadManifest> uploads)
    {
        table.RemoveUploads(uploads);
        foreach (var upload in uploads)
        {
            folder.DeleteChunks(upload.Version);
        }
    }
}
