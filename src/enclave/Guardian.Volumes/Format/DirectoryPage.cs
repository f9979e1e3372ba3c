using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Guardian.Files;

namespace Guardian.Volumes.Format;

/// <summary>One name of a directory.</summary>
internal sealed class DirectoryItem
{
    public required string Name { get; init; }

    public required ulong Cookie { get; init; }

    public required uint Node { get; set; }

    public required FileKind Kind { get; set; }

    /// <summary>The page that stores it.</summary>
    public int Page { get; set; }

    public int StoredSize => DirectoryPage.ItemHeaderSize + Encoding.UTF8.GetByteCount(Name);
}

/// <summary>The bytes of a page of a directory: used 2, then entries, then zeros (docs/spec/volume.md, "Inode").</summary>
internal static class DirectoryPage
{
    // cookie 8 | inode 4 | kind 1 | name size 1
    public const int ItemHeaderSize = 14;

    public const int MaxItemSize = ItemHeaderSize + IFileSystem.MaxNameSize;

    private const int HeaderSize = 2;

    /// <summary>Bytes of a page that entries can use.</summary>
    public const int Capacity = Page.Size - HeaderSize;

    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>Reads a page. False when it is malformed, or when it holds an invalid name.</summary>
    public static bool TryRead(ReadOnlySpan<byte> content, out List<DirectoryItem> items)
    {
        items = [];
        if (content.Length != Page.Size || BinaryPrimitives.ReadUInt16LittleEndian(content) is var used && used > Capacity)
        {
            return false;
        }
        var rest = content.Slice(HeaderSize, used);
        while (rest.Length > 0)
        {
            if (rest.Length < ItemHeaderSize || rest.Length < ItemHeaderSize + rest[13])
            {
                return false;
            }
            var name = rest.Slice(ItemHeaderSize, rest[13]);
            var item = new DirectoryItem
            {
                Cookie = BinaryPrimitives.ReadUInt64LittleEndian(rest),
                Node = BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]),
                Kind = (FileKind)rest[12],
                Name = Utf8.IsValid(name) ? Strict.GetString(name) : "",
            };
            if (EntryName.Check(item.Name) != FileError.Success
                || item.Node == 0
                || item.Kind is not (FileKind.Directory or FileKind.RegularFile or FileKind.SymbolicLink))
            {
                return false;
            }
            items.Add(item);
            rest = rest[(ItemHeaderSize + name.Length)..];
        }
        return !content[(HeaderSize + used)..].ContainsAnyExcept((byte)0);
    }

    /// <summary>Writes entries of at most <see cref="Capacity"/> bytes into a page.</summary>
    public static void Write(IEnumerable<DirectoryItem> items, Span<byte> content)
    {
        content.Clear();
        var at = HeaderSize;
        foreach (var item in items)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(content[at..], item.Cookie);
            BinaryPrimitives.WriteUInt32LittleEndian(content[(at + 8)..], item.Node);
            content[at + 12] = (byte)item.Kind;
            var size = Strict.GetBytes(item.Name, content[(at + ItemHeaderSize)..]);
            content[at + 13] = (byte)size;
            at += ItemHeaderSize + size;
        }
        BinaryPrimitives.WriteUInt16LittleEndian(content, (ushort)(at - HeaderSize));
    }
}

/// <summary>The rule for names, the same for all file systems (<see cref="IFileSystem"/>).</summary>
internal static class EntryName
{
    public static FileError Check(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny('/', '\0'))
        {
            return FileError.Invalid;
        }
        Span<byte> bytes = stackalloc byte[IFileSystem.MaxNameSize];
        return Utf8.FromUtf16(name, bytes, out _, out _, replaceInvalidSequences: false) switch
        {
            OperationStatus.Done => FileError.Success,
            OperationStatus.DestinationTooSmall => FileError.NameTooLong,
            _ => FileError.IllegalSequence,
        };
    }
}
