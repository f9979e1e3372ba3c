using System.Runtime.Versioning;
using Guardian.Files.Native;

namespace Guardian.Files.Host;

/// <summary>A regular file of the host.</summary>
[SupportedOSPlatform("linux")]
internal sealed class HostFile(int descriptor) : HostNode(descriptor, FileKind.RegularFile), IFile
{
    public unsafe FileError Read(ulong offset, Span<byte> buffer, out int read)
    {
        read = 0;
        if (offset > long.MaxValue)
        {
            return FileError.Invalid;
        }
        fixed (byte* start = buffer)
        {
            nint result;
            do
            {
                result = Libc.ReadAt(Descriptor, start, (nuint)buffer.Length, (long)offset);
            }
            while (result < 0 && Errno.WasInterrupted);
            return CheckCount(result, out read);
        }
    }

    public unsafe FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        if (offset > long.MaxValue)
        {
            return FileError.FileTooBig;
        }
        fixed (byte* start = data)
        {
            nint result;
            do
            {
                result = Libc.WriteAt(Descriptor, start, (nuint)data.Length, (long)offset);
            }
            while (result < 0 && Errno.WasInterrupted);
            return CheckCount(result, out written);
        }
    }

    public unsafe FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end)
    {
        end = 0;
        fixed (byte* start = data)
        {
            // Offset -1 uses and moves the descriptor's own position, which then tells where the data went.
            var vector = new Libc.Vector { Base = start, Size = data.Length };
            nint result;
            do
            {
                result = Libc.WriteVector(Descriptor, &vector, 1, -1, Libc.AppendAtomically);
            }
            while (result < 0 && Errno.WasInterrupted);
            var error = CheckCount(result, out written);
            if (error == FileError.Success)
            {
                var position = Libc.Seek(Descriptor, 0, 1);
                end = position < 0 ? 0 : (ulong)position;
            }
            return error;
        }
    }

    public FileError SetSize(ulong size) =>
        size > long.MaxValue ? FileError.FileTooBig : Errno.Check(Libc.Truncate(Descriptor, (long)size));

    public FileError Allocate(ulong offset, ulong length) =>
        length == 0 ? FileError.Invalid
        : offset > long.MaxValue || length > (ulong)long.MaxValue - offset ? FileError.FileTooBig
        : Errno.Check(Libc.Allocate(Descriptor, 0, (long)offset, (long)length));

    private static FileError CheckCount(nint result, out int count)
    {
        count = result < 0 ? 0 : (int)result;
        return result < 0 ? Errno.LastError : FileError.Success;
    }
}
