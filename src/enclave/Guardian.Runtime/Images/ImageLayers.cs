using System.Formats.Tar;
using System.IO.Compression;

namespace Guardian.Runtime.Images;

/// <summary>The files of the layers of an image that were read so far.</summary>
/// <param name="maxSize">The most bytes that all layers may hold together.</param>
/// <param name="maxFiles">The most files.</param>
internal sealed class ImageLayers(long maxSize, int maxFiles)
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";

    // A layer of headers alone is small when it is compressed.
    private const int MaxEntries = 100_000;

    private Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
    private long size;
    private int entryCount;

    // Headers and padding come on top of the files.
    private long archivesLeft = (2 * maxSize) + ArchiveStream.MaxPiece;

    /// <summary>The files by their absolute paths.</summary>
    public Dictionary<string, byte[]> Files => files;

    /// <summary>Puts a layer on the others: its files replace theirs, and its whiteouts remove theirs (image-spec 1.1, layer.md).</summary>
    /// <param name="blob">The layer.</param>
    /// <param name="mediaType">Its type; null for one that is not named.</param>
    /// <exception cref="InvalidDataException">It is malformed or too large, or has more than files and folders.</exception>
    public void Add(byte[] blob, string? mediaType)
    {
        using var bytes = new MemoryStream(blob);
        using var content = new ArchiveStream(
            mediaType switch
            {
                OciImage.LayerType or "application/vnd.docker.image.rootfs.diff.tar.gzip" =>
                    new GZipStream(bytes, CompressionMode.Decompress),
                OciImage.PlainLayerType or "application/vnd.docker.image.rootfs.diff.tar" => bytes,
                _ => throw new InvalidDataException($"a layer is '{mediaType}'; tar and gzip are read"),
            },
            archivesLeft);
        var added = new Dictionary<string, byte[]>(StringComparer.Ordinal);

        // Paths that the layers below lose, and folders of which they lose the content.
        var (removed, emptied) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        using var tar = new TarReader(content);
        while (tar.GetNextEntry() is { } entry)
        {
            if (++entryCount > MaxEntries)
            {
                throw new InvalidDataException($"it has more than {MaxEntries} entries");
            }
            var path = OciImage.NormalisePath(entry.Name);
            var folder = FolderOf(path);
            var name = path[(folder.Length + 1)..];
            if (name == Opaque)
            {
                emptied.Add(folder);
            }
            else if (name.StartsWith(Whiteout, StringComparison.Ordinal))
            {
                var gone = $"{folder}/{name[Whiteout.Length..]}";
                removed.Add(gone);
                emptied.Add(gone);
            }
            else if (entry.EntryType == TarEntryType.Directory)
            {
                removed.Add(path);
            }
            else if (entry.EntryType != TarEntryType.GlobalExtendedAttributes)
            {
                added[path] = ReadFile(entry, path);
                emptied.Add(path);
                for (; folder.Length > 0; folder = FolderOf(folder))
                {
                    removed.Add(folder);
                }
            }
        }
        archivesLeft = content.Left;
        Merge(added, removed, emptied);
    }

    private byte[] ReadFile(TarEntry entry, string path)
    {
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
        {
            throw new InvalidDataException($"{path} is a {entry.EntryType}; an image for a program has only files and folders");
        }
        if (path == "/")
        {
            throw new InvalidDataException("a file takes the place of the root");
        }
        size += entry.Length;
        if (size > maxSize)
        {
            throw new InvalidDataException($"it holds more than {maxSize} bytes");
        }
        var file = new byte[entry.Length];
        for (var at = 0; at < file.Length; at += ArchiveStream.MaxPiece)
        {
            entry.DataStream?.ReadExactly(file.AsSpan(at, Math.Min(ArchiveStream.MaxPiece, file.Length - at)));
        }
        return file;
    }

    private void Merge(Dictionary<string, byte[]> added, HashSet<string> removed, HashSet<string> emptied)
    {
        bool IsVisible(string path)
        {
            if (removed.Contains(path))
            {
                return false;
            }
            for (var folder = FolderOf(path); ; folder = FolderOf(folder))
            {
                if (emptied.Contains(folder))
                {
                    return false;
                }
                if (folder.Length == 0)
                {
                    return true;
                }
            }
        }
        var merged = files.Where(file => IsVisible(file.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var (path, content) in added)
        {
            merged[path] = content;
        }
        files = merged.Count <= maxFiles ? merged : throw new InvalidDataException($"it holds more than {maxFiles} files");
    }

    // The folder of a file in the root is empty.
    private static string FolderOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];
}
