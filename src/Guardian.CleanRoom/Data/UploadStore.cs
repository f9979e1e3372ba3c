using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Sgx;

namespace Guardian.CleanRoom;

/// <summary>What is kept about an upload.</summary>
internal sealed record UploadManifest(string DataSet, string Digest, int Rows);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(UploadManifest))]
internal sealed partial class UploadJson : JsonSerializerContext;

/// <summary>
/// The versions of one data set on the untrusted disk. A chunk is checked and synced before it is acknowledged; a version counts from the
/// moment its manifest is there. Whatever moment the process is killed at, what was acknowledged is found again. Thread-safe.
/// </summary>
/// <remarks>
/// Files, in a folder for each data set: <c>DIGEST.chunks</c>, chunks of one size one after the other as the partner encrypted them; <c>DIGEST.upload</c>, the
/// announcement of an upload; <c>current</c>, which version counts. The latter two are encrypted under the state key.
/// </remarks>
internal sealed class UploadStore : IDisposable
{
    // An owner who begins uploads and never ends them may fill no more than this.
    private const int MaxOpenUploads = 4;

    private readonly Lock gate = new();
    private readonly RoomContract contract;
    private readonly DataSet dataSet;
    private readonly RoomLayout layout;
    private readonly RoomKeys keys;
    private readonly StateCipher state;
    private readonly WorkingSet workingSet;
    private readonly string directory;
    private StoredVersion? current;

    private UploadStore(RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet, string directory)
    {
        (this.contract, this.dataSet, this.layout, this.keys, this.state, this.workingSet, this.directory) = (contract, dataSet, layout, keys, state, workingSet, directory);
    }

    /// <summary>The current version, or null before the first is complete.</summary>
    public DataVersion? Current
    {
        get
        {
            lock (gate)
            {
                return current is null ? null : new DataVersion(current, current.Manifest.Digest, current.Manifest.Rows);
            }
        }
    }

    private int ChunkSize => layout.GroupSize(dataSet) + ChunkCipher.TagSize;

    /// <summary>Opens the store of a data set below a folder.</summary>
    /// <exception cref="RoomStateException">The host changed what is there.</exception>
    public static UploadStore Open(RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet, string directory)
    {
        var store = new UploadStore(contract, dataSet, layout, keys, state, workingSet, Path.Combine(directory, dataSet.Name));
        DurableFile.CreateDirectory(store.directory);
        var path = Path.Combine(store.directory, "current");
        if (File.Exists(path))
        {
            store.current = store.OpenVersion(store.ReadManifest(path));
        }
        return store;
    }

    /// <summary>Announces an upload, or finds one again.</summary>
    public Outcome<UploadState> Begin(UploadRequest request)
    {
        if (request.Digest.Length != 2 * SHA256.HashSizeInBytes || !request.Digest.All(char.IsAsciiHexDigitLower))
        {
            return new RoomRefusal(RefusalKind.Invalid, "bad-digest", "the digest must be 64 lower-case hex digits");
        }
        if (request.Rows < 1 || request.Rows > dataSet.MaxRows)
        {
            return new RoomRefusal(RefusalKind.Invalid, "bad-rows", $"'{dataSet.Name}' may have 1 to {dataSet.MaxRows} rows, not {request.Rows}");
        }
        lock (gate)
        {
            if (current?.Manifest.Digest == request.Digest)
            {
                return new UploadState(request.Digest, layout.GroupCount, layout.GroupCount);
            }
            var path = ManifestPath(request.Digest);
            if (!File.Exists(path))
            {
                if (Directory.GetFiles(directory, "*.upload").Length >= MaxOpenUploads)
                {
                    return new RoomRefusal(RefusalKind.Conflict, "too-many-uploads", $"'{dataSet.Name}' has {MaxOpenUploads} unfinished uploads; finish one of them first");
                }
                var manifest = new UploadManifest(dataSet.Name, request.Digest, request.Rows);
                DurableFile.Replace(path, state.Encrypt("upload", JsonSerializer.SerializeToUtf8Bytes(manifest, UploadJson.Default.UploadManifest)));
            }
            return new UploadState(request.Digest, CountChunks(request.Digest), layout.GroupCount);
        }
    }

    /// <summary>Checks and stores a chunk. One that is already there is acknowledged again when it is the same.</summary>
    public Outcome<UploadState> Put(string digest, int index, ReadOnlySpan<byte> chunk)
    {
        lock (gate)
        {
            if (FindUpload(digest).Refusal is { } refusal)
            {
                return refusal;
            }
            if (chunk.Length != ChunkSize)
            {
                return Refuse("bad-chunk", $"chunk {index} has {chunk.Length} bytes instead of {ChunkSize}: it was cut off, or prepared for another contract; prepare the data set again");
            }
            var plaintext = new byte[layout.GroupSize(dataSet)];
            using var cipher = CipherFor(digest);
            if (index < 0 || index >= layout.GroupCount || !cipher.TryDecrypt(index, chunk, plaintext))
            {
                return Refuse("bad-chunk", $"chunk {index} was altered on its way, or belongs to another place or version; send it again");
            }
            if (new GroupCheck(layout, dataSet).FindProblem(index, plaintext, out _) is { } problem)
            {
                return Refuse("bad-content", $"{problem}; prepare the data set again with the guardian CLI of this release");
            }
            var count = CountChunks(digest);
            if (index > count)
            {
                return new RoomRefusal(RefusalKind.Conflict, "gap", $"chunk {count} comes next, not {index}");
            }
            using var file = DurableFile.Open(ChunksPath(digest));
            file.Position = (long)index * ChunkSize;
            if (index < count)
            {
                // The cipher has no freedom: one index, one content, one ciphertext. So this can only be the same chunk again.
                return new UploadState(digest, count, layout.GroupCount);
            }
            file.Write(chunk);
            file.Flush(flushToDisk: true);
            return new UploadState(digest, count + 1, layout.GroupCount);
        }
    }

