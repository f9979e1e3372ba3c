using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Keys;

/// <summary>
/// Encrypts groups of a data set into chunks: AES-256-GCM, ciphertext then a tag of 16 bytes. Thread-safe.
/// </summary>
/// <remarks>
/// On the wire, partner and enclave derive the same key from the upload secret and the content's digest, so the nonce, which is the chunk's
/// index, never meets two plaintexts (docs/decisions/0005). On disk, each upload and each version has a random key of its own, which is
/// destroyed with it (docs/decisions/0115).
/// </remarks>
public sealed class ChunkCipher : IDisposable
{
    /// <summary>Bytes by which a chunk is longer than its group.</summary>
    public const int TagSize = 16;

    private const int NonceSize = 12;

    // AesGcm serves one thread at a time, so each call makes its own.
    private readonly byte[] key = new byte[RoomKeys.KeySize];
    private readonly byte[] associatedData;

    /// <summary>Makes the cipher of an upload on the wire.</summary>
    /// <param name="uploadSecret">The data set's upload secret, 32 bytes.</param>
    /// <param name="contract">The room's contract.</param>
    /// <param name="dataSet">The data set, in the form of the upload.</param>
    /// <param name="digest"><see cref="VersionDigest"/> of the content, 32 bytes.</param>
    public ChunkCipher(ReadOnlySpan<byte> uploadSecret, RoomContract contract, DataSet dataSet, ReadOnlySpan<byte> digest)
        : this(uploadSecret, InfoOf("guardian-room-chunk-v2", contract, dataSet, digest))
    {
    }

    private ChunkCipher(ReadOnlySpan<byte> secret, byte[] info)
    {
        associatedData = info;
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, [], info);
    }

    /// <summary>Makes the cipher of an upload or version on disk.</summary>
    /// <param name="storageKey">Its random key, 32 bytes.</param>
    /// <param name="contract">The room's contract.</param>
    /// <param name="dataSet">The data set, in the form of the content.</param>
    /// <param name="version">Its public name, lower-case hex.</param>
    internal static ChunkCipher ForStorage(ReadOnlySpan<byte> storageKey, RoomContract contract, DataSet dataSet, string version) =>
        new(storageKey, InfoOf("guardian-room-stored-v1", contract, dataSet, Convert.FromHexString(version)));

    /// <summary>Encrypts a group.</summary>
    public byte[] Encrypt(int index, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var chunk = new byte[plaintext.Length + TagSize];
        cipher.Encrypt(
            Nonce(index), plaintext, chunk.AsSpan(0, plaintext.Length), chunk.AsSpan(plaintext.Length), associatedData);
        return chunk;
    }

    /// <summary>Decrypts a chunk.</summary>
    /// <param name="index">Index of the chunk.</param>
    /// <param name="chunk">The chunk, of any size.</param>
    /// <param name="plaintext">Receives the group; as long as the group.</param>
    /// <returns>False when the chunk was altered, cut off, or has another index, data set or version.</returns>
    public bool TryDecrypt(int index, ReadOnlySpan<byte> chunk, Span<byte> plaintext)
    {
        if (chunk.Length != plaintext.Length + TagSize)
        {
            return false;
        }
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(
                Nonce(index), chunk[..plaintext.Length], chunk[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    private static byte[] InfoOf(string label, RoomContract contract, DataSet dataSet, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(dataSet);
        return [.. Encoding.UTF8.GetBytes($"{label} {dataSet.Name}\0"), .. contract.Hash.Span, .. content];
    }

    private static byte[] Nonce(int index)
    {
        var nonce = new byte[NonceSize];
        BinaryPrimitives.WriteInt32LittleEndian(nonce, index);
        return nonce;
    }
}
