using System.Text;
using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Nodes;

namespace Guardian.Volumes;

/// <content>The content of files and directories. Everything here runs under the lock.</content>
public sealed partial class Volume
{
    private const int MaxDirectorySize = 1 << 30;

    // Written in one go, and so in whole or not at all.
    private const int MaxWrittenThrough = 1 << 20;

    internal FileError Read(Inode inode, ulong offset, Span<byte> buffer, out int read)
    {
        read = 0;
        lock (gate)
        {
            if (isDisposed)
            {
                return FileError.BadDescriptor;
            }
            if (offset >= inode.Size || buffer.Length == 0)
            {
                return FileError.Success;
            }
            var size = (int)Math.Min((ulong)buffer.Length, inode.Size - offset);
            try
            {
                cache.Read(inode, (long)offset, buffer[..size]);
            }
            catch (Exception failure) when (failure is VolumeException or IOException)
            {
                // What was read before the failure may be there; nobody should take it for the file.
                buffer.Clear();
                return Explain(failure);
            }
            read = size;
            return FileError.Success;
        }
    }

    internal FileError Write(Inode inode, ulong offset, ReadOnlySpan<byte> data, out int written)
    {
        written = 0;
        lock (gate)
        {
            if (isDisposed)
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
                    if (MakeReady() is not FileError.Success and var refused)
                    {
                        return refused;
                    }
                    var at = (long)offset + written;
                    var piece = data.Slice(written, (int)Math.Min(data.Length - written, Page.ChunkSize - (at % Page.ChunkSize)));
                    if (piece.Length == Page.ChunkSize)
                    {
                        piece = data.Slice(written, Math.Min(data.Length - written, MaxWrittenThrough) / Page.ChunkSize * Page.ChunkSize);
                        cache.WriteThrough(inode, at / Page.ChunkSize, piece);
                    }
                    else
                    {
                        cache.Write(inode, at, piece);
                    }
                    written += piece.Length;
                    inode.Size = Math.Max(inode.Size, (ulong)at + (ulong)piece.Length);
                    inode.IsDirty = true;
                }
            }
            catch (Exception failure) when (failure is VolumeException or IOException)
            {
                var error = Explain(failure);
                if (written == 0)
                {
                    return error;
                }
            }
            inode.ModificationTime = inode.ChangeTime = Now();
            return FileError.Success;
        }
    }

    internal FileError SetSize(Inode inode, ulong size)
    {
        if (size > InodeRecord.MaxFileSize)
        {
            return FileError.FileTooBig;
        }
        if (size < inode.Size)
        {
            cache.Truncate(inode, (long)size);
        }
        inode.Size = size;
        Touch(inode, content: true);
        return FileError.Success;
    }

    /// <summary>Notes that an inode changed now, and its content too if so.</summary>
    internal void Touch(Inode inode, bool content)
    {
        inode.ChangeTime = Now();
        inode.ModificationTime = content ? inode.ChangeTime : inode.ModificationTime;
        inode.IsDirty = true;
    }

    /// <summary>The names of a directory, read when they are first needed.</summary>
    internal DirectoryContent NamesOf(Inode directory)
    {
        if (directory.Names is null)
        {
            var content = directory.Size <= MaxDirectorySize ? new byte[(int)directory.Size] : throw new VolumeException(VolumeFailure.Damaged, $"directory {directory.Number} is malformed");
            cache.Read(directory, 0, content);
            directory.Names = DirectoryContent.TryRead(content, directory.NextCookie)
                ?? throw new VolumeException(VolumeFailure.Damaged, $"directory {directory.Number} is malformed");
        }
        return directory.Names;
    }

    /// <summary>Adds a name that is not there.</summary>
    internal void AddName(Inode directory, string name, Inode inode)
    {
        var item = new DirectoryItem { Name = name, Cookie = directory.NextCookie++, Node = inode.Number, Kind = inode.Kind };
        WriteNames(directory, NamesOf(directory).Add(item));
    }

    internal void RemoveName(Inode directory, DirectoryItem item) => WriteNames(directory, NamesOf(directory).Remove(item));

    /// <summary>Makes a name stand for something else; its place in a listing stays.</summary>
    internal void ChangeName(Inode directory, DirectoryItem item, Inode inode)
    {
        (item.Node, item.Kind) = (inode.Number, inode.Kind);
        WriteNames(directory, item.Page);
    }

    internal string TargetOf(Inode link)
    {
        var bytes = new byte[(int)Math.Min(link.Size, VolumeDirectory.MaxTargetSize)];
        cache.Read(link, 0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    internal void WriteTarget(Inode link, ReadOnlySpan<byte> target)
    {
        cache.Write(link, 0, target);
        link.Size = (ulong)target.Length;
    }

    private void WriteNames(Inode directory, int page)
    {
        Span<byte> content = stackalloc byte[Page.Size];
        NamesOf(directory).WritePage(page, content);
        cache.Write(directory, (long)page * Page.Size, content);
        directory.Size = Math.Max(directory.Size, (ulong)(page + 1) * Page.Size);
        Touch(directory, content: true);
    }
}
