using Guardian.Files;

namespace Guardian.Wasi.Descriptors;

/// <summary>
/// Follows a guest's path below a directory, component by component, for all file systems alike. Nothing above the directory is ever reached: neither
/// by "..", nor by an absolute path, nor by what a symbolic link points to (<see cref="FileError.NotPermitted"/>).
/// </summary>
internal sealed class PathWalk(IDirectory start) : IDisposable
{
    /// <summary>Linux's PATH_MAX without its NUL.</summary>
    public const int MaxPathSize = 4095;

    // As many as Linux follows.
    private const int MaxLinks = 40;

    private readonly List<(string Name, IDirectory Directory)> inside = [];
    private INode? node;

    /// <summary>The directory that holds the last component.</summary>
    public IDirectory Directory => inside.Count > 0 ? inside[^1].Directory : start;

    /// <summary>The last component; null when the path leads to the start itself.</summary>
    public string? Name { get; private set; }

    /// <summary>The path ends with a slash, so that only a directory can be meant.</summary>
    public bool MustBeDirectory { get; private set; }

    /// <summary>Finds the directory and the name of the last component, which itself is not looked at. A path that ends with "." or ".." names no entry: <see cref="Name"/> is null.</summary>
    public FileError Find(string path) => Walk(path, isOpening: false, follows: false, FileOpenMode.None);

    /// <summary>Finds and opens what the path stands for.</summary>
    /// <returns>With <see cref="FileError.NoEntry"/>, <see cref="Name"/> tells whether only the last component is missing.</returns>
    public FileError Open(string path, bool follows, FileOpenMode mode) => Walk(path, isOpening: true, follows, mode);

    /// <summary>What was opened, for the caller to dispose; null when it is the start itself.</summary>
    public INode? TakeNode()
    {
        var taken = node;
        node = null;
        return taken;
    }

    /// <summary>What was opened, or the start itself; it stays the walk's.</summary>
    public INode Node => node ?? start;

    public void Dispose()
    {
        node?.Dispose();
        foreach (var (_, directory) in inside)
        {
            directory.Dispose();
        }
    }

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
        var links = 0;
        for (var rest = path; ;)
        {
            if (rest[0] == '/')
            {
                return FileError.NotPermitted;
            }
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            var component = slash < 0 ? rest : rest[..slash];
            var tail = slash < 0 ? "" : rest[slash..].TrimStart('/');
            if (isOpening)
            {
                tail = WithoutLastDots(tail);
            }
            MustBeDirectory = slash >= 0;
            var isLast = tail.Length == 0;
            if (component is "." or "..")
            {
                if (component is ".." && !TryGoUp())
                {
                    return FileError.NotPermitted;
                }
                if (!isLast)
                {
                    rest = tail;
                    continue;
                }
                if (!isOpening || inside.Count == 0)
                {
                    Name = null;
                    return FileError.Success;
                }
                // The directory that is meant was only gone through; by its name it is opened for what is wanted.
                (rest, var last) = inside[^1];
                inside.RemoveAt(inside.Count - 1);
                last.Dispose();
                rest += '/';
                continue;
            }
            if (isLast)
            {
                Name = component;
                if (!isOpening)
                {
                    return FileName.Check(component);
                }
            }

            var error = Directory.Open(component, isLast ? mode : FileOpenMode.None, out var found);
            if (error != FileError.Success)
            {
                return error;
            }
            if (found is ISymbolicLink link && (!isLast || follows || MustBeDirectory))
            {
                Name = null;
                error = ++links > MaxLinks ? FileError.Loop : link.ReadTarget(out rest);
                link.Dispose();
                if (error != FileError.Success || rest.Length == 0)
                {
                    return error != FileError.Success ? error : FileError.NoEntry;
                }
                rest += slash < 0 ? "" : "/" + tail;
                continue;
            }
            if (found is not IDirectory directory)
            {
                node = found;
                return isLast && !MustBeDirectory ? FileError.Success : FileError.NotDirectory;
            }
            if (isLast)
            {
                node = found;
                return FileError.Success;
            }
            inside.Add((component, directory));
            rest = tail;
        }
    }

    private bool TryGoUp()
    {
        if (inside.Count == 0)
        {
            return false;
        }
        inside[^1].Directory.Dispose();
        inside.RemoveAt(inside.Count - 1);
        return true;
    }

    // "a/." and "a/./." open what "a/" does.
    private static string WithoutLastDots(string tail)
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
