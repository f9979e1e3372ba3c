using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Nodes;

/// <summary>An open file.</summary>
internal sealed class VolumeFile(Volume volume, Inode inode) : VolumeNode(volume, inode), IFile
{
    private readonly Inode file = inode;

    public override FileKind Kind => FileKind.RegularFile;

    public FileError Read(ulong offset, Span<byte> buffer, out int read) => Volume.Read(file, offset, buffer, out read);

    public FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written) => Volume.Write(file, offset, data, out written);

    public FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end)
    {
        lock (Volume.Gate)
        {
            var error = Volume.Write(file, file.Size, data, out written);
            end = file.Size;
            return error;
        }
    }

    public FileError SetSize(ulong size) => Volume.TryChange(() => Volume.SetSize(file, size));

    // Room is not reserved: a container may be on a disk that others fill.
    public FileError Allocate(ulong offset, ulong length)
    {
        if (length == 0)
        {
            return FileError.Invalid;
        }
        if (offset > InodeRecord.MaxFileSize || length > InodeRecord.MaxFileSize - offset)
        {
            return FileError.FileTooBig;
        }
        return Volume.TryChange(() => offset + length <= file.Size ? FileError.Success : Volume.SetSize(file, offset + length));
    }
}

/// <summary>An open symbolic link.</summary>
internal sealed class VolumeLink(Volume volume, Inode inode) : VolumeNode(volume, inode), ISymbolicLink
{
    public override FileKind Kind => FileKind.SymbolicLink;

    public FileError ReadTarget(out string target)
    {
        var found = "";
        var error = Volume.Try(() =>
        {
            found = Volume.TargetOf(Inode);
            return FileError.Success;
        });
        target = found;
        return error;
    }
}
