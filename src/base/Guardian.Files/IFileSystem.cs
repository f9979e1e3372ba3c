namespace Guardian.Files;

/// <summary>A tree of files that a guest program may use: a plain directory of the host, or an encrypted volume.</summary>
/// <remarks>
/// A call never throws for anything that a guest can cause; it returns a <see cref="FileError"/>. Code above this interface resolves
/// paths, once for all file systems. Here every name is a single component: not empty, not "." or "..", without '/' and NUL (else
/// <see cref="FileError.Invalid"/>), at most <see cref="MaxNameSize"/> bytes of UTF-8 (else <see cref="FileError.NameTooLong"/>). One
/// thread at a time may use a file system and its nodes, unless the implementation says otherwise.
/// </remarks>
public interface IFileSystem : IDisposable
{
    /// <summary>The largest size of a name, in bytes of UTF-8.</summary>
    public const int MaxNameSize = 255;

    /// <summary>The root. It belongs to the file system, which disposes it.</summary>
    IDirectory Root { get; }
}
