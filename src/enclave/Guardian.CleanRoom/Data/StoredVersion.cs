using System.Buffers;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;
using Microsoft.Win32.SafeHandles;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// A version on disk, decrypted chunk by chunk. Decrypted groups stay in memory when the working set is large enough for all of them.
/// Thread-safe.
/// </summary>
internal sealed class StoredVersion : IGroupSource, IDisposable
{
    private readonly ChunkCipher cipher;
    private readonly SafeFileHandle file;
    private readonly string path;
    private readonly int groupSize;
    private readonly WorkingSet workingSet;

    // Decrypted groups; null when there is no memory for them.
    private AlignedBytes?[]? decrypted;

    /// <summary>Opens a version; disposing it disposes the cipher.</summary>
    /// <param name="known">Its groups as far as they are decrypted already, with their memory reserved; null for none.</param>
    /// <exception cref="RefusedException">The host removed the file.</exception>
    public StoredVersion(
        DataSet dataSet, RoomLayout layout, UploadManifest manifest, ChunkCipher cipher, string path, WorkingSet workingSet,
        AlignedBytes?[]? known = null)
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
            throw RefuseChanged("is gone");
        }
        decrypted = known ?? ReserveGroups(workingSet, layout, dataSet);
    }

    /// <summary>Reserves the memory of all groups of a version.</summary>
    /// <returns>A place for each group; null when there is not enough memory.</returns>
    public static AlignedBytes?[]? ReserveGroups(WorkingSet workingSet, RoomLayout layout, DataSet dataSet) =>
        workingSet.TryReserve((long)layout.GroupSize(dataSet) * layout.GroupCount) ? new AlignedBytes?[layout.GroupCount] : null;

    public DataSet DataSet { get; }

    public UploadManifest Manifest { get; }

    /// <inheritdoc/>
    /// <exception cref="RefusedException">The host changed or cut off the file.</exception>
    public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
    {
        if (decrypted is null)
        {
            Decrypt(group, scratch);
            return scratch;
        }
        if (Volatile.Read(ref decrypted[group]) is { } known)
        {
            return known.Span;
        }
        var plaintext = new AlignedBytes(groupSize);
        Decrypt(group, plaintext.Span);
        Volatile.Write(ref decrypted[group], plaintext);
        return plaintext.Span;
    }

    /// <summary>Releases the memory of decrypted groups; from here on they are decrypted at each read. Nobody may read meanwhile.</summary>
    public void ReleaseGroups()
    {
        if (decrypted is not null)
        {
            workingSet.Release((long)groupSize * decrypted.Length);
            decrypted = null;
        }
    }

    public void Dispose()
    {
        file.Dispose();
        cipher.Dispose();
        ReleaseGroups();
    }

    private void Decrypt(int group, Span<byte> plaintext)
    {
        var chunkSize = groupSize + ChunkCipher.TagSize;
        var chunk = ArrayPool<byte>.Shared.Rent(chunkSize);
        try
        {
            var (size, start) = (0, (long)group * chunkSize);
            for (int read; size < chunkSize && (read = RandomAccess.Read(file, chunk.AsSpan(size, chunkSize - size), start + size)) > 0;)
            {
                size += read;
            }
            if (!cipher.TryDecrypt(group, chunk.AsSpan(0, size), plaintext))
            {
                throw RefuseChanged($"was changed outside the enclave at chunk {group}");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private RefusedException RefuseChanged(string what) => new(RoomReasons.StateChanged.Because(
        $"{path} {what}; restore the room's state, or upload '{DataSet.Name}' again"));
}
