using Guardian.Files;

namespace Guardian.Wasi.Descriptors;

/// <summary>
/// Follows a guest's path below a directory, component by component, in the same way for all file systems. It never leaves the directory:
/// "..", an absolute path and a symbolic link that lead out give <see cref="FileError.NotPermitted"/>.
/// </summary>
internal sealed class PathWalk(IDirectory start) : IDisposable
{
    /// <summary>Linux's PATH_MAX without its NUL.</summary>
    public const int MaxPathSize = 4095;

    // Linux follows as many.
    private const int MaxLinks = 40;

    private readonly List<(string Name, IDirectory Directory)> entered = [];
    private INode? node;
    private int linkCount;

    /// <summary>The directory that holds the last component.</summary>
    public IDirectory Directory => entered.Count > 0 ? entered[^1].Directory : start;

    /// <summary>The last component; null when the path leads to the start itself.</summary>
    public string? Name { get; private set; }

    /// <summary>Whether the path ends with a slash, so that only a directory can be meant.</summary>
    public bool MustBeDirectory { get; private set; }

    /// <summary>The opened node, or the start itself. The walk owns it.</summary>
    public INode Node => node ?? start;

    /// <summary>Finds the directory and the name of the last component without looking the name up. A path that ends with "." or ".." names
    /// no entry:
    /// <see cref="Name"/> is null.</summary>
    public FileError Find(string path) => Walk(path, isOpening: false, follows: false, FileOpenMode.None);

    /// <summary>Finds and opens the node that the path names.</summary>
    /// <param name="path">The path, relative to the start.</param>
    /// <param name="follows">Whether a symbolic link as the last component is followed.</param>
    /// <param name="mode">How to open the last component.</param>
    /// <returns>With <see cref="FileError.NoEntry"/>, <see cref="Name"/> is set if only the last component is missing.</returns>
    public FileError Open(string path, bool follows, FileOpenMode mode) => Walk(path, isOpening: true, follows, mode);

    /// <summary>Hands the opened node over to the caller, who disposes it; null when it is the start itself.</summary>
    public INode? DetachNode()
    {
        var detached = node;
        node = null;
        return detached;
    }

    public void Dispose()
    {
        node?.Dispose();
        foreach (var (_, directory) in entered)
        {
            directory.Dispose();
        }
    }

    /// <remarks>For each component: 1 split it off. 2 obey "." and "..". 3 without opening, stop at the last name. 4 open it. 5 replace a
    /// link by its target. 6 stop at the last component. 7 enter the directory.</remarks>
    private FileError Walk(string path, bool isOpening, bool follows, FileOpenMode mode)
    {
        if (path.Length == 0)
        {
            return FileError.NoEntry;
        }
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return FileError.Invalid;
        }
        for (var rest = path; ;)
        {
            // Step 1: a slash at the beginning means the root of the file system, which is outside.
            if (rest[0] == '/')
            {
                return FileError.NotPermitted;
            }
            var (component, tail) = SplitFirst(rest, isOpening);
            var isLast = tail.Length == 0;
            MustBeDirectory = component.Length < rest.Length;

            // Step 2
            if (component is "." or "..")
            {
                if (component is ".." && !TryGoUp())
                {
                    return FileError.NotPermitted;
                }
                if (!isLast)
                {
                    rest = tail;
                }
                else if (!isOpening || !TryReopen(out rest))
                {
                    Name = null;
                    return FileError.Success;
                }
                continue;
            }

            // Step 3
            if (isLast)
            {
                Name = component;
                if (!isOpening)
                {
                    return FileName.Check(component);
                }
            }

            // Step 4
            var error = Directory.Open(component, isLast ? mode : FileOpenMode.None, out var found);
            if (error != FileError.Success)
            {
                return error;
            }

            // Step 5
            if (found is ISymbolicLink link && (!isLast || follows || MustBeDirectory))
            {
                Name = null;
                error = ReadLink(link, out var target);
                if (error != FileError.Success)
                {
                    return error;
                }
                rest = MustBeDirectory ? $"{target}/{tail}" : target;
                continue;
            }

            // Step 6: a file in the middle of a path ends the walk too.
            if (isLast || found is not IDirectory directory)
            {
                node = found;
                return found is IDirectory || (isLast && !MustBeDirectory) ? FileError.Success : FileError.NotDirectory;
            }

            // Step 7
            entered.Add((component, directory));
            rest = tail;
        }
    }

    private static (string Component, string Tail) SplitFirst(string path, bool isOpening)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return (path, "");
        }
        var tail = path[slash..].TrimStart('/');
        return (path[..slash], isOpening ? TrimLastDots(tail) : tail);
    }

    private bool TryGoUp()
    {
        if (entered.Count == 0)
        {
            return false;
        }
        entered[^1].Directory.Dispose();
        entered.RemoveAt(entered.Count - 1);
        return true;
    }

    // The current directory was opened only to pass through. Leaves it, so that the walk opens it again by its name and in the wanted mode.
    private bool TryReopen(out string path)
    {
        path = entered.Count > 0 ? entered[^1].Name + '/' : "";
        return TryGoUp();
    }

    private FileError ReadLink(ISymbolicLink link, out string target)
    {
        target = "";
        using (link)
        {
            var error = ++linkCount > MaxLinks ? FileError.Loop : link.ReadTarget(out target);
            return error == FileError.Success && target.Length == 0 ? FileError.NoEntry : error;
        }
    }

    // "a/." and "a/./." open the same as "a/".
    private static string TrimLastDots(string tail)
    {
        var trimmed = tail;
        while (true)
        {
            var end = trimmed.TrimEnd('/');
            if (end == ".")
            {
                return "";
            }
            if (!end.EndsWith("/.", StringComparison.Ordinal))
            {
                return trimmed;
            }
            trimmed = end[..^1];
        }
    }
}
