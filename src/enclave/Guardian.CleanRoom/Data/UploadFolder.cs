using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>The files of one data set on the untrusted disk. Callers serialise access.</summary>
/// <remarks>
/// <c>VERSION.chunks</c> has chunks of one size in sequence, encrypted by the enclave under the random key of this upload or version. Names
/// of files are random, because the host sees them. <c>sort.scratch</c> and <c>version.new</c> exist only while a version is made.
/// </remarks>
internal sealed class UploadFolder
{
    private const string Extension = ".chunks";

    private readonly RoomContract contract;
    private readonly RoomKeys keys;
    private readonly string directory;

    public UploadFolder(
        RoomContract contract, DataSet dataSet, RoomLayout layout, RoomKeys keys, WorkingSet workingSet, string directory)
    {
        (this.contract, this.keys, this.directory) = (contract, keys, Path.Combine(directory, dataSet.Name));
        (DataSet, Layout, WorkingSet) = (dataSet, layout, workingSet);
        DurableFile.CreateDirectory(this.directory);
    }

    public DataSet DataSet { get; }

    public RoomLayout Layout { get; }

    public WorkingSet WorkingSet { get; }

    /// <summary>Deletes the chunks of an upload or version, if any.</summary>
    public void DeleteChunks(string version) => File.Delete(ChunksPath(version));

    /// <summary>Deletes all files but the chunks of some uploads and versions: without a key they are of no use.</summary>
    public void DeleteOthers(IEnumerable<string> versions)
    {
        var kept = versions.Select(ChunksPath).ToHashSet();
        foreach (var path in Directory.GetFiles(directory).Where(path => !kept.Contains(path)))
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
    public void WriteChunk(UploadManifest upload, int index, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = CreateCipher(upload);
        var chunk = cipher.Encrypt(index, plaintext);
        using var file = DurableFile.Open(ChunksPath(upload.Version));
        file.Position = (long)index * chunk.Length;
        file.Write(chunk);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Computes the size of a chunk in bytes.</summary>
    public int ChunkSize(UploadForm form) => Layout.GroupSize(DataSet.InForm(form)) + ChunkCipher.TagSize;

    /// <summary>Makes the cipher of an upload on the wire.</summary>
    public ChunkCipher CreateWireCipher(UploadManifest upload)
    {
        var secret = keys.UploadSecret(DataSet.Name);
        var cipher = new ChunkCipher(secret, contract, DataSet.InForm(upload.Form), Convert.FromHexString(upload.Digest));
        CryptographicOperations.ZeroMemory(secret);
        return cipher;
    }

    /// <summary>Makes the cipher of an upload or version on disk.</summary>
    public ChunkCipher CreateCipher(UploadManifest manifest) =>
        ChunkCipher.ForStorage(manifest.Key, contract, DataSet.InForm(manifest.Form), manifest.Version);

    /// <summary>Opens the chunks of a complete upload, which is read once.</summary>
    /// <exception cref="RefusedException">The host removed the file.</exception>
    public StoredVersion OpenUpload(UploadManifest upload) => Open(upload, new WorkingSet(0));

    /// <summary>Opens the chunks of a version, which stay decrypted in memory if there is enough.</summary>
    /// <exception cref="RefusedException">The host removed the file.</exception>
    /// <param name="version">The version.</param>
    /// <param name="known">Its groups as far as they are decrypted already, with their memory reserved; null for none.</param>
    public StoredVersion OpenVersion(UploadManifest version, AlignedBytes?[]? known = null) => Open(version, WorkingSet, known);

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

    private StoredVersion Open(UploadManifest manifest, WorkingSet memory, AlignedBytes?[]? known = null) =>
        new(DataSet.InForm(manifest.Form), Layout, manifest, CreateCipher(manifest), ChunksPath(manifest.Version), memory, known);

    private string ChunksPath(string version) => PathOf(version + Extension);
}
