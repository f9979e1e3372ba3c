using Guardian.Files;

namespace Guardian.Runtime.Network;

/// <summary>A read-only directory of names that exist only in this process.</summary>
internal abstract class VirtualDirectory : IDirectory
{
    public FileKind Kind => FileKind.Directory;

    public abstract FileError Open(string name, FileOpenMode mode, out INode? node);

    public abstract FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries);

    public FileError Stat(out FileStat stat)
    {
        stat = new FileStat(0, 1, FileKind.Directory, 1, 0, 0, 0, 0);
        return FileError.Success;
    }

    public FileError SetTimes(ulong? access, ulong? modification) => FileError.ReadOnly;

    public FileError Sync(bool dataOnly) => FileError.Success;

    public FileError CreateFile(string name, out IFile? file)
    {
        file = null;
        return FileError.ReadOnly;
    }

    public FileError CreateDirectory(string name) => FileError.ReadOnly;

    public FileError CreateSymbolicLink(string name, string target) => FileError.ReadOnly;

    public FileError Link(string name, INode existing) => FileError.ReadOnly;

    public FileError Rename(string name, IDirectory toDirectory, string toName) => FileError.ReadOnly;

    public FileError RemoveFile(string name) => FileError.ReadOnly;

    public FileError RemoveDirectory(string name) => FileError.ReadOnly;

    public void Dispose()
    {
        // It holds nothing.
    }
}
