using Guardian.Files.Native;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Volumes.Storage;

/// <summary>A container in a file, locked against every other process while it is open.</summary>
internal sealed class FileStorage : IStorage
{
    private static readonly byte[] Zeros = new byte[64 * 1024];

    private readonly SafeFileHandle file;

    private FileStorage(SafeFileHandle file) => this.file = file;

    /// <inheritdoc/>
    public long Size => RandomAccess.GetLength(file);

    /// <summary>Makes a new file, readable by its owner alone.</summary>
    public static FileStorage Create(string path)
    {
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new FileStorage(file);
    }

    /// <summary>Opens a file: many may read it, or one may write it. The lock goes with the process, however it ends.</summary>
    public static FileStorage Open(string path, bool readOnly) =>
        new(File.OpenHandle(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite, readOnly ? FileShare.Read : FileShare.None));

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("the container ends before what it should hold");
            }
            buffer = buffer[read..];
            offset += read;
        }
    }

    /// <inheritdoc/>
    public void Write(long offset, ReadOnlySpan<byte> data) => RandomAccess.Write(file, data, offset);

    /// <inheritdoc/>
    public void SetSize(long size) => RandomAccess.SetLength(file, size);

    /// <inheritdoc/>
    public void Clear(long offset, long size)
    {
        if (Libc.Allocate(file, Libc.PunchHole, offset, size) == 0)
        {
            return;
        }
        // Not every file system can make holes.
        for (long done = 0; done < size; done += Zeros.Length)
        {
            Write(offset + done, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, size - done)));
        }
    }

    /// <inheritdoc/>
    public void Sync()
    {
        if (Libc.SyncData(file) != 0)
        {
            throw new IOException($"the container cannot be synced to disk (errno {Errno.Last})");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
