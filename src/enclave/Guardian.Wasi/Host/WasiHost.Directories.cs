using System.Buffers.Binary;
using System.Text;
using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Host;

/// <summary><c>fd_readdir</c>.</summary>
public sealed partial class WasiHost
{
    private const int DirentSize = 24;

    // "." and ".." come first and are followed by the cookies 1 and 2; a directory's own cookies are shifted by 2.
    private const ulong OwnCookies = 2;
    private const int EntriesAtOnce = 64;

    private FileError FdReaddir(uint number, uint pointer, uint size, ulong cookie, uint result)
    {
        var error = Find<DirectoryDescriptor>(number, Rights.FdReaddir, FileError.NotDirectory, out var found);
        if (error != FileError.Success)
        {
            return error;
        }
        if (!memory.Contains(pointer, size) || !memory.Contains(result, 4))
        {
            return FileError.Fault;
        }
        var buffer = memory[pointer, (int)Math.Min(size, int.MaxValue)];
        var used = 0;
        if (cookie < OwnCookies)
        {
            error = found!.Directory.Stat(out var stat);
            if (error != FileError.Success)
            {
                return error;
            }
            // The parent may lie outside of everything that the guest can reach, so ".." shows the directory's own number.
            for (; cookie < OwnCookies; cookie++)
            {
                var dots = new DirectoryEntry(cookie == 0 ? "." : "..", stat.Node, FileKind.Directory, cookie + 1);
                used += WriteEntry(buffer[used..], dots);
            }
        }
        cookie -= OwnCookies;
        while (used < buffer.Length)
        {
            error = found!.Directory.List(cookie, EntriesAtOnce, out var entries);
            if (error != FileError.Success)
            {
                return error;
            }
            if (entries.Count == 0)
            {
                break;
            }
            foreach (var entry in entries)
            {
                used += WriteEntry(buffer[used..], entry with { Next = entry.Next + OwnCookies });
            }
            cookie = entries[^1].Next;
        }
        memory.Write32(result, (uint)used);
        return FileError.Success;
    }

    // dirent: next 8 | ino 8 | name size 4 | filetype 1, 3 unused | name. An entry that does not fit is cut: a full buffer tells the guest
    // that there are more entries.
    private static int WriteEntry(Span<byte> buffer, DirectoryEntry entry)
    {
        const int maxNameSize = IFileSystem.MaxNameSize;
        Span<byte> record = stackalloc byte[DirentSize + maxNameSize];
        record[..DirentSize].Clear();
        var nameSize = Encoding.UTF8.GetBytes(entry.Name, record[DirentSize..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record, entry.Next);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], entry.Node);
        BinaryPrimitives.WriteInt32LittleEndian(record[16..], nameSize);
        record[20] = (byte)entry.Kind;
        var size = Math.Min(buffer.Length, DirentSize + nameSize);
        record[..size].CopyTo(buffer);
        return size;
    }
}
