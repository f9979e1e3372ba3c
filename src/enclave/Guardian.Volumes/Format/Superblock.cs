using System.Buffers.Binary;
using System.Security.Cryptography;
using Guardian.Volumes.Contract;

namespace Guardian.Volumes.Format;

/// <summary>The root of one state of a volume (docs/spec/volume.md, "Superblock").</summary>
internal sealed record Superblock
{
    /// <summary>How many slots at the beginning of a container hold superblocks.</summary>
    public const int Count = 2;

    /// <summary>Slots of the largest container: 64 TiB, far above what the bitmaps should take of an enclave's memory.</summary>
    public const long MaxSlotCount = 1L << 34;

    private const uint Version = 1;
    private const uint ClosedFlag = 1;
    private const int SaltOffset = 16;
    private const int SaltSize = 32;
    private const int ContentOffset = 48;
    private const int ContentSize = 4032;
    private const int TagOffset = ContentOffset + ContentSize;
    private const int TagSize = 16;
    private const int NonceSize = 12;

    /// <summary>16 random bytes.</summary>
    public required ReadOnlyMemory<byte> VolumeId { get; init; }

    public required ulong Generation { get; init; }

    public required bool IsClosed { get; init; }

    public required long SlotCount { get; init; }

    public required InodeRecord InodeFile { get; init; }

    public FreshnessTag? Acknowledged { get; init; }

    public FreshnessTag? Attempted { get; init; }

    private static ReadOnlySpan<byte> Magic => "GUARDVOL"u8;

    /// <summary>Whether a slot may hold a superblock, under whatever key.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> slot) => slot.StartsWith(Magic);

    /// <summary>The freshness tag of a superblock in its stored form.</summary>
    public FreshnessTag TagOf(ReadOnlySpan<byte> slot) =>
        new(Generation, Convert.ToHexStringLower(SHA256.HashData(slot).AsSpan(0, FreshnessTag.DigestSize)));

    /// <summary>Encrypts into the 4096 bytes of a slot, under a derived key that is used once.</summary>
    public byte[] Write(VolumeKey key)
    {
        var slot = new byte[Page.Size];
        Magic.CopyTo(slot);
        BinaryPrimitives.WriteUInt32LittleEndian(slot.AsSpan(8), Version);
        RandomNumberGenerator.Fill(slot.AsSpan(SaltOffset, SaltSize));

        Span<byte> content = stackalloc byte[ContentSize];
        content.Clear();
        VolumeId.Span.CopyTo(content);
        BinaryPrimitives.WriteUInt64LittleEndian(content[16..], Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(content[24..], IsClosed ? ClosedFlag : 0);
        BinaryPrimitives.WriteInt64LittleEndian(content[32..], SlotCount);
        InodeFile.Write(content[64..]);
        WriteTag(content[192..], Acknowledged);
        WriteTag(content[224..], Attempted);

        using var cipher = CipherFor(key, slot);
        var target = slot.AsSpan(ContentOffset, ContentSize);
        cipher.Encrypt(new byte[NonceSize], content, target, slot.AsSpan(TagOffset), slot.AsSpan(0, ContentOffset));
        CryptographicOperations.ZeroMemory(content);
        return slot;
    }

    /// <summary>Decrypts the 4096 bytes of a slot; null when the key does not open it, or it is no superblock.</summary>
    public static Superblock? TryRead(ReadOnlySpan<byte> slot, VolumeKey key)
    {
        if (slot.Length != Page.Size
            || !HasMagic(slot)
            || BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(slot[12..]) != 0)
        {
            return null;
        }
        Span<byte> content = stackalloc byte[ContentSize];
        using var cipher = CipherFor(key, slot);
        try
        {
            cipher.Decrypt(new byte[NonceSize], slot.Slice(ContentOffset, ContentSize), slot[TagOffset..], content, slot[..ContentOffset]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        var read = TryReadContent(content);
        CryptographicOperations.ZeroMemory(content);
        return read;
    }

    /// <summary>Reads the decrypted part; null when it is malformed.</summary>
    internal static Superblock? TryReadContent(ReadOnlySpan<byte> content)
    {
        if (content.Length != ContentSize)
        {
            return null;
        }
        var slotCount = BinaryPrimitives.ReadInt64LittleEndian(content[32..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(content[24..]) > ClosedFlag
            || content[28..32].ContainsAnyExcept((byte)0)
            || slotCount is < Count or > MaxSlotCount
            || content[40..64].ContainsAnyExcept((byte)0)
            || content[256..].ContainsAnyExcept((byte)0)
            || !InodeRecord.TryRead(content.Slice(64, InodeRecord.Size), slotCount, out var inodeFile))
        {
            return null;
        }
        return new Superblock
        {
            VolumeId = content[..16].ToArray(),
            Generation = BinaryPrimitives.ReadUInt64LittleEndian(content[16..]),
            IsClosed = BinaryPrimitives.ReadUInt32LittleEndian(content[24..]) == ClosedFlag,
            SlotCount = slotCount,
            InodeFile = inodeFile,
            Acknowledged = ReadTag(content[192..]),
            Attempted = ReadTag(content[224..]),
        };
    }

    private static AesGcm CipherFor(VolumeKey key, ReadOnlySpan<byte> slot)
    {
        Span<byte> derived = stackalloc byte[VolumeKey.Size];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Bytes, derived, slot.Slice(SaltOffset, SaltSize), "guardian-volume-v1 superblock"u8);
        var cipher = new AesGcm(derived, TagSize);
        CryptographicOperations.ZeroMemory(derived);
        return cipher;
    }

    private static void WriteTag(Span<byte> bytes, FreshnessTag? tag) => tag?.ToBytes().CopyTo(bytes);

    private static FreshnessTag? ReadTag(ReadOnlySpan<byte> bytes) =>
        bytes[..FreshnessTag.Size].ContainsAnyExcept((byte)0) ? FreshnessTag.FromBytes(bytes[..FreshnessTag.Size]) : null;
}
