using System.Security.Cryptography;
using System.Text;

namespace Guardian.CleanRoom.Keys;

/// <summary>
/// Encrypts small records for the untrusted disk: nonce 12, tag 16, ciphertext; AES-256-GCM with random nonces, bound to the room and to
/// the record's name. Thread-safe.
/// </summary>
internal sealed class StateCipher : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    // AesGcm serves one thread at a time, so each call makes its own.
    private readonly byte[] key;
    private readonly ReadOnlyMemory<byte> contractHash;

    public StateCipher(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> contractHash)
    {
        this.key = key.ToArray();
        this.contractHash = contractHash;
    }

    /// <summary>Encrypts a record.</summary>
    /// <param name="name">The record's name; it decrypts under no other.</param>
    /// <param name="plaintext">The record.</param>
    public byte[] Encrypt(string name, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var record = new byte[NonceSize + TagSize + plaintext.Length];
        RandomNumberGenerator.Fill(record.AsSpan(0, NonceSize));
        cipher.Encrypt(
            record.AsSpan(0, NonceSize), plaintext, record.AsSpan(NonceSize + TagSize), record.AsSpan(NonceSize, TagSize),
            AssociatedData(name));
        return record;
    }

    /// <summary>Decrypts a record.</summary>
    /// <returns>The plaintext; null when the record was altered, cut off, or has another name or room.</returns>
    public byte[]? TryDecrypt(string name, ReadOnlySpan<byte> record)
    {
        if (record.Length < NonceSize + TagSize)
        {
            return null;
        }
        var plaintext = new byte[record.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(
                record[..NonceSize], record[(NonceSize + TagSize)..], record.Slice(NonceSize, TagSize), plaintext,
                AssociatedData(name));
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    private byte[] AssociatedData(string name) => [.. contractHash.Span, .. Encoding.UTF8.GetBytes(name)];
}
