using System.Security.Cryptography;
using System.Text;

namespace Guardian.CleanRoom.Data;

/// <summary>Encrypts small records for the untrusted disk: nonce 12, tag 16, ciphertext; AES-256-GCM with random nonces, bound to the room and to a place. Thread-safe.</summary>
internal sealed class StateCipher : IDisposable
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    // AesGcm itself serves one thread at a time, so each call makes its own.
    private readonly byte[] key;
    private readonly ReadOnlyMemory<byte> contractHash;

    public StateCipher(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> contractHash)
    {
        this.key = key.ToArray();
        this.contractHash = contractHash;
    }

    public byte[] Encrypt(string place, ReadOnlySpan<byte> plaintext)
    {
        using var cipher = new AesGcm(key, TagSize);
        var record = new byte[NonceSize + TagSize + plaintext.Length];
        RandomNumberGenerator.Fill(record.AsSpan(0, NonceSize));
        cipher.Encrypt(record.AsSpan(0, NonceSize), plaintext, record.AsSpan(NonceSize + TagSize), record.AsSpan(NonceSize, TagSize), Place(place));
        return record;
    }

    /// <summary>The plaintext; null when the record was altered, cut off, or belongs elsewhere.</summary>
    public byte[]? TryDecrypt(string place, ReadOnlySpan<byte> record)
    {
        if (record.Length < NonceSize + TagSize)
        {
            return null;
        }
        var plaintext = new byte[record.Length - NonceSize - TagSize];
        using var cipher = new AesGcm(key, TagSize);
        try
        {
            cipher.Decrypt(record[..NonceSize], record[(NonceSize + TagSize)..], record.Slice(NonceSize, TagSize), plaintext, Place(place));
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(key);

    private byte[] Place(string place) => [.. contractHash.Span, .. Encoding.UTF8.GetBytes(place)];
}
