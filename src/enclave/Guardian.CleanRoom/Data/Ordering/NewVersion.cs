using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// A version that the enclave makes itself, group by group. Its chunks can be encrypted only when its digest, from which their key is derived, is known: until then its groups lie in a
/// scratch file. Adding is thread-safe.
/// </summary>
internal sealed class NewVersion : IDisposable
{
    private readonly int groupCount;
    private readonly int groupSize;
    private readonly VersionDigest digest;
    private readonly ScratchFile scratch;
    private long rows;

    /// <param name="scratchPath">For a file of its own.</param>
    public NewVersion(RoomLayout layout, DataSet dataSet, string scratchPath)
    {
        (groupCount, groupSize) = (layout.GroupCount, layout.GroupSize(dataSet));
        digest = new VersionDigest(groupCount);
        scratch = new ScratchFile(scratchPath, groupSize);
    }

    /// <summary>Persons so far.</summary>
    public long Rows => Interlocked.Read(ref rows);

    /// <inheritdoc cref="GroupAdder"/>
    public void Add(int group, ReadOnlySpan<byte> plaintext, int persons)
    {
        scratch.Write(0, group, plaintext);
        digest.Add(group, plaintext);
        Interlocked.Add(ref rows, persons);
    }

    /// <summary>The version's digest, once all groups are in.</summary>
    public byte[] Complete() => digest.Complete();

    /// <summary>Writes the chunks, and waits until they are on disk.</summary>
    /// <exception cref="RoomStateException">The host changed the scratch file.</exception>
    public void Write(string path, ChunkCipher cipher)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var plaintext = new byte[groupSize];
        for (var group = 0; group < groupCount; group++)
        {
            scratch.Read(0, group, plaintext);
            RandomAccess.Write(file, cipher.Encrypt(group, plaintext), (long)group * (groupSize + ChunkCipher.TagSize));
        }
        RandomAccess.FlushToDisk(file);
    }

    public void Dispose() => scratch.Dispose();
}
