using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Ordering;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Files.Durable;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// A version that the enclave writes group by group, under a key that nobody else has, each group once. Every group is checked as it is
/// written, so a version is well-formed whatever the host did to the upload meanwhile. <see cref="Add"/> is thread-safe.
/// </summary>
internal sealed class NewVersion : IDisposable
{
    private readonly int chunkSize;
    private readonly VersionDigest digest;
    private readonly ChunkCipher cipher;
    private readonly FileStream file;
    private readonly ThreadLocal<GroupCheck> check;
    private readonly AlignedBytes?[]? groups;
    private string? problem;
    private long rows;

    /// <param name="layout">The room's layout.</param>
    /// <param name="dataSet">The data set.</param>
    /// <param name="path">Path of the file, which is replaced.</param>
    /// <param name="cipher">The version's cipher.</param>
    /// <param name="groups">Receives each group decrypted, so that the first question needs not decrypt it; null for none.</param>
    public NewVersion(RoomLayout layout, DataSet dataSet, string path, ChunkCipher cipher, AlignedBytes?[]? groups)
    {
        (this.cipher, this.groups) = (cipher, groups);
        chunkSize = layout.GroupSize(dataSet) + ChunkCipher.TagSize;
        digest = new VersionDigest(layout.GroupCount);
        check = new ThreadLocal<GroupCheck>(() => new GroupCheck(layout, dataSet));
        file = DurableFile.Open(path);
        file.SetLength(0);
    }

    /// <summary>Persons so far.</summary>
    public long Rows => Interlocked.Read(ref rows);

    /// <summary>The problem of a group that is not well-formed; null when there is none.</summary>
    public string? Problem => Volatile.Read(ref problem);

    /// <inheritdoc cref="GroupAdder"/>
    public void Add(int group, ReadOnlySpan<byte> plaintext)
    {
        if (check.Value!.FindProblem(group, plaintext, out var persons) is { } found)
        {
            Volatile.Write(ref problem, found);
        }
        digest.Add(group, plaintext);
        Interlocked.Add(ref rows, persons);
        if (groups is not null)
        {
            groups[group] = new AlignedBytes(plaintext.Length);
            plaintext.CopyTo(groups[group]!.Span);
        }
        RandomAccess.Write(file.SafeFileHandle, cipher.Encrypt(group, plaintext), (long)group * chunkSize);
    }

    /// <summary>Computes the version's digest when all groups were added; when this returns, the chunks are on disk.</summary>
    /// <returns>32 bytes.</returns>
    public byte[] Complete()
    {
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        return digest.Complete();
    }

    public void Dispose()
    {
        file.Dispose();
        check.Dispose();
    }
}
