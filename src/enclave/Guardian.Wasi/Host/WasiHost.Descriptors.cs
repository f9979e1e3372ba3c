using System.Buffers.Binary;
using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Host;

/// <summary>The state of descriptors, and changes that move no data.</summary>
public sealed partial class WasiHost
{
    private const int FdstatSize = 24;
    private const int FilestatSize = 64;
    private const int PrestatSize = 8;

    // fstflags: 1 atim | 2 atim_now | 4 mtim | 8 mtim_now
    private const uint MaxTimeFlags = 15;

    private FileError FdAdvise(uint number, ulong offset, ulong length, uint advice)
    {
        var error = Find<FileDescriptor>(number, Rights.FdAdvise, FileError.BadDescriptor, out _);
        // The host ignores valid advice, and refuses impossible ranges and unknown kinds.
        return error != FileError.Success ? error
            : advice > 5 || offset > long.MaxValue || length > long.MaxValue ? FileError.Invalid
            : FileError.Success;
    }

    private FileError FdAllocate(uint number, ulong offset, ulong length)
    {
        var error = FindChangeable(number, Rights.FdAllocate, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error : length == 0 ? FileError.Invalid : found!.File.Allocate(offset, length);
    }

    private FileError FdSync(uint number, Rights right, bool dataOnly)
    {
        var error = Find<Descriptor>(number, right, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error : NodeOf(found!) is { } node ? node.Sync(dataOnly) : FileError.Invalid;
    }

    // fdstat: filetype 1, 1 unused | flags 2, 4 unused | rights 8 | inheriting rights 8
    private FileError FdFdstatGet(uint number, uint result)
    {
        if (!descriptors.TryGet(number, out var found))
        {
            return FileError.BadDescriptor;
        }
        if (!memory.TrySlice(result, FdstatSize, out var stat))
        {
            return FileError.Fault;
        }
        stat.Clear();
        stat[0] = (byte)found.Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(stat[2..], (ushort)found.Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(stat[8..], (ulong)found.Base);
        BinaryPrimitives.WriteUInt64LittleEndian(stat[16..], (ulong)found.Inheriting);
        (found as ListenerDescriptor)?.NoteRead();
        return FileError.Success;
    }

    private FileError FdFdstatSetFlags(uint number, uint flags)
    {
        var error = Find<Descriptor>(number, Rights.FdFdstatSetFlags, FileError.BadDescriptor, out var found);
        if (error != FileError.Success)
        {
            return error;
        }
        if (flags > (uint)FdFlags.All)
        {
            return FileError.Invalid;
        }
        found!.Flags = (FdFlags)flags;
        (found as ListenerDescriptor)?.NoteSet();
        return FileError.Success;
    }

    // A guest can drop rights, never gain them.
    private FileError FdFdstatSetRights(uint number, ulong rights, ulong inheriting)
    {
        if (!descriptors.TryGet(number, out var found))
        {
            return FileError.BadDescriptor;
        }
        if ((rights & ~(ulong)found.Base) != 0 || (inheriting & ~(ulong)found.Inheriting) != 0)
        {
            return FileError.NotCapable;
        }
        found.Base = (Rights)rights;
        found.Inheriting = (Rights)inheriting;
        return FileError.Success;
    }

    private FileError FdFilestatGet(uint number, uint result)
    {
        var error = Find<Descriptor>(number, Rights.FdFilestatGet, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error
            : NodeOf(found!) is { } node ? WriteFilestat(node, result)
            : WriteFilestat(new FileStat(0, 0, found!.Kind, 0, 0, 0, 0, 0), result);
    }

    private FileError FdFilestatSetSize(uint number, ulong size)
    {
        var error = FindChangeable(number, Rights.FdFilestatSetSize, FileError.Invalid, out var found);
        return error != FileError.Success ? error : found!.File.SetSize(size);
    }

    private FileError FdFilestatSetTimes(uint number, ulong access, ulong modification, uint flags)
    {
        var error = Find<Descriptor>(number, Rights.FdFilestatSetTimes, FileError.BadDescriptor, out var found);
        return error != FileError.Success ? error
            : NodeOf(found!) is { } node ? SetTimes(node, access, modification, flags)
            : FileError.NotSupported;
    }

    // prestat: tag 1 (0: directory), 3 unused | name size 4
    private FileError FdPrestatGet(uint number, uint result)
    {
        if (PreopenName(number) is not { } name)
        {
            return FileError.BadDescriptor;
        }
        if (!memory.Contains(result, PrestatSize))
        {
            return FileError.Fault;
        }
        memory.Write32(result, 0);
        memory.Write32(result + 4, (uint)name.Length);
        return FileError.Success;
    }

    private FileError FdPrestatDirName(uint number, uint pointer, uint size)
    {
        if (PreopenName(number) is not { } name)
        {
            return FileError.BadDescriptor;
        }
        if (size < name.Length)
        {
            return FileError.NameTooLong;
        }
        if (!memory.TrySlice(pointer, (uint)name.Length, out var target))
        {
            return FileError.Fault;
        }
        name.CopyTo(target);
        return FileError.Success;
    }

    // Finds a file whose size may be changed. If it is not open for writing, each call has its own error, as in POSIX.
    private FileError FindChangeable(uint number, Rights right, FileError notWritten, out FileDescriptor? found)
    {
        var error = Find(number, right, FileError.BadDescriptor, out found);
        return error == FileError.NotCapable && descriptors.TryGet(number, out var other) && !other.Base.HasFlag(Rights.FdWrite)
            ? notWritten
            : error;
    }

    private static INode? NodeOf(Descriptor descriptor) => descriptor switch
    {
        FileDescriptor file => file.File,
        DirectoryDescriptor directory => directory.Directory,
        _ => null,
    };

    private byte[]? PreopenName(uint number) =>
        descriptors.TryGet(number, out var found) && found is DirectoryDescriptor directory ? directory.PreopenName : null;

    private FileError WriteFilestat(INode node, uint result)
    {
        var error = node.Stat(out var stat);
        return error == FileError.Success ? WriteFilestat(stat, result) : error;
    }

    // filestat: dev 8 | ino 8 | filetype 1, 7 unused | nlink 8 | size 8 | atim 8 | mtim 8 | ctim 8
    private FileError WriteFilestat(FileStat stat, uint result)
    {
        if (!memory.TrySlice(result, FilestatSize, out var target))
        {
            return FileError.Fault;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(target, stat.Device);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], stat.Node);
        BinaryPrimitives.WriteUInt64LittleEndian(target[16..], (ulong)stat.Kind);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], stat.LinkCount);
        BinaryPrimitives.WriteUInt64LittleEndian(target[32..], stat.Size);
        BinaryPrimitives.WriteUInt64LittleEndian(target[40..], stat.AccessTime);
        BinaryPrimitives.WriteUInt64LittleEndian(target[48..], stat.ModificationTime);
        BinaryPrimitives.WriteUInt64LittleEndian(target[56..], stat.ChangeTime);
        return FileError.Success;
    }

    private FileError SetTimes(INode node, ulong access, ulong modification, uint flags)
    {
        if (!AreTimeFlags(flags))
        {
            return FileError.Invalid;
        }
        var now = ReadClock(0);
        return node.SetTimes(
            (flags & 1) != 0 ? access : (flags & 2) != 0 ? now : null,
            (flags & 4) != 0 ? modification : (flags & 8) != 0 ? now : null);
    }

    // A time cannot be both an explicit one and the present.
    private static bool AreTimeFlags(uint flags) => flags <= MaxTimeFlags && (flags & 3) != 3 && (flags & 12) != 12;
}
