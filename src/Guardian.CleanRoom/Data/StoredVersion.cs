using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom;

/// <summary>A version on disk, opened chunk by chunk. Thread-safe.</summary>
internal sealed class StoredVersion : IGroupSource, IDisposable
{
    private readonly ChunkCipher cipher;
    private readonly SafeFileHandle file;
    private readonly string path;
    private readonly int chunkSize;

    public StoredVersion(DataSet dataSet, UploadManifest manifest, ChunkCipher cipher, string path, int chunkSize)
    {
        DataSet = dataSet;
        Manifest = manifest;
        this.cipher = cipher;
        this.path = path;
        this.chunkSize = chunkSize;
        try
        {
            file = File.OpenHandle(path);
        }
        catch (FileNotFoundException)
        {
            throw Changed("is gone");
        }
    }

    public DataSet DataSet { get; }

    public UploadManifest Manifest { get; }

    /// <inheritdoc/>
    /// <exception cref="RoomStateException">The host changed or cut off the file.</exception>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        var chunk = new byte[chunkSize];
        var size = 0;
        for (int read; size < chunkSize && (read = RandomAccess.Read(file, chunk.AsSpan(size), ((long)group * chunkSize) + size)) > 0;)
        {
            size += read;
        }
        if (!cipher.TryDecrypt(group, chunk.AsSpan(0, size), scratch))
        {
            throw Changed($"was changed outside the enclave at chunk {group}");
        }
        return scratch;
    }

    public void Dispose()
    {
        file.Dispose();
        cipher.Dispose();
    }

    private RoomStateException Changed(string what) => new($"{path} {what}; restore the room's state, or upload '{DataSet.Name}' again");
}
