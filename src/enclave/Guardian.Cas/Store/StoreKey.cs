using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Guardian.Cas.Store;

/// <summary>The one secret that protects a CAS's store, and the keys that are derived from it. Thread-safe.</summary>
internal sealed class StoreKey : IDisposable
{
    /// <summary>The size of the key, in bytes.</summary>
    public const int Size = 32;

    /// <summary>The size of a row's digest, in bytes.</summary>
    public const int DigestSize = 32;

    private const int SaltSize = 24;
    private const int TagSize = 16;

    private readonly byte[] key;
    private readonly byte[] rows;
    private readonly byte[] digests;
    private readonly byte[] commitment;

    /// <param name="key">32 bytes, which are copied.</param>
    public StoreKey(ReadOnlySpan<byte> key)
    {
        this.key = key.ToArray();
        rows = Derive("guardian-cas rows");
        digests = Derive("guardian-cas digests");
        commitment = Derive("guardian-cas commitment");
    }

    /// <summary>Draws a key.</summary>
    public static StoreKey Create()
    {
        Span<byte> drawn = stackalloc byte[Size];
        RandomNumberGenerator.Fill(drawn);
        var key = new StoreKey(drawn);
        CryptographicOperations.ZeroMemory(drawn);
        return key;
    }

    /// <summary>Names the key and reveals nothing of it, 32 bytes. Quoted statements in the log carry it.</summary>
    public ReadOnlySpan<byte> Commitment => commitment;

    /// <summary>The key itself, for sealing and for other CAS enclaves.</summary>
    public ReadOnlySpan<byte> Value => key;

    /// <summary>Encrypts a value for its place, so that rows cannot be exchanged.</summary>
    /// <remarks>
    /// salt 24 | tag 16 | ciphertext. Each write has a key of its own, HMAC-SHA256 of salt and place: freshness tags move too often for
    /// random nonces under one key.
    /// </remarks>
    public byte[] Encrypt(string kind, string name, ReadOnlySpan<byte> plaintext)
    {
        var value = new byte[SaltSize + TagSize + plaintext.Length];
        RandomNumberGenerator.Fill(value.AsSpan(0, SaltSize));
        using var cipher = CipherFor(kind, name, value.AsSpan(0, SaltSize));
        cipher.Encrypt(
            stackalloc byte[AesGcm.NonceByteSizes.MaxSize], plaintext, value.AsSpan(SaltSize + TagSize), value.AsSpan(SaltSize, TagSize));
        return value;
    }

    /// <summary>Decrypts a value; null when it is not the value that was written to this place.</summary>
    public byte[]? Decrypt(string kind, string name, ReadOnlySpan<byte> value)
    {
        if (value.Length < SaltSize + TagSize)
        {
            return null;
        }
        var plaintext = new byte[value.Length - SaltSize - TagSize];
        using var cipher = CipherFor(kind, name, value[..SaltSize]);
        try
        {
            cipher.Decrypt(
                stackalloc byte[AesGcm.NonceByteSizes.MaxSize], value[(SaltSize + TagSize)..], value.Slice(SaltSize, TagSize), plaintext);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>
    /// Computes a digest of a row that the host cannot compute. The exclusive or of all digests stands for the whole store.
    /// </summary>
    public byte[] Digest(string kind, string name, ReadOnlySpan<byte> value)
    {
        using var hash = CreateDigestHash();
        return Digest(hash, kind, name, value);
    }

    /// <summary>Creates the hash for the digests of many rows. The caller disposes it; it is not thread-safe.</summary>
    public IncrementalHash CreateDigestHash() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, digests);

    /// <summary>Computes the digest of one of many rows: at a start, that of every row.</summary>
    /// <param name="hash">From <see cref="CreateDigestHash"/>.</param>
    public static byte[] Digest(IncrementalHash hash, string kind, string name, ReadOnlySpan<byte> value)
    {
        var (kindSize, nameSize) = (Encoding.UTF8.GetByteCount(kind), Encoding.UTF8.GetByteCount(name));
        var size = (3 * sizeof(int)) + kindSize + nameSize + value.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        var rest = buffer.AsSpan();
        Encoding.UTF8.GetBytes(kind, Next(ref rest, kindSize));
        Encoding.UTF8.GetBytes(name, Next(ref rest, nameSize));
        value.CopyTo(Next(ref rest, value.Length));
        hash.AppendData(buffer.AsSpan(0, size));
        var digest = hash.GetHashAndReset();
        ArrayPool<byte>.Shared.Return(buffer);
        return digest;

        static Span<byte> Next(ref Span<byte> rest, int length)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, length);
            var place = rest.Slice(sizeof(int), length);
            rest = rest[(sizeof(int) + length)..];
            return place;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(rows);
        CryptographicOperations.ZeroMemory(digests);
    }

    private byte[] Derive(string label) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Size, info: Encoding.ASCII.GetBytes(label));

    private AesGcm CipherFor(string kind, string name, ReadOnlySpan<byte> salt)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, rows);
        hash.AppendData(salt);
        Append(hash, Encoding.UTF8.GetBytes(kind));
        Append(hash, Encoding.UTF8.GetBytes(name));
        Span<byte> once = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(once);
        var cipher = new AesGcm(once, TagSize);
        CryptographicOperations.ZeroMemory(once);
        return cipher;
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> size = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, part.Length);
        hash.AppendData(size);
        hash.AppendData(part);
    }
}
