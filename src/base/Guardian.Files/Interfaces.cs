namespace Guardian.Files;

/// <summary>A tree of files that a guest program may be given: a plain directory of the host, or an encrypted volume.</summary>
/// <remarks>
/// Calls never throw for anything that a guest can cause: they return a <see cref="FileError"/>. Paths are resolved above this interface, once for all file
/// systems; here every name is a single component: not empty, not "." or "..", without '/' and NUL (else <see cref="FileError.Invalid"/>), at most
/// <see cref="MaxNameSize"/> bytes of UTF-8 (else <see cref="FileError.NameTooLong"/>).
/// One file system and its nodes are used by one thread at a time.
/// </remarks>
public interface IFileSystem : IDisposable
{
    /// <summary>Largest size of a name in bytes of UTF-8.</summary>
    public const int MaxNameSize = 255;

    /// <summary>The root. It belongs to the file system, which disposes it.</summary>
    IDirectory Root { get; }
}

/// <summary>An open node. It stays usable after its name is gone; its content goes when the last name and the last open node are gone.</summary>
public interface INode : IDisposable
{
    /// <summary>What it is; <see cref="INode"/> itself is implemented only by devices, pipes and sockets, which can be looked at and nothing else.</summary>
    FileKind Kind { get; }

    /// <summary>What is known of it.</summary>
    FileError Stat(out FileStat stat);

    /// <summary>Sets times in nanoseconds since 1970; null leaves a time as it is.</summary>
    FileError SetTimes(ulong? access, ulong? modification);

    /// <summary>Returns when all changes are safe: content and what is needed to read it, and unless <paramref name="dataOnly"/> also the times.</summary>
    FileError Sync(bool dataOnly);
}

/// <summary>How a file is opened.</summary>
[Flags]
public enum FileOpenMode
{
    /// <summary>To look at it, or to go through it: no reading, writing, listing or syncing.</summary>
    None = 0,

    /// <summary>To read a file. A directory that is opened for anything can be listed: who may do what with it is decided above.</summary>
    Read = 1,

    /// <summary>To write a file.</summary>
    Write = 2,
}

/// <summary>A regular file. It has no position: that belongs to a descriptor.</summary>
public interface IFile : INode
{
    /// <summary>Reads; 0 bytes are read at and behind the end only.</summary>
    FileError Read(ulong offset, Span<byte> buffer, out int read);

    /// <summary>Writes; a gap behind the old end reads as zeros. Either something was written and the call succeeds, or an error tells why nothing was.</summary>
    FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written);

    /// <summary>Writes at the end, wherever that is now.</summary>
    /// <param name="data">What to write.</param>
    /// <param name="written">How much was written.</param>
    /// <param name="end">The file's size behind what was written.</param>
    FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end);

    /// <summary>Cuts the file, or lengthens it with zeros.</summary>
    FileError SetSize(ulong size);

    /// <summary>Makes sure that there is room for a range, and the file reaches over it; content stays.</summary>
    FileError Allocate(ulong offset, ulong length);
}

/// <summary>A symbolic link.</summary>
public interface ISymbolicLink : INode
{
    /// <summary>What it points to, exactly as it was given.</summary>
    FileError ReadTarget(out string target);
}

/// <summary>A directory.</summary>
public interface IDirectory : INode
{
    /// <summary>Opens what a name stands for. A link is opened itself, never followed.</summary>
    /// <returns><see cref="FileError.NoEntry"/> where there is no such name.</returns>
    FileError Open(string name, FileOpenMode mode, out INode? node);

    /// <summary>Makes a new file and opens it for reading and writing; <see cref="FileError.Exists"/> where the name is taken, by whatever.</summary>
    FileError CreateFile(string name, out IFile? file);

    /// <summary>Makes a directory.</summary>
    FileError CreateDirectory(string name);

    /// <summary>Makes a link to any text without NUL, up to 4095 bytes of UTF-8 and not empty.</summary>
    FileError CreateSymbolicLink(string name, string target);

    /// <summary>Gives a file or symbolic link one more name; <see cref="FileError.Exists"/> where the name is taken, else <see cref="FileError.NotPermitted"/> for a directory,
    /// and <see cref="FileError.CrossDevice"/> for another file system's node.</summary>
    FileError Link(string name, INode existing);

    /// <summary>Renames as POSIX says, atomically: a file replaces a file, a directory an empty directory; two names of one file stay both.</summary>
    FileError Rename(string name, IDirectory toDirectory, string toName);

    /// <summary>Removes the name of anything but a directory (<see cref="FileError.IsDirectory"/>).</summary>
    FileError RemoveFile(string name);

    /// <summary>Removes an empty directory; <see cref="FileError.NotEmpty"/>, or <see cref="FileError.NotDirectory"/> for anything else.</summary>
    FileError RemoveDirectory(string name);

    /// <summary>Lists names. What is there throughout is listed exactly once, whatever changes between two calls.</summary>
    /// <param name="cookie">0, or the <see cref="DirectoryEntry.Next"/> of the last entry that was seen. With one behind all entries there are none.</param>
    /// <param name="max">At most so many; more than 0.</param>
    /// <param name="entries">The entries; none when the list is at its end.</param>
    FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries);
}
