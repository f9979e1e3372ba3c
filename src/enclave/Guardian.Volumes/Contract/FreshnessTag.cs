using System.Buffers.Binary;

namespace Guardian.Volumes.Contract;

/// <summary>Names one state of a volume: its generation, and the first 24 bytes of SHA-256 of its superblock
/// (docs/spec/volume.md, "Freshness").</summary>
/// <param name="Counter">The generation.</param>
/// <param name="Digest">24 bytes in lower-case hexadecimal.</param>
public readonly record struct FreshnessTag(ulong Counter, string Digest)
{
    /// <summary>Bytes of a tag in its binary form.</summary>
    public const int Size = 32;

    internal const int DigestSize = 24;

    /// <summary>Reads the binary form.</summary>
    /// <param name="bytes">8 bytes of the counter, little-endian, and 24 bytes of the digest.</param>
    /// <returns>The tag.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> has another size than <see cref="Size"/>.</exception>
    public static FreshnessTag FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        return new FreshnessTag(BinaryPrimitives.ReadUInt64LittleEndian(bytes), Convert.ToHexStringLower(bytes[8..]));
    }

    /// <summary>Writes the binary form.</summary>
    /// <returns><see cref="Size"/> bytes: the counter, little-endian, and the digest.</returns>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Counter);
        Convert.FromHexString(Digest, bytes.AsSpan(8), out _, out _);
        return bytes;
    }
}
