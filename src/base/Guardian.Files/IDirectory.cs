namespace Guardian.Files;

/// <summary>A directory. Every method checks its names by the rule of <see cref="IFileSystem"/>.</summary>
public interface IDirectory : INode
{
    /// <summary>Opens the node that a name refers to. A link is opened itself, never followed.</summary>
    /// <param name="name">The name.</param>
    /// <param name="mode">The use that the caller will make of the node.</param>
    /// <param name="node">The node, which the caller disposes; null when the call fails.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.NoEntry"/> when there is no such name, or another error.</returns>
    FileError Open(string name, FileOpenMode mode, out INode? node);

    /// <summary>Creates an empty file and opens it for reading and writing.</summary>
    /// <param name="name">The name.</param>
    /// <param name="file">The file, which the caller disposes; null when the call fails.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.Exists"/> when the name is taken by any node, or another
    /// error.</returns>
    FileError CreateFile(string name, out IFile? file);

    /// <summary>Creates a directory.</summary>
    /// <param name="name">The name.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.Exists"/> when the name is taken, or another error.</returns>
    FileError CreateDirectory(string name);

    /// <summary>Creates a symbolic link.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">Any text of 1 to 4095 bytes of UTF-8, without NUL.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.Exists"/> when the name is taken, or another error.</returns>
    FileError CreateSymbolicLink(string name, string target);

    /// <summary>Adds a name to a file or symbolic link.</summary>
    /// <param name="name">The new name.</param>
    /// <param name="existing">The open node.</param>
    /// <returns><see cref="FileError.Success"/>; <see cref="FileError.Exists"/> when the name is taken; else
    /// <see cref="FileError.NotPermitted"/> for a directory, <see cref="FileError.CrossDevice"/> for a node of another file system, or
    /// another error.</returns>
    FileError Link(string name, INode existing);

    /// <summary>Renames a node as POSIX says, atomically: a file replaces a file, a directory replaces an empty directory, and two names
    /// of one file both stay.</summary>
    /// <param name="name">The name here.</param>
    /// <param name="toDirectory">The directory of the new name.</param>
    /// <param name="toName">The new name.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError Rename(string name, IDirectory toDirectory, string toName);

    /// <summary>Removes the name of a node that is not a directory.</summary>
    /// <param name="name">The name.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.IsDirectory"/> for a directory, or another error.</returns>
    FileError RemoveFile(string name);

    /// <summary>Removes an empty directory.</summary>
    /// <param name="name">The name.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.NotEmpty"/>, <see cref="FileError.NotDirectory"/> for any other
    /// node, or another error.</returns>
    FileError RemoveDirectory(string name);

    /// <summary>Lists names. A name that is there throughout is listed exactly once, whatever changes between two calls.</summary>
    /// <param name="cookie">0, or the <see cref="DirectoryEntry.Next"/> of the last entry that the caller received.</param>
    /// <param name="max">The largest number of entries; more than 0.</param>
    /// <param name="entries">The entries; none at the end of the list.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries);
}

/// <summary>How a file is opened.</summary>
[Flags]
public enum FileOpenMode
{
    /// <summary>Only for attributes, and to open nodes below: no reading, writing, listing or syncing.</summary>
    None = 0,

    /// <summary>For reading a file. A directory that is opened in any other mode can be listed too; code above decides who may list
    /// it.</summary>
    Read = 1,

    /// <summary>For writing a file.</summary>
    Write = 2,
}
