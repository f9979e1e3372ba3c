using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Matching;

namespace Guardian.CleanRoom.Keys;

/// <summary>
/// The keys of a room, derived with HKDF-SHA256 (RFC 5869) from the room key, with the contract's hash as salt and a label for each
/// purpose. Thread-safe, except during <see cref="Dispose"/>.
/// </summary>
public sealed class RoomKeys : IDisposable
{
    /// <summary>Bytes of the room key and of every key derived from it.</summary>
    public const int KeySize = 32;

    private readonly byte[] roomKey;
    private readonly byte[] contractHash;

    /// <param name="roomKey">32 bytes, from the CAS.</param>
    /// <param name="contractHash">32 bytes.</param>
    /// <exception cref="ArgumentException">The room key has another size.</exception>
    public RoomKeys(ReadOnlySpan<byte> roomKey, ReadOnlySpan<byte> contractHash)
    {
        if (roomKey.Length != KeySize)
        {
            throw new ArgumentException($"a room key has {KeySize} bytes", nameof(roomKey));
        }
        this.roomKey = roomKey.ToArray();
        this.contractHash = contractHash.ToArray();
    }

    /// <summary>Derives the HMAC key of identifier tags. Partners get it to prepare data.</summary>
    public byte[] MatchKey() => Derive("match");

    /// <summary>Derives the secret of a data set's chunk keys. Its owner gets it.</summary>
    public byte[] UploadSecret(string dataSet) => Derive($"upload {dataSet}");

    /// <summary>Derives the key that encrypts log and answers on the untrusted disk. It never leaves the enclave.</summary>
    public byte[] StateKey() => Derive("state");

    /// <summary>
    /// Derives the key that wraps the keys of data. It follows from a secret too, so that replacing the secret erases them.
    /// </summary>
    /// <param name="secret">32 bytes, which the CAS keeps.</param>
    internal byte[] VersionsKey(ReadOnlySpan<byte> secret) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, [.. roomKey, .. secret], KeySize, contractHash, "guardian-room-v1 versions"u8.ToArray());

    /// <summary>Derives the factors by which tags choose their bit of a sketch. They never leave the enclave.</summary>
    internal SketchKey SketchKey()
    {
        var words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(Derive("sketch").AsSpan());
        // Multiplication by an odd factor is invertible.
        return new SketchKey(words[0] | 1, words[1] | 1, words[2] | 1);
    }

    /// <summary>Derives the key that places rows while several identifiers are matched, so that no owner knows where. It never leaves the
    /// enclave.</summary>
    internal byte[] LinkKey() => Derive("link");

    /// <summary>Derives the key that blurs the difference guard's threshold. It never leaves the enclave.</summary>
    internal byte[] GuardKey() => Derive("guard");

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(roomKey);

    private byte[] Derive(string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, roomKey, KeySize, contractHash, Encoding.UTF8.GetBytes($"guardian-room-v1 {purpose}"));
}
