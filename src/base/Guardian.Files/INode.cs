namespace Guardian.Files;

/// <summary>An open node. It stays usable after its name is gone. Its content is deleted with the last name and the last open
/// node.</summary>
public interface INode : IDisposable
{
    /// <summary>The kind of node. A node that implements only <see cref="INode"/> is a device, a pipe or a socket, which cannot be read
    /// here.</summary>
    FileKind Kind { get; }

    /// <summary>Reads the node's attributes.</summary>
    /// <param name="stat">The attributes.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError Stat(out FileStat stat);

    /// <summary>Sets times.</summary>
    /// <param name="access">The access time in nanoseconds since 1970; null leaves it as it is.</param>
    /// <param name="modification">The modification time in nanoseconds since 1970; null leaves it as it is.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError SetTimes(ulong? access, ulong? modification);

    /// <summary>Returns when all changes are safe.</summary>
    /// <param name="dataOnly">Whether only content, and what is needed to read it, must be safe; otherwise the times too.</param>
    /// <returns><see cref="FileError.Success"/>, or why the changes are not safe.</returns>
    FileError Sync(bool dataOnly);
}

/// <summary>A regular file. It has no position: that belongs to a descriptor.</summary>
public interface IFile : INode
{
    /// <summary>Reads a part of the file.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="buffer">Receives the content.</param>
    /// <param name="read">Bytes read: 0 only at or behind the end of the file, or for an empty buffer.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError Read(ulong offset, Span<byte> buffer, out int read);

    /// <summary>Writes a part of the file. A gap behind the old end reads as zeros.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="data">The content.</param>
    /// <param name="written">Bytes written; it may be fewer than there are in <paramref name="data"/>.</param>
    /// <returns><see cref="FileError.Success"/> when anything was written; else an error.</returns>
    FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written);

    /// <summary>Writes at the end of the file, wherever that is now.</summary>
    /// <param name="data">The content.</param>
    /// <param name="written">Bytes written; it may be fewer than there are in <paramref name="data"/>.</param>
    /// <param name="end">The size of the file behind the written content.</param>
    /// <returns><see cref="FileError.Success"/> when anything was written; else an error.</returns>
    FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end);

    /// <summary>Shortens the file, or extends it with zeros.</summary>
    /// <param name="size">The new size in bytes.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.FileTooBig"/> or another error.</returns>
    FileError SetSize(ulong size);

    /// <summary>Extends the file so that it covers a range, and reserves the space where that is possible. The content stays.</summary>
    /// <param name="offset">The first byte of the range.</param>
    /// <param name="length">Bytes of the range; 0 is <see cref="FileError.Invalid"/>.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.FileTooBig"/> or another error.</returns>
    FileError Allocate(ulong offset, ulong length);
}

/// <summary>A symbolic link.</summary>
public interface ISymbolicLink : INode
{
    /// <summary>Reads the link's target.</summary>
    /// <param name="target">The target, exactly as it was written.</param>
    /// <returns><see cref="FileError.Success"/> or an error.</returns>
    FileError ReadTarget(out string target);
}