    /// <summary>Checks a complete upload as a whole, and makes it the current version.</summary>
    /// <param name="beforeChange">Runs when everything is checked, before anything changes.</param>
    public Outcome<DataVersion> Commit(string digest, Action<DataVersion> beforeChange)
    {
        lock (gate)
        {
            if (current?.Manifest.Digest == digest)
            {
                return new DataVersion(current, digest, current.Manifest.Rows);
            }
            var upload = FindUpload(digest);
            if (upload.Refusal is not null)
            {
                return upload.Refusal;
            }
            var count = CountChunks(digest);
            if (count < layout.GroupCount)
            {
                return new RoomRefusal(RefusalKind.Conflict, "incomplete", $"{count} of {layout.GroupCount} chunks are there; send the rest first");
            }
            var version = OpenVersion(upload.Value!);
            if (FindProblem(version) is { } problem)
            {
                version.Dispose();
                return Refuse("bad-content", problem);
            }
            var committed = new DataVersion(version, digest, upload.Value!.Rows);
            beforeChange(committed);
            DurableFile.Replace(Path.Combine(directory, "current"), state.Encrypt("upload", JsonSerializer.SerializeToUtf8Bytes(upload.Value, UploadJson.Default.UploadManifest)));
            var before = current;
            current = version;
            File.Delete(ManifestPath(digest));
            if (before is not null)
            {
                before.Dispose();
                File.Delete(ChunksPath(before.Manifest.Digest));
            }
            return committed;
        }
    }

    /// <summary>Removes the current version and everything that was uploaded for it.</summary>
    /// <param name="beforeChange">Runs before anything changes.</param>
    /// <returns>The digest of what is gone.</returns>
    public Outcome<string> Delete(Action<string> beforeChange)
    {
        lock (gate)
        {
            if (current is null)
            {
                return new RoomRefusal(RefusalKind.NotFound, "no-data", $"'{dataSet.Name}' holds nothing that could be deleted");
            }
            var digest = current.Manifest.Digest;
            beforeChange(digest);
            current.Dispose();
            current = null;
            foreach (var path in Directory.GetFiles(directory))
            {
                File.Delete(path);
            }
            return digest;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => current?.Dispose();

    private string? FindProblem(StoredVersion version)
    {
        var digest = new VersionDigest(layout.GroupCount);
        var shares = new GroupRange(0, layout.GroupCount).Split(Environment.ProcessorCount);
        var (rows, problems) = (new long[shares.Count], new string?[shares.Count]);
        try
        {
            Parallel.For(0, shares.Count, share => problems[share] = FindProblem(version, shares[share], digest, ref rows[share]));
        }
        catch (AggregateException failed) when (failed.InnerException is RoomStateException changed)
        {
            ExceptionDispatchInfo.Throw(changed);
        }
        return problems.FirstOrDefault(problem => problem is not null)
            ?? (rows.Sum() != version.Manifest.Rows ? $"{rows.Sum()} rows arrived, but {version.Manifest.Rows} were announced"
            : Convert.ToHexStringLower(digest.Complete()) != version.Manifest.Digest ? "the content does not have the digest that was announced"
            : null);
    }

    private string? FindProblem(StoredVersion version, GroupRange share, VersionDigest digest, ref long rows)
    {
        var check = new GroupCheck(layout, dataSet);
        var scratch = new AlignedBytes(layout.GroupSize(dataSet));
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

    private Outcome<UploadManifest> FindUpload(string digest)
    {
        // Never a path of the caller's making: digests are hex, or there is no such upload.
        var isDigest = digest.Length == 2 * SHA256.HashSizeInBytes && digest.All(char.IsAsciiHexDigitLower);
        return isDigest && File.Exists(ManifestPath(digest))
            ? ReadManifest(ManifestPath(digest))
            : new RoomRefusal(RefusalKind.NotFound, "no-upload", $"no upload of '{dataSet.Name}' with this digest was announced; begin it again");
    }

    // Whole chunks only: what a crash left of the last one was never acknowledged.
    private int CountChunks(string digest)
    {
        var file = new FileInfo(ChunksPath(digest));
        return file.Exists ? (int)Math.Min(file.Length / ChunkSize, layout.GroupCount) : 0;
    }

    private StoredVersion OpenVersion(UploadManifest manifest) =>
        new(dataSet, layout, manifest, CipherFor(manifest.Digest), ChunksPath(manifest.Digest), workingSet);

    private ChunkCipher CipherFor(string digest)
    {
        var secret = keys.UploadSecret(dataSet.Name);
        var cipher = new ChunkCipher(secret, contract, dataSet, Convert.FromHexString(digest));
        CryptographicOperations.ZeroMemory(secret);
        return cipher;
    }

    private UploadManifest ReadManifest(string path) =>
        state.TryDecrypt("upload", File.ReadAllBytes(path)) is { } plaintext
            && JsonSerializer.Deserialize(plaintext, UploadJson.Default.UploadManifest) is { } manifest && manifest.DataSet == dataSet.Name
            ? manifest
            : throw new RoomStateException($"{path} was changed outside the enclave; restore the room's state, or remove the data set's folder and upload again");

    private string ManifestPath(string digest) => Path.Combine(directory, $"{digest}.upload");

    private string ChunksPath(string digest) => Path.Combine(directory, $"{digest}.chunks");

    private static RoomRefusal Refuse(string reason, string detail) => new(RefusalKind.Invalid, reason, detail);
}
