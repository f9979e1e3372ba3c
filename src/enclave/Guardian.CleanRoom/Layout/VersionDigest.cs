using System.Security.Cryptography;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Layout;

/// <summary>
/// Names a version of a data set by its content: SHA-256 over the SHA-256 of each group's plaintext, so that several threads can compute
/// it.
/// </summary>
public sealed class VersionDigest
{
    private readonly byte[] hashes;

    private readonly UploadForm form;

    /// <param name="groupCount">Groups of the room.</param>
    /// <param name="form">The content of the groups: the same bytes have another digest in another form.</param>
    public VersionDigest(int groupCount, UploadForm form = UploadForm.Sorted) =>
        (hashes, this.form) = (new byte[groupCount * SHA256.HashSizeInBytes], form);

    /// <summary>Adds a group. Each group is added once, in any order, from any thread.</summary>
    public void Add(int group, ReadOnlySpan<byte> plaintext) =>
        SHA256.HashData(plaintext, hashes.AsSpan(group * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes));

    /// <summary>Computes the digest when all groups were added.</summary>
    /// <returns>32 bytes.</returns>
    public byte[] Complete() => SHA256.HashData(form switch
    {
        UploadForm.Unsorted => [.. "unsorted\0"u8, .. hashes],
        UploadForm.Changes => [.. "changes\0"u8, .. hashes],
        _ => hashes,
    });
}
