using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching.Shards;
using Guardian.CleanRoom.Room;
using Guardian.Files.Durable;

namespace Guardian.CleanRoom.Data;

/// <summary>What is kept about an upload, and about the version that it became.</summary>
internal sealed record UploadManifest(string DataSet, string Digest, int Rows)
{
    /// <summary>What the chunks hold; a version's are sorted.</summary>
    public UploadForm Form { get; init; }

    /// <summary>Digest of the version that changes are for; null otherwise.</summary>
    public string? Base { get; init; }

    /// <summary>Of a version that the enclave made: digest of the upload it made it from.</summary>
    public string? Upload { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(UploadManifest))]
internal sealed partial class UploadJson : JsonSerializerContext;

/// <summary>
/// The versions of one data set on the untrusted disk. A chunk is checked and synced before it is acknowledged; a version counts from the
/// moment its manifest is there. Whatever moment the process is killed at, what was acknowledged is found again. Thread-safe.
/// </summary>
/// <remarks>
/// Files, in a folder for each data set: <c>DIGEST.chunks</c>, chunks of one size one after the other as the partner encrypted them, or, of a version that the enclave made, as it
/// did under the same keys; <c>DIGEST.upload</c>, the announcement of an upload; <c>current</c>, which version counts. The latter two are encrypted under the state key.
/// <c>version.scratch</c>, <c>sort.scratch</c> and <c>version.new</c> are there while a version is made.
/// </remarks>
internal sealed partial class UploadStore : IDisposable
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
    private readonly RoomShards? shards;
    private readonly string directory;
    private StoredVersion? current;

    private UploadStore(RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet, RoomShards? shards, string directory)
    {
        (this.contract, this.dataSet, this.layout, this.keys, this.state) = (contract, dataSet, layout, keys, state);
        (this.workingSet, this.shards, this.directory) = (workingSet, shards, directory);
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

    /// <summary>Opens the store of a data set below a folder.</summary>
    /// <exception cref="RoomStateException">The host changed what is there.</exception>
    public static UploadStore Open(RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet, string directory, RoomShards? shards = null)
    {
        var store = new UploadStore(contract, dataSet, layout, keys, state, workingSet, shards, Path.Combine(directory, dataSet.Name));
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
        var most = dataSet.InForm(request.Form).MaxRows;
        if (request.Rows < 1 || request.Rows > most)
        {
            return new RoomRefusal(RefusalKind.Invalid, "bad-rows", $"'{dataSet.Name}' may have 1 to {most} rows in an upload, not {request.Rows}");
        }
        lock (gate)
        {
            if (current is not null && (current.Manifest.Digest == request.Digest || current.Manifest.Upload == request.Digest))
            {
                return new UploadState(request.Digest, layout.GroupCount, layout.GroupCount);
            }
            if (FindBaseProblem(request.Form, request.Base) is { } problem)
            {
                return problem;
            }
            var path = ManifestPath(request.Digest);
            var known = File.Exists(path) ? ReadManifest(path) : null;
            if (known is null && CountOpenUploads() >= MaxOpenUploads)
            {
                return new RoomRefusal(RefusalKind.Conflict, "too-many-uploads", $"'{dataSet.Name}' has {MaxOpenUploads} unfinished uploads; finish one of them first");
            }
            if (known is not null && known.Form != request.Form)
            {
                return Refuse("bad-form", "this upload was announced in another form; prepare the data set again");
            }
            var manifest = new UploadManifest(dataSet.Name, request.Digest, request.Rows) { Form = request.Form, Base = request.Base };
            if (known is null || known.Base != manifest.Base)
            {
                Keep(path, manifest);
            }
            return new UploadState(request.Digest, CountChunks(manifest), layout.GroupCount);
        }
    }

    /// <summary>Checks and stores a chunk. One that is already there is acknowledged again when it is the same.</summary>
    public Outcome<UploadState> Put(string digest, int index, ReadOnlySpan<byte> chunk)
    {
        lock (gate)
        {
            var upload = FindUpload(digest);
            if (upload.Refusal is { } refusal)
            {
                return refusal;
            }
            var (manifest, content) = (upload.Value!, dataSet.InForm(upload.Value!.Form));
            if (chunk.Length != ChunkSize(manifest.Form))
            {
                return Refuse("bad-chunk", $"chunk {index} has {chunk.Length} bytes instead of {ChunkSize(manifest.Form)}: it was cut off, or prepared for another contract; prepare the data set again");
            }
            var plaintext = new byte[layout.GroupSize(content)];
            using var cipher = CipherFor(content, digest);
            if (index < 0 || index >= layout.GroupCount || !cipher.TryDecrypt(index, chunk, plaintext))
            {
                return Refuse("bad-chunk", $"chunk {index} was altered on its way, or belongs to another place or version; send it again");
            }
            if (new GroupCheck(layout, content, manifest.Form).FindProblem(index, plaintext, out _) is { } problem)
            {
                return Refuse("bad-content", $"{problem}; prepare the data set again with the guardian CLI of this release");
            }
            var count = CountChunks(manifest);
            if (index > count)
            {
                return new RoomRefusal(RefusalKind.Conflict, "gap", $"chunk {count} comes next, not {index}");
            }
            using var file = DurableFile.Open(ChunksPath(digest));
            file.Position = (long)index * chunk.Length;
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

    private Outcome<UploadManifest> FindUpload(string digest)
    {
        // Never a path of the caller's making: digests are hex, or there is no such upload.
        var isDigest = digest.Length == 2 * SHA256.HashSizeInBytes && digest.All(char.IsAsciiHexDigitLower);
        return isDigest && File.Exists(ManifestPath(digest))
            ? ReadManifest(ManifestPath(digest))
            : new RoomRefusal(RefusalKind.NotFound, "no-upload", $"no upload of '{dataSet.Name}' with this digest was announced; begin it again");
    }

    // Changes for a version that is gone are given up.
    private int CountOpenUploads()
    {
        var open = Directory.GetFiles(directory, "*.upload").Select(ReadManifest).ToList();
        foreach (var outdated in open.Where(upload => FindBaseProblem(upload.Form, upload.Base) is not null))
        {
            Discard(outdated);
        }
        return open.Count(upload => FindBaseProblem(upload.Form, upload.Base) is null);
    }

    // Whole chunks only: what a crash left of the last one was never acknowledged.
    private int CountChunks(UploadManifest manifest)
    {
        var file = new FileInfo(ChunksPath(manifest.Digest));
        return file.Exists ? (int)Math.Min(file.Length / ChunkSize(manifest.Form), layout.GroupCount) : 0;
    }

    private int ChunkSize(UploadForm form) => layout.GroupSize(dataSet.InForm(form)) + ChunkCipher.TagSize;

    // Only a sorted one can become the version itself, and stay open in memory.
    private StoredVersion OpenVersion(UploadManifest manifest)
    {
        var content = dataSet.InForm(manifest.Form);
        var memory = manifest.Form == UploadForm.Sorted ? workingSet : new WorkingSet(0);
        return new StoredVersion(content, layout, manifest, CipherFor(content, manifest.Digest), ChunksPath(manifest.Digest), memory) { Shards = shards };
    }

    private ChunkCipher CipherFor(DataSet content, string digest)
    {
        var secret = keys.UploadSecret(dataSet.Name);
        var cipher = new ChunkCipher(secret, contract, content, Convert.FromHexString(digest));
        CryptographicOperations.ZeroMemory(secret);
        return cipher;
    }

    private UploadManifest ReadManifest(string path) =>
        state.TryDecrypt("upload", File.ReadAllBytes(path)) is { } plaintext
            && JsonSerializer.Deserialize(plaintext, UploadJson.Default.UploadManifest) is { } manifest && manifest.DataSet == dataSet.Name
            ? manifest
            : throw new RoomStateException($"{path} was changed outside the enclave; restore the room's state, or remove the data set's folder and upload again");

    private void Keep(string path, UploadManifest manifest) =>
        DurableFile.Replace(path, state.Encrypt("upload", JsonSerializer.SerializeToUtf8Bytes(manifest, UploadJson.Default.UploadManifest)));

    private string ManifestPath(string digest) => Path.Combine(directory, $"{digest}.upload");

    private string ChunksPath(string digest) => Path.Combine(directory, $"{digest}.chunks");

    private static RoomRefusal Refuse(string reason, string detail) => new(RefusalKind.Invalid, reason, detail);
}
