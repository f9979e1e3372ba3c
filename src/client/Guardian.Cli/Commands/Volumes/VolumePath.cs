using Guardian.Cli.Failures;
using Guardian.Files;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Volumes;

/// <summary>Follows paths in a volume, as people write them. Symbolic links are shown and copied, never followed.</summary>
internal static class VolumePath
{
    private const int ListSize = 256;

    /// <summary>One entry of a listing.</summary>
    public sealed record Entry(string Path, FileStat Stat, string? Target);

    /// <summary>Opens the file or directory at a path.</summary>
    public static INode Open(IDirectory root, string path)
    {
        INode node = root;
        foreach (var name in Split(path))
        {
            if (node is not IDirectory directory)
            {
                throw Failed(FileError.NotDirectory, path);
            }
            Require(directory.Open(name, FileOpenMode.Read, out var next), path);
            node = next!;
        }
        return node;
    }

    /// <summary>Opens the parent directory of a path, and makes the directories that are missing.</summary>
    public static (IDirectory Directory, string Name) OpenParent(IDirectory root, string path)
    {
        var names = Split(path);
        if (names.Length == 0)
        {
            throw CliReasons.BadPath.Refuse("the volume's root is no target");
        }
        var directory = root;
        foreach (var name in names[..^1])
        {
            if (directory.Open(name, FileOpenMode.None, out var next) == FileError.NoEntry)
            {
                Require(directory.CreateDirectory(name), path);
                Require(directory.Open(name, FileOpenMode.None, out next), path);
            }
            directory = next as IDirectory ?? throw Failed(FileError.NotDirectory, path);
        }
        return (directory, names[^1]);
    }

    /// <summary>Lists the content of a directory, or the one entry at a path.</summary>
    public static IEnumerable<Entry> List(IDirectory root, string path, bool recursive)
    {
        var node = Open(root, path);
        var name = "/" + string.Join('/', Split(path));
        return node is IDirectory directory ? ListDirectory(directory, name.TrimEnd('/'), recursive) : [Describe(node, name)];
    }

    /// <summary>Lists all names of a directory.</summary>
    public static IEnumerable<DirectoryEntry> ListNames(IDirectory directory, string path)
    {
        for (var cookie = 0UL; ;)
        {
            Require(directory.List(cookie, ListSize, out var some), path);
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

    /// <summary>Ends the command when an operation on a volume failed.</summary>
    public static void Require(FileError error, string path)
    {
        if (error != FileError.Success)
        {
            throw Failed(error, path);
        }
    }

    private static RefusedException Failed(FileError error, string path) => error switch
    {
        FileError.Io => CliReasons.DamagedEntry.Refuse($"{path} is damaged, or the disk failed"),
        FileError.NoEntry => CliReasons.NoEntry.Refuse($"there is no {path} in the volume"),
        FileError.NotDirectory => CliReasons.NotADirectory.Refuse($"{path}: a part of the path is no directory"),
        FileError.IsDirectory => CliReasons.IsADirectory.Refuse($"{path} is a directory"),
        FileError.Exists => ExistsAsOther(path),
        FileError.NoSpace => CliReasons.NoSpace.Refuse("the disk is full"),
        _ => CliReasons.RefusedEntry.Refuse($"{path}: {error}"),
    };

    /// <summary>Refuses to replace an entry by one of another kind.</summary>
    public static RefusedException ExistsAsOther(string path) =>
        CliReasons.Exists.Refuse($"{path} already exists in the volume, as something else");

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<Entry> ListDirectory(IDirectory directory, string path, bool recursive)
    {
        foreach (var name in ListNames(directory, path).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var below = $"{path}/{name.Name}";
            Require(directory.Open(name.Name, FileOpenMode.Read, out var node), below);
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
        Require(node.Stat(out var stat), path);
        string? target = null;
        if (node is ISymbolicLink link)
        {
            Require(link.ReadTarget(out target), path);
        }
        return new Entry(path, stat, target);
    }
}
