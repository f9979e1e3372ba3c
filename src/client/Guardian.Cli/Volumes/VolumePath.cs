using Guardian.Files;

namespace Guardian.Cli.Volumes;

/// <summary>Paths within a volume, as people write them. Symbolic links are shown and copied, never followed.</summary>
internal static class VolumePath
{
    private const int ListSize = 256;

    /// <summary>One thing in a listing.</summary>
    public sealed record Entry(string Path, FileStat Stat, string? Target);

    /// <summary>Opens what is at a path.</summary>
    public static INode Open(IDirectory root, string path)
    {
        INode node = root;
        foreach (var name in Split(path))
        {
            if (node is not IDirectory directory)
            {
                throw Failed(FileError.NotDirectory, path);
            }
            Demand(directory.Open(name, FileOpenMode.Read, out var next), path);
            node = next!;
        }
        return node;
    }

    /// <summary>Opens the directory that a path's last name is in, making what is missing on the way.</summary>
    public static (IDirectory Directory, string Name) OpenParent(IDirectory root, string path)
    {
        var names = Split(path);
        if (names.Length == 0)
        {
            throw new CliException(ExitCode.Usage, "bad-path", "the volume's root is no target", hint: "give the path that it should have in the volume");
        }
        var directory = root;
        foreach (var name in names[..^1])
        {
            if (directory.Open(name, FileOpenMode.None, out var next) == FileError.NoEntry)
            {
                Demand(directory.CreateDirectory(name), path);
                Demand(directory.Open(name, FileOpenMode.None, out next), path);
            }
            directory = next as IDirectory ?? throw Failed(FileError.NotDirectory, path);
        }
        return (directory, names[^1]);
    }

    /// <summary>What is in a directory, or the one thing that is at a path.</summary>
    public static IEnumerable<Entry> List(IDirectory root, string path, bool recursive)
    {
        var node = Open(root, path);
        var name = "/" + string.Join('/', Split(path));
        return node is IDirectory directory ? ListDirectory(directory, name.TrimEnd('/'), recursive) : [Describe(node, name)];
    }

    /// <summary>All names of a directory.</summary>
    public static IEnumerable<DirectoryEntry> Names(IDirectory directory, string path)
    {
        for (var cookie = 0UL; ;)
        {
            Demand(directory.List(cookie, ListSize, out var some), path);
            if (some.Count == 0)
            {
                yield break;
            }
            foreach (var entry in some)
            {
                yield return entry;
            }
            cookie = some[^1].Next;
        }
    }

    /// <summary>Ends the command when something on a volume did not work.</summary>
    public static void Demand(FileError error, string path)
    {
        if (error != FileError.Success)
        {
            throw Failed(error, path);
        }
    }

    private static CliException Failed(FileError error, string path) => error switch
    {
        FileError.Io => new CliException(ExitCode.Refused, "damaged", $"{path} is damaged, or the disk failed", hint: "guardian volume check says what is affected"),
        FileError.NoEntry => new CliException(ExitCode.Usage, "no-entry", $"there is no {path} in the volume"),
        FileError.NotDirectory => new CliException(ExitCode.Usage, "not-a-directory", $"{path}: something on the way is no directory"),
        FileError.IsDirectory => new CliException(ExitCode.Usage, "is-a-directory", $"{path} is a directory"),
        FileError.Exists => new CliException(ExitCode.Usage, "exists", $"{path} is there already, as something else"),
        FileError.NoSpace => new CliException(ExitCode.World, "no-space", "the disk is full"),
        _ => new CliException(ExitCode.Usage, "refused", $"{path}: {error}"),
    };

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<Entry> ListDirectory(IDirectory directory, string path, bool recursive)
    {
        foreach (var name in Names(directory, path).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var below = $"{path}/{name.Name}";
            Demand(directory.Open(name.Name, FileOpenMode.Read, out var node), below);
            using (node)
            {
                yield return Describe(node!, below);
                if (recursive && node is IDirectory next)
                {
                    foreach (var entry in ListDirectory(next, below, recursive))
                    {
                        yield return entry;
                    }
                }
            }
        }
    }

    private static Entry Describe(INode node, string path)
    {
        Demand(node.Stat(out var stat), path);
        string? target = null;
        if (node is ISymbolicLink link)
        {
            Demand(link.ReadTarget(out target), path);
        }
        return new Entry(path, stat, target);
    }
}
