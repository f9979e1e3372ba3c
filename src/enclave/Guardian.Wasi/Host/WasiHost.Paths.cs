using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Host;

/// <summary>Calls on paths, except <c>path_open</c>.</summary>
public sealed partial class WasiHost
{
    private const uint FollowLinks = 1;

    private FileError PathCreateDirectory(uint number, uint path, uint pathSize) =>
        CallOnLastName(
            number, Rights.PathCreateDirectory, path, pathSize,
            static (walk, name) => walk.Directory.CreateDirectory(name),
            FileError.Exists);

    private FileError PathRemoveDirectory(uint number, uint path, uint pathSize) =>
        CallOnLastName(
            number, Rights.PathRemoveDirectory, path, pathSize,
            static (walk, name) => walk.Directory.RemoveDirectory(name),
            FileError.Invalid);

    private FileError PathUnlinkFile(uint number, uint path, uint pathSize) =>
        CallOnLastName(
            number, Rights.PathUnlinkFile, path, pathSize,
            static (walk, name) => walk.MustBeDirectory
                ? CheckIsDirectory(walk, name, FileError.IsDirectory)
                : walk.Directory.RemoveFile(name),
            FileError.IsDirectory);

    private FileError PathFilestatGet(uint number, uint lookup, uint path, uint pathSize, uint result)
    {
        if (!memory.Contains(result, FilestatSize))
        {
            return FileError.Fault;
        }
        var error = OpenPath(number, Rights.PathFilestatGet, lookup, path, pathSize, out var walk);
        using (walk)
        {
            return error == FileError.Success ? WriteFilestat(walk!.Node, result) : error;
        }
    }

    private FileError PathFilestatSetTimes(uint number, uint lookup, uint path, uint pathSize, ulong access, ulong modification, uint flags)
    {
        if (!AreTimeFlags(flags))
        {
            return FileError.Invalid;
        }
        var error = OpenPath(number, Rights.PathFilestatSetTimes, lookup, path, pathSize, out var walk);
        using (walk)
        {
            return error == FileError.Success ? SetTimes(walk!.Node, access, modification, flags) : error;
        }
    }

