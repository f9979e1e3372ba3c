using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// The uploads and the current version of one data set. A chunk is checked and on disk before it is acknowledged; a version is current from
/// the moment its manifest is on disk. So a restart finds everything that was acknowledged, whenever the process is killed. Thread-safe.
/// </summary>
internal sealed class UploadStore : IDisposable
{
    // Limits the disk space of an owner who begins uploads and never finishes them.
    private const int MaxOpenUploads = 4;

    private readonly Lock gate = new();
    private readonly UploadFolder folder;
    private readonly DataSet dataSet;
    private readonly int chunkCount;
    private StoredVersion? current;

    private UploadStore(UploadFolder folder)
    {
        (this.folder, dataSet, chunkCount) = (folder, folder.DataSet, folder.Layout.GroupCount);
        current = folder.ReadCurrent() is { } manifest ? folder.OpenVersion(manifest) : null;
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
    /// <exception cref="RefusedException">The host changed the files.</exception>
    public static UploadStore Open(
        RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet,
        string directory) =>
        new(new UploadFolder(contract, dataSet, layout, keys, state, workingSet, directory));

    /// <summary>Announces an upload, or resumes one.</summary>
    public Outcome<UploadState> Begin(UploadRequest request)
    {
        if (!UploadFolder.IsDigest(request.Digest))
        {
            return RoomReasons.BadDigest.Because("the digest must be 64 lower-case hex digits");
        }
        var most = dataSet.InForm(request.Form).MaxRows;
        if (request.Rows < 1 || request.Rows > most)
        {
            return RoomReasons.BadRows.Because($"'{dataSet.Name}' may have 1 to {most} rows in an upload, not {request.Rows}");
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
            var known = folder.FindUpload(request.Digest);
            if (known is null && CountOpenUploads() >= MaxOpenUploads)
            {
                return RoomReasons.TooManyUploads.Because($"'{dataSet.Name}' has {MaxOpenUploads} unfinished uploads");
            }
            if (known is not null && known.Form != request.Form)
            {
                return RoomReasons.BadForm.Because("this upload was announced in another form");
            }
            var version = known?.Version ?? UploadManifest.DrawVersion();
            var manifest = new UploadManifest(dataSet.Name, version, request.Digest, request.Rows)
            {
                Form = request.Form,
                Base = request.Base,
            };
            if (known is null || known.Base != manifest.Base)
            {
                folder.WriteUpload(manifest);
            }
            return new UploadState(request.Digest, folder.CountChunks(manifest), chunkCount);
        }
    }

    /// <summary>Checks and stores a chunk. A chunk that is already stored is acknowledged again.</summary>
    public Outcome<UploadState> PutChunk(string digest, int index, ReadOnlySpan<byte> chunk)
    {
        lock (gate)
        {
            if (folder.FindUpload(digest) is not { } upload)
            {
                return RefuseUnknownUpload();
            }
            if (FindChunkProblem(upload, index, chunk) is { } problem)
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
                // The cipher is deterministic: an index and a content have one ciphertext. So this is the same chunk again.
                return new UploadState(digest, count, chunkCount);
            }
            folder.WriteChunk(upload.Version, index, chunk);
            return new UploadState(digest, count + 1, chunkCount);
        }
    }

    /// <summary>Checks a complete upload as a whole, and makes it the current version.</summary>
    /// <param name="digest">Digest of the upload.</param>
    /// <param name="beforeChange">Runs when everything is checked, before anything changes.</param>
    public Outcome<DataVersion> Commit(string digest, Action<DataVersion> beforeChange)
    {
        lock (gate)
        {
            if (IsCurrent(digest))
            {
                return Describe(current!);
            }
            if (folder.FindUpload(digest) is not { } upload)
            {
                return RefuseUnknownUpload();
            }
            var count = folder.CountChunks(upload);
            if (count < chunkCount)
            {
                return RoomReasons.Incomplete.Because($"{count} of {chunkCount} chunks are stored");
            }
            if (FindBaseProblem(upload.Form, upload.Base) is { } outdated)
            {
                Discard(upload);
                return outdated;
            }
            var sent = folder.OpenVersion(upload);
            if (new UploadCheck(folder.Layout).FindProblem(sent) is { } problem)
            {
                sent.Dispose();
                Discard(upload);
                return RoomReasons.BadContent.Because(problem);
            }
            if (upload.Form == UploadForm.Sorted)
            {
                return ReplaceCurrent(sent, beforeChange);
            }
            using (sent)
            {
                var made = new VersionMaker(folder).Make(sent, current);
                if (made.Refusal is not null)
                {
                    Discard(upload);
                    return made.Refusal;
                }
                var committed = ReplaceCurrent(made.Value!, beforeChange);
                Discard(upload);
                return committed;
            }
        }
    }

    /// <summary>Deletes the current version and all uploads.</summary>
    /// <param name="beforeChange">Runs with the version before anything changes.</param>
    /// <returns>The deleted version.</returns>
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
            current.Dispose();
            current = null;
            folder.Clear();
            return deleted;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => current?.Dispose();

    private static DataVersion Describe(StoredVersion version) => new(
        version, version.Manifest.Version, version.Manifest.Digest, version.Manifest.Rows)
    {
        Base = version.Manifest.Base,
        Upload = version.Manifest.Upload,
    };

    private bool IsCurrent(string digest) =>
        current is not null && (current.Manifest.Digest == digest || current.Manifest.Upload == digest);

    private Refusal RefuseUnknownUpload() =>
        RoomReasons.NoUpload.Because($"no upload of '{dataSet.Name}' with this digest was announced");

    private Refusal? FindChunkProblem(UploadManifest upload, int index, ReadOnlySpan<byte> chunk)
    {
        var (content, chunkSize) = (dataSet.InForm(upload.Form), folder.ChunkSize(upload.Form));
        if (chunk.Length != chunkSize)
        {
            return RoomReasons.BadChunk.Because(
                $"chunk {index} has {chunk.Length} bytes instead of {chunkSize}: it was cut off, or prepared for another contract; "
                + "prepare the data set again");
        }
        var plaintext = new byte[folder.Layout.GroupSize(content)];
        using var cipher = folder.CreateCipher(content, upload.Digest);
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
        var count = 0;
        foreach (var upload in folder.ReadUploads())
        {
            if (FindBaseProblem(upload.Form, upload.Base) is null)
            {
                count++;
            }
            else
            {
                Discard(upload);
            }
        }
        return count;
    }

    private DataVersion ReplaceCurrent(StoredVersion version, Action<DataVersion> beforeChange)
    {
        var committed = Describe(version) with { BaseVersion = version.Manifest.Base is null ? null : current!.Manifest.Version };
        beforeChange(committed);
        folder.WriteCurrent(version.Manifest);
        var before = current;
        current = version;
        folder.DeleteUpload(version.Manifest.Version);
        if (before is not null)
        {
            before.Dispose();
            folder.DeleteChunks(before.Manifest.Version);
        }
        return committed;
    }

    // An upload that can never become a version, or of which the enclave made one, no longer counts as unfinished.
    private void Discard(UploadManifest upload)
    {
        folder.DeleteUpload(upload.Version);
        folder.DeleteChunks(upload.Version);
    }
}
