using Guardian.Cli.Failures;
using Guardian.Files;
using Guardian.Files.Host;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Native;

/// <summary>A file of a program's file system.</summary>
/// <param name="Source">The file on this machine with its bytes.</param>
/// <param name="Mode">Its permissions.</param>
internal sealed record RootFile(string Source, UnixFileMode Mode);

/// <summary>
/// The file system of a program, in memory: names, links and the places of the bytes. Links lead to places in the tree and nowhere else, as
/// they would for the program. Gramine shows no links, so a file has each path by which a link leads to it.
/// </summary>
internal sealed class RootTree
{
    private const int MaxPlaces = 200_000;
    private const int MaxLinks = 40;
    private const int MaxDepth = 100;

    private readonly Folder root = new();

    /// <summary>Reads a folder. Devices, sockets, pipes and links that lead out of it are left out.</summary>
    /// <exception cref="RefusedException">It has too many files.</exception>
    public static RootTree Read(string folder)
    {
        var tree = new RootTree();
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, ReturnSpecialDirectories = false };
        var waiting = new Stack<string>([folder]);
        while (waiting.TryPop(out var next))
        {
            foreach (var entry in new DirectoryInfo(next).EnumerateFileSystemInfos("*", options))
            {
                var path = "/" + Path.GetRelativePath(folder, entry.FullName);
                if (entry.LinkTarget is { } target)
                {
                    tree.AddLink(path, target);
                }
                else if (entry is DirectoryInfo)
                {
                    tree.AddFolder(path);
                    waiting.Push(entry.FullName);
                }
                else if (HostFileSystem.FindKind(entry.FullName) == FileKind.RegularFile)
                {
                    tree.AddFile(path, new RootFile(entry.FullName, entry.UnixFileMode));
                }
            }
        }
        return tree;
    }

    /// <summary>Adds a folder, if it does not exist.</summary>
    public void AddFolder(string path) => FolderOf(Split(path));

    /// <summary>Adds a file; it replaces what has the path.</summary>
    public void AddFile(string path, RootFile file) => Add(path, file);

    /// <summary>Adds a link; it replaces what has the path.</summary>
    public void AddLink(string path, string target) => Add(path, new Link(target));

    /// <summary>Finds a file by its own path, without links; null when there is none.</summary>
    public RootFile? FindFile(string path) => Find(Split(path)) as RootFile;

    /// <summary>Removes a file, a link or a whole folder, if there is one.</summary>
    public void Remove(string path)
    {
        if (Split(path) is { Length: > 0 } names && Find(names[..^1]) is Folder parent)
        {
            parent.Entries.Remove(names[^1]);
        }
    }

    /// <summary>Removes everything in a folder.</summary>
    public void Clear(string path) => (Find(Split(path)) as Folder)?.Entries.Clear();

    /// <summary>Follows the links of a path; null when it leads to nothing.</summary>
    /// <returns>The path of a file or folder, without links.</returns>
    public string? Resolve(string path) => Follow(path) is { } found ? "/" + string.Join('/', found.Names) : null;

    /// <summary>Lists the files by every path that leads to them, in ordinal order.</summary>
    /// <exception cref="RefusedException">There are too many.</exception>
    public IReadOnlyList<(string Path, RootFile File)> ListFiles()
    {
        var found = new SortedDictionary<string, RootFile>(StringComparer.Ordinal);
        var places = 0;
        List("", root, [root], found, ref places);
        return [.. found.Select(file => (file.Key, file.Value))];
    }

    /// <summary>Copies the tree. Its links become relative ones that stay in it, and those that lead to nothing are left out.</summary>
    public void CopyTo(string target) => Copy("", root, target);

    private void Copy(string path, Folder folder, string target)
    {
        Directory.CreateDirectory(target + path);
        foreach (var (name, entry) in folder.Entries)
        {
            var place = $"{path}/{name}";
            switch (entry)
            {
                case Folder inner:
                    Copy(place, inner, target);
                    break;
                case RootFile file:
                    File.Copy(file.Source, target + place);
                    File.SetUnixFileMode(target + place, file.Mode | UnixFileMode.UserRead | UnixFileMode.UserWrite);
                    break;
                case Link when Follow(place) is { } found:
                    var relative = Path.GetRelativePath(path.Length == 0 ? "/" : path, "/" + string.Join('/', found.Names));
                    File.CreateSymbolicLink(target + place, relative);
                    break;
            }
        }
    }

    // A link to a folder around it would go on for ever, and links to folders with links double the paths at each level.
    private void List(
        string path, Folder folder, IReadOnlyList<Folder> around, SortedDictionary<string, RootFile> found, ref int places)
    {
        foreach (var (name, entry) in folder.Entries)
        {
            if (++places > MaxPlaces)
            {
                throw CliReasons.TooLarge.Refuse($"the program's file system has more than {MaxPlaces} paths, links included");
            }
            var place = $"{path}/{name}";
            var real = entry is Link ? Follow(place)?.Entry : entry;
            if (real is RootFile file)
            {
                found[place] = file;
            }
            else if (real is Folder inner && !around.Contains(inner) && around.Count < MaxDepth)
            {
                List(place, inner, [.. around, inner], found, ref places);
            }
        }
    }

    private void Add(string path, object entry)
    {
        var names = Split(path);
        if (names.Length == 0)
        {
            throw CliReasons.BadImage.Refuse($"'{path}' is no path of a file");
        }
        FolderOf(names[..^1]).Entries[names[^1]] = entry;
    }

    // A folder takes the place of a file, as in the layers of images. A link to a folder stays, and leads there.
    private Folder FolderOf(string[] names)
    {
        var folder = root;
        for (var i = 0; i < names.Length; i++)
        {
            var entry = folder.Entries.GetValueOrDefault(names[i]);
            if (entry is Link && Follow("/" + string.Join('/', names[..(i + 1)]))?.Entry is Folder linked)
            {
                folder = linked;
                continue;
            }
            if (entry is not Folder inner)
            {
                folder.Entries[names[i]] = inner = new Folder();
            }
            folder = inner;
        }
        return folder;
    }

    private object? Find(string[] names)
    {
        object? entry = root;
        foreach (var name in names)
        {
            entry = (entry as Folder)?.Entries.GetValueOrDefault(name);
        }
        return entry;
    }

    private (List<string> Names, object Entry)? Follow(string path)
    {
        var waiting = new LinkedList<string>(Split(path, keepsUp: true));
        var (names, folders, links) = (new List<string>(), new Stack<Folder>([root]), 0);
        object entry = root;
        while (waiting.First is { } next)
        {
            waiting.RemoveFirst();
            if (next.Value == "..")
            {
                if (names.Count > 0)
                {
                    names.RemoveAt(names.Count - 1);
                    folders.Pop();
                }
                entry = folders.Peek();
                continue;
            }
            if (entry is not Folder folder || folder.Entries.GetValueOrDefault(next.Value) is not { } found)
            {
                return null;
            }
            if (found is Link link)
            {
                if (++links > MaxLinks)
                {
                    return null;
                }
                foreach (var name in Split(link.Target, keepsUp: true).Reverse())
                {
                    waiting.AddFirst(name);
                }
                if (link.Target.StartsWith('/'))
                {
                    (names, folders) = ([], new Stack<Folder>([root]));
                    entry = root;
                }
                continue;
            }
            names.Add(next.Value);
            entry = found;
            if (found is Folder into)
            {
                folders.Push(into);
            }
            else if (waiting.Count > 0)
            {
                return null;
            }
        }
        return (names, entry);
    }

    // "." and empty parts mean nothing; ".." means something only where links are followed.
    private static string[] Split(string path, bool keepsUp = false)
    {
        var names = path.Split('/').Where(name => name is not ("" or ".")).ToArray();
        return keepsUp || !names.Contains("..") ? names : throw CliReasons.BadImage.Refuse($"the path '{path}' leads out of its folder");
    }

    private sealed class Folder
    {
        public SortedDictionary<string, object> Entries { get; } = new(StringComparer.Ordinal);
    }

    private sealed record Link(string Target);
}
