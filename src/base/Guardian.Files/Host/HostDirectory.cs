using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Guardian.Files.Native;

namespace Guardian.Files.Host;

/// <summary>A directory of the host. Every call names one component below an open descriptor, so renaming on the host cannot lead
/// elsewhere.</summary>
[SupportedOSPlatform("linux")]
internal sealed class HostDirectory(int descriptor) : HostNode(descriptor, FileKind.Directory), IDirectory
{
    private const uint FileMode = 0b110_110_110;
    private const uint DirectoryMode = 0b111_111_111;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public unsafe FileError Open(string name, FileOpenMode mode, out INode? node)
    {
        node = null;
        if (FileName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }

        // The kind comes first: opening a device or a pipe can already have an effect.
        var found = Libc.OpenAt(Descriptor, name, Libc.PathOnly | Libc.NoFollow | Libc.CloseOnExec, 0);
        if (found < 0)
        {
            return Errno.LastError;
        }
        Libc.Statx stat;
        var error = TryStat(found, &stat);
        var kind = KindOf(stat.Mode);
        var isOpened = kind is FileKind.RegularFile or FileKind.Directory && mode != FileOpenMode.None;
        if (error != FileError.Success || isOpened)
        {
            var opened = error == FileError.Success ? Reopen(found, name, kind, mode, stat, out error) : -1;
            _ = Libc.Close(found);
            if (opened < 0)
            {
                return error;
            }
            found = opened;
        }
        node = kind switch
        {
            FileKind.Directory => new HostDirectory(found),
            FileKind.RegularFile => new HostFile(found),
            FileKind.SymbolicLink => new HostSymbolicLink(found),
            _ => new HostNode(found, kind),
        };
        return FileError.Success;
    }

    public FileError CreateFile(string name, out IFile? file)
    {
        file = null;
        if (FileName.Check(name) is not FileError.Success and var wrong)
        {
            return wrong;
        }
        const int flags = Libc.ReadWrite | Libc.Create | Libc.Exclusive | Libc.CloseOnExec;
        var created = Libc.OpenAt(Descriptor, name, flags | Libc.NoFollow, FileMode);
        if (created < 0)
        {
            return Errno.LastError;
        }
        file = new HostFile(created);
        return FileError.Success;
    }

    public FileError CreateDirectory(string name) =>
        CallByName(name, static (directory, name) => Libc.MakeDirectoryAt(directory, name, DirectoryMode));

    public FileError CreateSymbolicLink(string name, string target) =>
        target.Contains('\0', StringComparison.Ordinal) ? FileError.Invalid
        : FileName.Check(name) is not FileError.Success and var wrong ? wrong
        : Errno.Check(Libc.SymlinkAt(target, Descriptor, name));

    public FileError Link(string name, INode existing) =>
        existing is not HostNode node ? FileError.CrossDevice
        : FileName.Check(name) is not FileError.Success and var wrong ? wrong
        : Errno.Check(Libc.LinkAt(Libc.CurrentDirectory, $"/proc/self/fd/{node.Descriptor}", Descriptor, name, Libc.SymlinkFollow));

    public FileError Rename(string name, IDirectory toDirectory, string toName) =>
        toDirectory is not HostDirectory directory ? FileError.CrossDevice
        : FileName.Check(name) is not FileError.Success and var wrong ? wrong
        : FileName.Check(toName) is not FileError.Success and var wrongTarget ? wrongTarget
        : Errno.Check(Libc.RenameAt(Descriptor, name, directory.Descriptor, toName));

    public FileError RemoveFile(string name) => CallByName(name, static (directory, name) => Libc.UnlinkAt(directory, name, 0));

    public FileError RemoveDirectory(string name) =>
        CallByName(name, static (directory, name) => Libc.UnlinkAt(directory, name, Libc.RemoveDirectory));

    public unsafe FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries)
    {
        var found = new List<DirectoryEntry>();
        entries = found;
        if (cookie > long.MaxValue || Libc.Seek(Descriptor, (long)cookie, 0) < 0)
        {
            // No entry has this cookie, so it is behind all of them.
            return FileError.Success;
        }
        const int bufferSize = 8192;
        var buffer = stackalloc byte[bufferSize];
        while (found.Count == 0)
        {
            var size = Libc.ReadEntries(Descriptor, buffer, bufferSize);
            if (size <= 0)
            {
                return size < 0 ? Errno.LastError : FileError.Success;
            }
            Parse(new ReadOnlySpan<byte>(buffer, (int)size), max, found);
        }
        return FileError.Success;
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = Strict.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }

    // struct linux_dirent64: ino 8 | off 8 | reclen 2 | type 1 | name, NUL. WASI cannot express a name that is not UTF-8; it is skipped.
    private static void Parse(ReadOnlySpan<byte> buffer, int max, List<DirectoryEntry> found)
    {
        while (buffer.Length > 19 && found.Count < max)
        {
            var recordSize = BinaryPrimitives.ReadUInt16LittleEndian(buffer[16..]);
            var name = buffer[19..recordSize];
            name = name[..name.IndexOf((byte)0)];
            if (TryDecode(name, out var text) && text is not ("." or ".."))
            {
                var (node, next) = (BinaryPrimitives.ReadUInt64LittleEndian(buffer), BinaryPrimitives.ReadUInt64LittleEndian(buffer[8..]));
                found.Add(new DirectoryEntry(text, node, KindOf((ushort)(buffer[18] << 12)), next));
            }
            buffer = buffer[recordSize..];
        }
    }

    // Opens for use the node that was found, and no other.
    private unsafe int Reopen(int found, string name, FileKind kind, FileOpenMode mode, in Libc.Statx stat, out FileError error)
    {
        if (kind is FileKind.Directory)
        {
            var directory = Libc.OpenAt(found, ".", Libc.Directory | Libc.CloseOnExec, 0);
            error = Errno.Check(directory);
            return directory;
        }
        var access = mode switch { FileOpenMode.Read => 0, FileOpenMode.Write => Libc.WriteOnly, _ => Libc.ReadWrite };
        var file = Libc.OpenAt(Descriptor, name, access | Libc.NoFollow | Libc.NonBlocking | Libc.NoTerminal | Libc.CloseOnExec, 0);
        error = Errno.Check(file);
        if (file < 0)
        {
            return file;
        }
        Libc.Statx opened;
        error = TryStat(file, &opened);
        var isSame = (opened.Node, opened.DeviceMajor, opened.DeviceMinor) == (stat.Node, stat.DeviceMajor, stat.DeviceMinor);
        if (error == FileError.Success && isSame)
        {
            return file;
        }

        // Somebody on the host exchanged the file between the two calls; the guest may retry.
        error = error == FileError.Success ? FileError.Stale : error;
        _ = Libc.Close(file);
        return -1;
    }

    private FileError CallByName(string name, Func<int, string, int> call) =>
        FileName.Check(name) is not FileError.Success and var wrong ? wrong : Errno.Check(call(Descriptor, name));
}
