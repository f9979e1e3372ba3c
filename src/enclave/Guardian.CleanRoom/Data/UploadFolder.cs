using System.Security.Cryptography;
using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>The files of one data set on the untrusted disk. Callers serialise access.</summary>
/// <remarks>
/// <c>VERSION.chunks</c> has chunks of one size in sequence: as the partner encrypted them, or, for a version that the enclave made,
/// encrypted by the enclave under the same keys. <c>VERSION.upload</c> is the announcement of an upload, and <c>current</c> names the
/// current version; both are encrypted under the state key. Names of files are random, because the host sees them.
/// <c>version.scratch</c>, <c>sort.scratch</c> and <c>version.new</c> exist only while a version is made.
/// </remarks>
internal sealed class UploadFolder
{
    private readonly RoomContract contract;
    private readonly RoomKeys keys;
    private readonly StateCipher state;
    private readonly string directory;

    public UploadFolder(
        RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, StateCipher state, WorkingSet workingSet,
        string directory)
    {
        (this.contract, this.keys, this.state, this.directory) = (contract, keys, state, Path.Combine(directory, dataSet.Name));
        (DataSet, Layout, WorkingSet) = (dataSet, layout, workingSet);
        DurableFile.CreateDirectory(this.directory);
    }

    public DataSet DataSet { get; }

    public RoomLayout Layout { get; }

    public WorkingSet WorkingSet { get; }

    private string CurrentPath => PathOf("current");

    // Each kind of record has a label of its own, so that the host cannot put an announcement in the place of a version.
    private string CurrentLabel => $"current {DataSet.Name}";

    /// <summary>Reads which version is current; null before the first one.</summary>
    /// <exception cref="RefusedException">The host changed the file.</exception>
    public UploadManifest? ReadCurrent() => File.Exists(CurrentPath) ? ReadManifest(CurrentPath, CurrentLabel) : null;

    /// <summary>Makes a version the current one.</summary>
    public void WriteCurrent(UploadManifest version) => WriteManifest(CurrentPath, CurrentLabel, version);

    /// <summary>Finds the announcement of an upload; null when there is none.</summary>
    /// <exception cref="RefusedException">The host changed the file.</exception>
    public UploadManifest? FindUpload(string digest) =>
        ReadUploads().FirstOrDefault(upload => upload.Digest == digest);

    /// <summary>Reads the announcements of all unfinished uploads.</summary>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public IReadOnlyList<UploadManifest> ReadUploads() =>
    [
        .. Directory.GetFiles(directory, "*.upload").Select(path => ReadManifest(path, LabelOf(Path.GetFileNameWithoutExtension(path)))),
    ];

    /// <summary>Stores the announcement of an upload.</summary>
    public void WriteUpload(UploadManifest upload) =>
        WriteManifest(ManifestPath(upload.Version), LabelOf(upload.Version), upload);

    /// <summary>Deletes the announcement of an upload, if any.</summary>
    public void DeleteUpload(string version) => File.Delete(ManifestPath(version));

    /// <summary>Deletes the chunks of an upload or version, if any.</summary>
    public void DeleteChunks(string version) => File.Delete(ChunksPath(version));

    /// <summary>Deletes all files.</summary>
    public void Clear()
    {
        foreach (var path in Directory.GetFiles(directory))
        {
            File.Delete(path);
        }
    }

    /// <summary>Counts the whole chunks of an upload. A crash leaves a part of a chunk that was never acknowledged.</summary>
    public int CountChunks(UploadManifest upload)
    {
        var file = new FileInfo(ChunksPath(upload.Version));
        return file.Exists ? (int)Math.Min(file.Length / ChunkSize(upload.Form), Layout.GroupCount) : 0;
    }

    /// <summary>Stores a chunk after the others; when this returns, it is on disk.</summary>
    public void WriteChunk(string version, int index, ReadOnlySpan<byte> chunk)
    {
        using var file = DurableFile.Open(ChunksPath(version));
        file.Position = (long)index * chunk.Length;
        file.Write(chunk);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Computes the size of a chunk in bytes.</summary>
    public int ChunkSize(UploadForm form) => Layout.GroupSize(DataSet.InForm(form)) + ChunkCipher.TagSize;

    /// <summary>Makes the cipher of an upload or version.</summary>
    public ChunkCipher CreateCipher(DataSet content, string digest)
    {
        var secret = keys.UploadSecret(DataSet.Name);
        var cipher = new ChunkCipher(secret, contract, content, Convert.FromHexString(digest));
        CryptographicOperations.ZeroMemory(secret);
        return cipher;
    }

    /// <summary>Opens the chunks of a complete upload or version.</summary>
    /// <exception cref="RefusedException">The host removed the file.</exception>
    public StoredVersion OpenVersion(UploadManifest manifest)
    {
        var content = DataSet.InForm(manifest.Form);
        // Only a sorted upload can become a version and stay decrypted in memory.
        var memory = manifest.Form == UploadForm.Sorted ? WorkingSet : new WorkingSet(0);
        return new StoredVersion(content, Layout, manifest, CreateCipher(content, manifest.Digest), ChunksPath(manifest.Version), memory);
    }

    /// <summary>
    /// Gives a file that was written under another name the name of a version's chunks; when this returns, it is on disk.
    /// </summary>
    public void MoveToChunks(string path, string version)
    {
        File.Move(path, ChunksPath(version), overwrite: true);
        DurableFile.SyncDirectory(ChunksPath(version));
    }

    /// <summary>Makes the path of a file in the folder.</summary>
    public string PathOf(string name) => Path.Combine(directory, name);

    /// <summary>Whether a text is a digest: 64 lower-case hex digits.</summary>
    public static bool IsDigest(string text) => text.Length == 2 * SHA256.HashSizeInBytes && text.All(char.IsAsciiHexDigitLower);

    private string ManifestPath(string version) => PathOf($"{version}.upload");

    private string ChunksPath(string version) => PathOf($"{version}.chunks");

    private string LabelOf(string version) => $"upload {DataSet.Name} {version}";

    private void WriteManifest(string path, string label, UploadManifest manifest) => DurableFile.Replace(
        path, state.Encrypt(label, JsonSerializer.SerializeToUtf8Bytes(manifest, UploadJson.Default.UploadManifest)));

    private UploadManifest ReadManifest(string path, string label) =>
        state.TryDecrypt(label, File.ReadAllBytes(path)) is { } plaintext
            && JsonSerializer.Deserialize(plaintext, UploadJson.Default.UploadManifest) is { } manifest && manifest.DataSet == DataSet.Name
            ? manifest
            : throw new RefusedException(RoomReasons.StateChanged.Because(
                $"{path} was changed outside the enclave; restore the room's state, or remove the data set's folder and upload again"));
}
