using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;

namespace Guardian.Volumes.Nodes;

/// <summary>An open file.</summary>
internal sealed class VolumeFile(OpenVolume volume, Inode inode) : VolumeNode(volume, inode), IFile
{
    // Bytes that are written past the cache at once, and so completely or not at all.
    private const int MaxWrittenThrough = 1 << 20;

    private readonly Inode file = inode;

    public override FileKind Kind => FileKind.RegularFile;

    public FileError Read(ulong offset, Span<byte> buffer, out int read)
    {
        read = 0;
        lock (Volume.Lock)
        {
            if (Volume.IsDisposed)
            {
                return FileError.BadDescriptor;
            }
            if (offset >= file.Size || buffer.Length == 0)
            {
                return FileError.Success;
            }
            var size = (int)Math.Min((ulong)buffer.Length, file.Size - offset);
            try
            {
                Volume.Cache.Read(file, (long)offset, buffer[..size]);
            }
            catch (Exception failure) when (OpenVolume.IsVolumeFailure(failure))
            {
                // The buffer may hold a part of the file, which the caller must not take for the whole.
                buffer.Clear();
                return Volume.Report(failure);
            }
            read = size;
            return FileError.Success;
        }
    }

    public FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        lock (Volume.Lock)
        {
            if (Volume.IsDisposed)
            {
                return FileError.BadDescriptor;
            }
            if (data.Length == 0)
            {
                return FileError.Success;
            }
            if (offset > InodeRecord.MaxFileSize || (ulong)data.Length > InodeRecord.MaxFileSize - offset)
            {
                return FileError.FileTooBig;
            }
            try
            {
                while (written < data.Length)
                {
                    if (Volume.Committer.PrepareChange() is not FileError.Success and var refused)
                    {
                        return refused;
                    }
                    var rest = data[written..];
                    Volume.Committer.MakeRoom(Math.Min(rest.Length, MaxWrittenThrough));
                    written += WritePiece((long)offset + written, rest);
                }
            }
            catch (Exception failure) when (OpenVolume.IsVolumeFailure(failure))
            {
                var error = Volume.Report(failure);
                if (written == 0)
                {
                    return error;
                }
            }
            file.MarkChanged(Volume.Now, isContent: true);
            return FileError.Success;
        }
    }

    public FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end)
    {
        lock (Volume.Lock)
        {
            var error = Write(file.Size, data, out written);
            end = file.Size;
            return error;
        }
    }

    public FileError SetSize(ulong size) => Volume.RunChange(() => Resize(size));

    // Reserves no space: other programs may fill the container's disk.
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
        return Volume.RunChange(() => offset + length <= file.Size ? FileError.Success : Resize(offset + length));
    }

    // Writes whole chunks past the cache, or up to the end of one chunk into the cache. Returns the bytes written.
    private int WritePiece(long offset, ReadOnlySpan<byte> data)
    {
        var piece = data[..(int)Math.Min(data.Length, Page.ChunkSize - (offset % Page.ChunkSize))];
        if (piece.Length == Page.ChunkSize)
        {
            piece = data[..(Math.Min(data.Length, MaxWrittenThrough) / Page.ChunkSize * Page.ChunkSize)];
            Volume.Cache.WriteThrough(file, offset / Page.ChunkSize, piece);
        }
        else
        {
            Volume.Cache.Write(file, offset, piece);
        }
        file.Size = Math.Max(file.Size, (ulong)offset + (ulong)piece.Length);
        file.IsDirty = true;
        return piece.Length;
    }

    private FileError Resize(ulong size)
    {
        if (size > InodeRecord.MaxFileSize)
        {
            return FileError.FileTooBig;
        }
        if (size < file.Size)
        {
            Volume.Cache.Truncate(file, (long)size);
        }
        file.Size = size;
        file.MarkChanged(Volume.Now, isContent: true);
        return FileError.Success;
    }
}
