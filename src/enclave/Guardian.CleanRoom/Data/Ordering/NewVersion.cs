using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data.Ordering;

/// <summary>
/// A version that the enclave makes group by group. The key of its chunks depends on the digest of all groups, so the groups are in a
/// scratch file until the digest is known. <see cref="Add"/> is thread-safe.
/// </summary>
internal sealed class NewVersion : IDisposable
{
    private readonly int groupCount;
    private readonly int groupSize;
    private readonly VersionDigest digest;
    private readonly ScratchFile scratch;
    private long rows;

    /// <param name="layout">The room's layout.</param>
    /// <param name="dataSet">The data set.</param>
    /// <param name="scratchPath">Path of the scratch file.</param>
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

    /// <summary>Computes the version's digest when all groups were added.</summary>
    public byte[] Complete() => digest.Complete();

    /// <summary>Writes the chunks; when this returns, they are on disk.</summary>
    /// <exception cref="RefusedException">The host changed the scratch file.</exception>
    public void Write(string path, ChunkCipher cipher)
    {
        using var stream = DurableFile.Open(path);
        stream.SetLength(0);
        var file = stream.SafeFileHandle;
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
