using Guardian.Files;
using Guardian.Wasi.Descriptors;
using Guardian.Wasi.Streams;

namespace Guardian.Wasi.Host;

/// <summary><c>path_open</c>.</summary>
public sealed partial class WasiHost
{
    // oflags
    private const uint Create = 1;
    private const uint MustBeDirectory = 2;
    private const uint Exclusive = 4;
    private const uint Truncate = 8;
    private const uint AllOpenFlags = 15;

    private const Rights WritingRights = Rights.FdWrite | Rights.FdAllocate | Rights.FdFilestatSetSize;

    // Another process may remove a name after the lookup found it, or create one after the lookup missed it. Then the call tries again.
    private const int MaxAttempts = 8;

    private FileError PathOpen(
        uint number, uint lookup, uint path, uint pathSize, uint openFlags, ulong rights, ulong inheriting, uint flags, uint result)
    {
        if (lookup > FollowLinks || openFlags > AllOpenFlags || flags > (uint)FdFlags.All)
        {
            return FileError.Invalid;
        }
        if (!memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        var needed = Rights.PathOpen
            | ((openFlags & Create) != 0 ? Rights.PathCreateFile : Rights.None)
            | ((openFlags & Truncate) != 0 ? Rights.PathFilestatSetSize : Rights.None);
        var error = FindDirectory(number, needed, path, pathSize, out var directory, out var text);
        if (error != FileError.Success)
        {
            return error;
        }
        var wanted = (Base: (Rights)rights & Rights.All, Inheriting: (Rights)inheriting & Rights.All);
        if (((wanted.Base | wanted.Inheriting) & ~directory!.Inheriting) != 0)
        {
            return FileError.NotCapable;
        }
        // path_open neither creates nor truncates a directory.
        if ((openFlags & MustBeDirectory) != 0 && openFlags != MustBeDirectory)
        {
            return FileError.Invalid;
        }
        if (descriptors.IsFull)
        {
            return FileError.TooManyOpen;
        }

        Descriptor? opened = null;
        error = FileError.Stale;
        for (var i = 0; i < MaxAttempts && error == FileError.Stale; i++)
        {
            error = TryOpen(directory, text, (lookup & FollowLinks) != 0, openFlags, wanted.Base, out opened);
        }
        if (error != FileError.Success)
        {
            return error;
        }
        var ofKind = opened is FileDescriptor ? Rights.OfFile : opened is StreamDescriptor ? Rights.OfSocket : Rights.OfDirectory;
        opened!.Base = directory.Inheriting & ofKind & ~RightsNotOpened(wanted.Base);
        opened.Inheriting = opened is DirectoryDescriptor ? directory.Inheriting : Rights.None;
        opened.Flags = (FdFlags)flags;
        error = descriptors.Add(opened, out var added);
        if (error == FileError.Success)
        {
            memory.Write32(result, added);
        }
        return error;
    }

    // A descriptor reads and writes only if the guest asked for it. It has all other rights of its directory, because programs made for
    // hosts without these rights ask for none (docs/decisions/0093).
    private static Rights RightsNotOpened(Rights asked) =>
        (Rights.FdRead | (asked.HasFlag(Rights.FdWrite) ? Rights.None : WritingRights)) & ~asked;

    private static FileError TryOpen(
        DirectoryDescriptor from, string path, bool follows, uint openFlags, Rights rights, out Descriptor? opened)
    {
        opened = null;
        var isWriting = (rights & WritingRights) != 0 || (openFlags & Truncate) != 0;
        var isReading = (rights & (Rights.FdRead | Rights.FdReaddir)) != 0 || !isWriting;
        var mode = (isWriting ? FileOpenMode.Write : FileOpenMode.None) | (isReading ? FileOpenMode.Read : FileOpenMode.None);

        // With both flags the name must be free; even a dangling link takes it.
        var isNew = (openFlags & (Create | Exclusive)) == (Create | Exclusive);
        using var walk = new PathWalk(from.Directory);
        var error = walk.Open(path, follows && !isNew, mode);
        // Only a file can be created, so a name with a slash after it is refused, whether it exists or not.
        var isCreating = (openFlags & Create) != 0 && walk.Name is not null;
        if (isCreating && walk.MustBeDirectory && (error == FileError.NoEntry || EndsWithSlash(path)))
        {
            return FileError.IsDirectory;
        }
        if (isCreating && error == FileError.NoEntry)
        {
            error = walk.Directory.CreateFile(walk.Name!, out var created);
            opened = created is null ? null : new FileDescriptor(created);
            return error == FileError.Exists && !isNew ? FileError.Stale : error;
        }
        if (error != FileError.Success)
        {
            return error;
        }
        return isNew ? FileError.Exists : walk.Node switch
        {
            IDirectory => OpenDirectory(from, walk, openFlags, rights, out opened),
            IFile => OpenFile(walk, openFlags, out opened),
            ISymbolicLink => FileError.Loop,
            IConnectionNode destination => Connect(destination, openFlags, out opened),
            _ => FileError.NotSupported,
        };
    }

    // True for "name/"; false for "name/." and "name/../".
    private static bool EndsWithSlash(string path) => path.EndsWith('/') && path.TrimEnd('/').Split('/')[^1] is not ("." or "..");

    private static FileError Connect(IConnectionNode destination, uint openFlags, out Descriptor? opened)
    {
        opened = null;
        if ((openFlags & (MustBeDirectory | Truncate)) != 0)
        {
            return FileError.NotSupported;
        }
        var error = destination.Connect(out var connection);
        opened = connection is null ? null : new StreamDescriptor(connection);
        return error;
    }

    private static FileError OpenDirectory(DirectoryDescriptor from, PathWalk walk, uint openFlags, Rights rights, out Descriptor? opened)
    {
        opened = null;
        if ((openFlags & (Create | Truncate)) != 0 || (rights & Rights.FdWrite) != 0)
        {
            return FileError.IsDirectory;
        }
        var shared = walk.DetachNode() is IDirectory other ? new SharedDirectory(other, isOwned: true) : from.Shared.AddReference();
        opened = new DirectoryDescriptor(shared, preopenName: null);
        return FileError.Success;
    }

    private static FileError OpenFile(PathWalk walk, uint openFlags, out Descriptor? opened)
    {
        opened = null;
        if ((openFlags & MustBeDirectory) != 0)
        {
            return FileError.NotDirectory;
        }
        var file = (IFile)walk.Node;
        var error = (openFlags & Truncate) != 0 ? file.SetSize(0) : FileError.Success;
        if (error == FileError.Success)
        {
            opened = new FileDescriptor((IFile)walk.DetachNode()!);
        }
        return error;
    }
}
