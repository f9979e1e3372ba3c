using Guardian.Files;
using Guardian.Files.Durable;
using Guardian.Files.Host;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Volumes.Contract;
using Microsoft.Win32.SafeHandles;

namespace Guardian.Volumes.Storage;

/// <summary>A container in a file. While it is open it is locked against other processes: one may write it, or several may read it.
/// The lock goes with the process, however it ends.</summary>
internal sealed class FileStorage : IStorage
{
    /// <summary>The container's name within the folder of its volume.</summary>
    public const string ContainerName = "volume";

    private static readonly byte[] Zeros = new byte[64 * 1024];

    private readonly string path;
    private readonly SafeFileHandle file;

    private FileStorage(string path, SafeFileHandle file)
    {
        this.path = path;
        this.file = file;
    }

    /// <inheritdoc/>
    public long Size => RandomAccess.GetLength(file);

    /// <summary>Makes an empty container with mode 0600, and its folder when there is none.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.Exists"/>.</exception>
    public static FileStorage Create(string directory)
    {
        DurableFile.CreateDirectory(directory);
        var path = Path.Combine(directory, ContainerName);
        if (File.Exists(path))
        {
            throw new RefusedException(VolumeReasons.Exists.Because($"there is already a volume in {directory}"));
        }
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new FileStorage(path, file);
    }

    /// <summary>Opens the container in a folder.</summary>
    /// <exception cref="RefusedException"><see cref="VolumeReasons.NotAVolume"/> or <see cref="VolumeReasons.InUse"/>.</exception>
    public static FileStorage Open(string directory, bool readOnly)
    {
        var path = Path.Combine(directory, ContainerName);
        if (HostFileSystem.FindKind(path, followsLinks: true) is not FileKind.RegularFile)
        {
            throw new RefusedException(VolumeReasons.NotAVolume.Because($"there is no volume in {directory}"));
        }
        var (access, share) = readOnly ? (FileAccess.Read, FileShare.Read) : (FileAccess.ReadWrite, FileShare.None);
        try
        {
            return new FileStorage(path, File.OpenHandle(path, FileMode.Open, access, share));
        }
        catch (IOException failure) when (failure.HResult == Errno.Again)
        {
            throw new RefusedException(VolumeReasons.InUse.Because($"the volume in {directory} is open in another process"), failure);
        }
    }

    /// <inheritdoc/>
    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(file, buffer, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("the container ends too early");
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
    public void Reserve(long offset, long size)
    {
        var old = Size;
        if (Libc.Allocate(file, Libc.WholeRange, offset, size) == 0)
        {
            return;
        }
        if (Errno.IsFull(Errno.Last))
        {
            // A part of it may be reserved already.
            SetSize(old);
            throw new IOException("the disk of the container is full", Errno.NoSpace);
        }
        // Some file systems reserve nothing.
        SetSize(Math.Max(old, offset + size));
    }

    /// <inheritdoc/>
    public void Clear(long offset, long size)
    {
        if (Libc.Allocate(file, Libc.PunchHole, offset, size) == 0)
        {
            return;
        }
        // Some file systems cannot make holes.
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

    /// <summary>Makes the name of a new container safe.</summary>
    public void SyncName() => DurableFile.SyncDirectory(path);

    /// <summary>Closes a container that could not be filled, and deletes it.</summary>
    public void Delete()
    {
        Dispose();
        File.Delete(path);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
