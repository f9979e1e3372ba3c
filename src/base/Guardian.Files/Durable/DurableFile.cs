using Guardian.Files.Native;

namespace Guardian.Files.Durable;

/// <summary>Files that are whole or absent at any moment, survive a crash once written, and are readable by their owner alone.</summary>
public static class DurableFile
{
    // Larger than any key or certificate chain we keep.
    private const int MaxKeptSize = 64 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a folder with mode 0700 when it is not there.</summary>
    public static void CreateDirectory(string path) =>
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);

    /// <summary>Reads a small file, or creates it with what <paramref name="create"/> gives. When several processes create it at once, all of them get the same content.</summary>
    /// <exception cref="InvalidDataException">The file is larger than any that belongs there.</exception>
    public static byte[] ReadOrCreate(string path, Func<byte[]> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (File.Exists(path))
        {
            return Read(path);
        }
        var content = create();
        var temporary = WriteTemporary(path, content);
        // A hard link is made only when the name is free, which the base library's move without overwriting looks up first and so can miss.
        var isOurs = Libc.LinkAt(Libc.CurrentDirectory, temporary, Libc.CurrentDirectory, path, 0) == 0;
        var error = Errno.Last;
        File.Delete(temporary);
        if (isOurs)
        {
            SyncDirectory(path);
            return content;
        }
        return File.Exists(path)
            ? Read(path)
            : throw new IOException($"{path} cannot be created (errno {error})");
    }

    /// <summary>Replaces a file: at any moment it has the old content or the new.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        File.Move(WriteTemporary(path, content), path, overwrite: true);
        SyncDirectory(path);
    }

    /// <summary>Opens a file for reading and writing, made when it is not there. The caller syncs what it writes.</summary>
    public static FileStream Open(string path)
    {
        var isNew = !File.Exists(path);
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            UnixCreateMode = OwnerOnly,
        });
        if (isNew)
        {
            SyncDirectory(path);
        }
        return file;
    }

    private static byte[] Read(string path)
    {
        var size = new FileInfo(path).Length;
        return size <= MaxKeptSize
            ? File.ReadAllBytes(path)
            : throw new InvalidDataException($"{path} has {size} bytes, more than any file that belongs there");
    }

    private static string WriteTemporary(string path, ReadOnlySpan<byte> content)
    {
        var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.new";
        using var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        file.Write(content);
        file.Flush(flushToDisk: true);
        return temporary;
    }

    /// <summary>Makes a file's name safe: a new name is on disk when its folder is. The base library cannot open folders.</summary>
    public static void SyncDirectory(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var descriptor = Libc.OpenAt(Libc.CurrentDirectory, folder, Libc.Directory | Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw new IOException($"{folder} cannot be opened to make '{Path.GetFileName(path)}' durable (errno {Errno.Last})");
        }
        var isSynced = Libc.Sync(descriptor) == 0;
        _ = Libc.Close(descriptor);
        if (!isSynced)
        {
            throw new IOException($"{folder} cannot be synced to disk");
        }
    }
}