    private FileError PathReadlink(uint number, uint path, uint pathSize, uint buffer, uint bufferSize, uint result)
    {
        if (!memory.Contains(buffer, bufferSize) || !memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        var error = OpenPath(number, Rights.PathReadlink, 0, path, pathSize, out var walk);
        using (walk)
        {
            if (error != FileError.Success)
            {
                return error;
            }
            if (walk!.Node is not ISymbolicLink link)
            {
                return FileError.Invalid;
            }
            error = link.ReadTarget(out var target);
            if (error != FileError.Success)
            {
                return error;
            }
            // A target that does not fit is cut, as in POSIX.
            var bytes = Encoding.UTF8.GetBytes(target);
            var size = (int)Math.Min((uint)bytes.Length, bufferSize);
            bytes.AsSpan(0, size).CopyTo(memory[buffer, size]);
            memory.Write32(result, (uint)size);
            return FileError.Success;
        }
    }

    private FileError PathSymlink(uint target, uint targetSize, uint number, uint path, uint pathSize)
    {
        var error = ReadPath(target, targetSize, out var text);
        if (error != FileError.Success)
        {
            return error;
        }
        // The host never follows an absolute target, and one would mislead programs outside.
        return text.Length == 0 ? FileError.NoEntry
            : text.Contains('\0', StringComparison.Ordinal) ? FileError.Invalid
            : text[0] == '/' ? FileError.NotPermitted
            : CallOnLastName(
                number, Rights.PathSymlink, path, pathSize,
                (walk, name) => walk.MustBeDirectory
                    ? CheckIsDirectory(walk, name, FileError.Exists)
                    : walk.Directory.CreateSymbolicLink(name, text),
                FileError.Exists);
    }

    private FileError PathLink(uint fromNumber, uint lookup, uint from, uint fromSize, uint number, uint path, uint pathSize)
    {
        // The reference test suite and the common runtimes refuse to follow links here.
        if (lookup != 0)
        {
            return FileError.Invalid;
        }
        var error = OpenPath(fromNumber, Rights.PathLinkSource, lookup, from, fromSize, out var source);
        using (source)
        {
            return error != FileError.Success ? error
                : CallOnLastName(
                    number, Rights.PathLinkTarget, path, pathSize,
                    (walk, name) => walk.MustBeDirectory
                        ? CheckIsDirectory(walk, name, FileError.Exists)
                        : walk.Directory.Link(name, source!.Node),
                    FileError.Exists);
        }
    }

    private FileError PathRename(uint fromNumber, uint from, uint fromSize, uint number, uint path, uint pathSize)
    {
        var error = FindDirectory(fromNumber, Rights.PathRenameSource, from, fromSize, out var fromDirectory, out var fromText);
        if (error != FileError.Success)
        {
            return error;
        }
        error = FindDirectory(number, Rights.PathRenameTarget, path, pathSize, out var toDirectory, out var toText);
        if (error != FileError.Success)
        {
            return error;
        }
        using var source = new PathWalk(fromDirectory!.Directory);
        using var target = new PathWalk(toDirectory!.Directory);
        error = source.Find(fromText) is not FileError.Success and var missing ? missing : target.Find(toText);
        if (error != FileError.Success)
        {
            return error;
        }
        if (source.Name is null || target.Name is null)
        {
            return FileError.Busy;
        }
        // A slash after either name means a directory.
        if (source.MustBeDirectory || target.MustBeDirectory)
        {
            error = CheckIsDirectory(source, source.Name, FileError.Success);
        }
        return error == FileError.Success ? source.Directory.Rename(source.Name, target.Directory, target.Name) : error;
    }

    // Calls a function with the last name of a path; a link there is not followed. A path that ends with dots names no entry, for which
    // each call has its own error.
    private FileError CallOnLastName(
        uint number, Rights right, uint path, uint pathSize, Func<PathWalk, string, FileError> call, FileError withoutName)
    {
        var error = FindDirectory(number, right, path, pathSize, out var directory, out var text);
        if (error != FileError.Success)
        {
            return error;
        }
        using var walk = new PathWalk(directory!.Directory);
        error = walk.Find(text);
        return error != FileError.Success ? error : walk.Name is { } name ? call(walk, name) : withoutName;
    }

    private FileError OpenPath(uint number, Rights right, uint lookup, uint path, uint pathSize, out PathWalk? walk)
    {
        walk = null;
        if (lookup > FollowLinks)
        {
            return FileError.Invalid;
        }
        var error = FindDirectory(number, right, path, pathSize, out var directory, out var text);
        if (error != FileError.Success)
        {
            return error;
        }
        walk = new PathWalk(directory!.Directory);
        return walk.Open(text, (lookup & FollowLinks) != 0, FileOpenMode.None);
    }

    private FileError FindDirectory(
        uint number, Rights right, uint path, uint pathSize, out DirectoryDescriptor? directory, out string text)
    {
        directory = null;
        text = "";
        if (!descriptors.TryGet(number, out var found))
        {
            return FileError.BadDescriptor;
        }
        directory = found as DirectoryDescriptor;
        return directory is null ? FileError.NotDirectory
            : !directory.Base.HasFlag(right) ? FileError.NotCapable
            : ReadPath(path, pathSize, out text);
    }

    private FileError ReadPath(uint pointer, uint size, out string text)
    {
        text = "";
        if (!memory.TrySlice(pointer, size, out var bytes))
        {
            return FileError.Fault;
        }
        if (size > PathWalk.MaxPathSize)
        {
            return FileError.NameTooLong;
        }
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return FileError.IllegalSequence;
        }
        text = Encoding.UTF8.GetString(bytes);
        return FileError.Success;
    }

    // The error for a path with a slash at its end, in calls that do not accept one.
    private static FileError CheckIsDirectory(PathWalk walk, string name, FileError whenDirectory)
    {
        var error = walk.Directory.Open(name, FileOpenMode.None, out var node);
        using (node)
        {
            return error != FileError.Success ? error : node is IDirectory ? whenDirectory : FileError.NotDirectory;
        }
    }
}
