using System.Text;

namespace Guardian.Files;

/// <summary>The rule for names, the same for every file system.</summary>
public static class FileName
{
    /// <summary>Checks one component of a path.</summary>
    /// <param name="name">The component.</param>
    /// <returns><see cref="FileError.Success"/>, <see cref="FileError.Invalid"/> or <see cref="FileError.NameTooLong"/>.</returns>
    public static FileError Check(string name) =>
        name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0') ? FileError.Invalid
        : Encoding.UTF8.GetByteCount(name) > IFileSystem.MaxNameSize ? FileError.NameTooLong
        : FileError.Success;
}
