using Guardian.Files;
using Guardian.Files.Host;

namespace Guardian.Oci.Containers;

/// <summary>The files of an image, unpacked by the engine. The image chose its links, so they are followed inside it.</summary>
/// <param name="folder">The root, on the host.</param>
internal sealed class ImageRoot(string folder)
{
    // As in path_resolution(7).
    private const int MaxLinks = 40;

    /// <summary>Finds the module that a container's process is.</summary>
    /// <param name="word">The first word of its command line.</param>
    /// <param name="workingFolder">Its working folder.</param>
    /// <param name="searched">The variable PATH; null for none.</param>
    /// <returns>The absolute path in the image; null when it is another program, or missing.</returns>
    public string? FindModule(string word, string workingFolder, string? searched)
    {
        var candidates = word.Contains('/', StringComparison.Ordinal)
            ? [Path.Combine("/", workingFolder, word)]
            : (searched ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
                .Select(each => Path.Combine("/", workingFolder, each, word));
        foreach (var candidate in candidates)
        {
            // The first file that exists decides, as it does when runc searches.
            if (Resolve(candidate) is { } path)
            {
                return IsModule(folder + path) ? path : null;
            }
        }
        return null;
    }

    /// <summary>Follows the links in a path.</summary>
    /// <returns>The path of a regular file in the image, without links; null when there is none.</returns>
    internal string? Resolve(string path)
    {
        // The system's calls would end the path there.
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }
        var waiting = new Stack<string>(Split(path).Reverse());
        var found = new List<string>();
        var links = 0;
        while (waiting.TryPop(out var part))
        {
            if (part == "..")
            {
                // Above the root is the root.
                found.RemoveRange(Math.Max(0, found.Count - 1), Math.Min(1, found.Count));
                continue;
            }
            found.Add(part);
            var file = folder + "/" + string.Join('/', found);
            switch (HostFileSystem.FindKind(file))
            {
                case null:
                    return null;
                case FileKind.SymbolicLink:
                    if (++links > MaxLinks || new FileInfo(file).LinkTarget is not { } target)
                    {
                        return null;
                    }
                    found.RemoveAt(found.Count - 1);
                    if (target.StartsWith('/'))
                    {
                        found.Clear();
                    }
                    foreach (var each in Split(target).Reverse())
                    {
                        waiting.Push(each);
                    }
                    break;
                case FileKind.RegularFile when waiting.Count == 0:
                    return "/" + string.Join('/', found);
            }
        }
        return null;
    }

    private static IEnumerable<string> Split(string path) => path.Split('/').Where(part => part is not ("" or "."));

    private static bool IsModule(string file)
    {
        Span<byte> start = stackalloc byte[4];
        using var content = File.OpenRead(file);
        return content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual("\0asm"u8);
    }
}
