using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;

namespace Guardian.Fuzz;

/// <summary>Valid parts of a volume.</summary>
internal static class VolumeSamples
{
    private static readonly VolumeKey Key = new(new byte[VolumeKey.Size]);
    private static readonly RecordPointer Single = new(new RecordKey(1, 2, 3, 4), 5, 6, 7, 1, 0, PointerKind.Encrypted);

    private static InodeRecord Record => new()
    {
        Kind = FileKind.RegularFile, Protection = Protection.Encrypted, Height = 1, Links = 1, FileSize = 9_000, ModificationTime = 1,
        Root = Single,
    };

    public static byte[] Superblock { get; } = new Superblock
    {
        VolumeId = new byte[16], Generation = 7, IsClosed = true, SlotCount = 256, InodeFile = Record,
        Acknowledged = new FreshnessTag(6, new string('b', 64)),
    }.Write(Key);

    /// <summary>The decrypted part of a superblock.</summary>
    public static byte[] Content { get; } = CreateContent();

    public static byte[] Node { get; } = CreateNode();

    public static byte[] Inode { get; } = CreateInode();

    public static byte[] Directory { get; } = CreateDirectory();

    public static bool ReadSuperblock(byte[] input) => Guardian.Volumes.Format.Superblock.TryRead(input, Key) is not null;

    private static byte[] CreateContent()
    {
        var derived = new byte[32];
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256, new byte[VolumeKey.Size], derived, Superblock.AsSpan(16, 32), "guardian-volume-v1 superblock"u8);
        using var cipher = new AesGcm(derived, 16);
        var content = new byte[4032];
        cipher.Decrypt(new byte[12], Superblock.AsSpan(48, 4032), Superblock.AsSpan(4080), content, Superblock.AsSpan(0, 48));
        return content;
    }

    private static byte[] CreateNode()
    {
        var entries = new RecordPointer[NodeRecord.EntryCount];
        entries[0] = new RecordPointer(new RecordKey(1, 2, 3, 4), 5, 6, 20, 3, 0, PointerKind.Encrypted);
        entries[1] = entries[2] = RecordPointer.SharedWith(0);
        entries[9] = new RecordPointer(default, 0, 0, 40, 1, 1, PointerKind.Plain);
        return MemoryMarshal.AsBytes(entries.AsSpan()).ToArray();
    }

    private static byte[] CreateInode()
    {
        var bytes = new byte[InodeRecord.Size];
        Record.Write(bytes);
        return bytes;
    }

    private static byte[] CreateDirectory()
    {
        var directory = new DirectoryContent();
        for (var i = 1; i < 20; i++)
        {
            directory.Add(new DirectoryItem { Name = $"name {i}", Cookie = (ulong)i, Node = (uint)i, Kind = FileKind.RegularFile });
        }
        var content = new byte[4096];
        directory.WritePage(0, content);
        return content;
    }
}
