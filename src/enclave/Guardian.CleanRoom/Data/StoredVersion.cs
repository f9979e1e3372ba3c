using System.Buffers;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Shards;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom.Data;

/// <summary>A version on disk, opened chunk by chunk. Groups stay open when the working set has room for all of them. Thread-safe.</summary>
internal sealed class StoredVersion : IGroupSource, IDisposable
{
    private readonly ChunkCipher cipher;
    private readonly SafeFileHandle file;
    private readonly string path;
    private readonly int groupSize;
    private readonly WorkingSet workingSet;

    // Null when there is no memory to keep them.
    private readonly AlignedBytes?[]? open;

    public StoredVersion(DataSet dataSet, RoomLayout layout, UploadManifest manifest, ChunkCipher cipher, string path, WorkingSet workingSet)
    {
        DataSet = dataSet;
        Manifest = manifest;
        this.cipher = cipher;
        this.path = path;
        this.workingSet = workingSet;
        groupSize = layout.GroupSize(dataSet);
        try
        {
            file = File.OpenHandle(path);
        }
        catch (FileNotFoundException)
        {
            throw Changed("is gone");
        }
        open = workingSet.TryReserve((long)groupSize * layout.GroupCount) ? new AlignedBytes?[layout.GroupCount] : null;
    }

    public DataSet DataSet { get; }

    public UploadManifest Manifest { get; }

    /// <summary>Other enclaves that compute on it, when there are any.</summary>
    public RoomShards? Shards { get; init; }

    /// <summary>Whether groups stay open once they were read.</summary>
    public bool IsKeptOpen => open is not null;

    /// <inheritdoc/>
    /// <exception cref="RoomStateException">The host changed or cut off the file.</exception>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        if (open is null)
        {
            Open(group, scratch);
            return scratch;
        }
        if (Volatile.Read(ref open[group]) is { } kept)
        {
            return kept.Span;
        }
        var opened = new AlignedBytes(groupSize);
        Open(group, opened.Span);
        Volatile.Write(ref open[group], opened);
        return opened.Span;
    }

    public void Dispose()
    {
        file.Dispose();
        cipher.Dispose();
        if (open is not null)
        {
            workingSet.Release((long)groupSize * open.Length);
        }
    }

    private void Open(int group, Span<byte> plaintext)
    {
        var chunkSize = groupSize + ChunkCipher.TagSize;
        var chunk = ArrayPool<byte>.Shared.Rent(chunkSize);
        try
        {
            var size = 0;
            for (int read; size < chunkSize && (read = RandomAccess.Read(file, chunk.AsSpan(size, chunkSize - size), ((long)group * chunkSize) + size)) > 0;)
            {
                size += read;
            }
            if (!cipher.TryDecrypt(group, chunk.AsSpan(0, size), plaintext))
            {
                throw Changed($"was changed outside the enclave at chunk {group}");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private RoomStateException Changed(string what) => new($"{path} {what}; restore the room's state, or upload '{DataSet.Name}' again");
}
