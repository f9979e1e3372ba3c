using System.Buffers.Binary;

namespace Guardian.Volumes.Freshness;

/// <summary>Names one state of a volume: its generation, and the first 24 bytes of SHA-256 of its superblock. Together they are the 32 bytes that a CAS keeps.</summary>
/// <param name="Counter">The generation.</param>
/// <param name="Digest">24 bytes in lower-case hexadecimal.</param>
public readonly record struct FreshnessTag(ulong Counter, string Digest)
{
    /// <summary>Bytes of a tag.</summary>
    public const int Size = 32;

    internal const int DigestSize = 24;

    /// <summary>Reads 32 bytes.</summary>
    public static FreshnessTag FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        return new FreshnessTag(BinaryPrimitives.ReadUInt64LittleEndian(bytes), Convert.ToHexStringLower(bytes[8..]));
    }

    /// <summary>The counter, little-endian, and the digest: 32 bytes.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Counter);
        Convert.FromHexString(Digest, bytes.AsSpan(8), out _, out _);
        return bytes;
    }
}

/// <summary>Keeps the freshness tag of one volume where the host cannot take it back: the CAS, or a person.</summary>
/// <remarks>Calls come from one thread at a time. A keeper that does not answer throws <see cref="IOException"/>, and the volume then acknowledges nothing.</remarks>
public interface IFreshness
{
    /// <summary>The tag; null when none was ever set.</summary>
    FreshnessTag? Read();

    /// <summary>Sets the tag if it is the expected one (null: none).</summary>
    /// <returns>False when it is another, which then stays.</returns>
    bool TryReplace(FreshnessTag? expected, FreshnessTag next);
}

/// <summary>How much of a volume's history the host can take back unseen.</summary>
public enum FreshnessMode
{
    /// <summary>Nothing that was acknowledged.</summary>
    Strict,

    /// <summary>What was written since the tag was last replaced.</summary>
    Interval,
}
