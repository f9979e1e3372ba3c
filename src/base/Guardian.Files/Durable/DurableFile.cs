using System.Diagnostics;
using Guardian.Files.Native;

namespace Guardian.Files.Durable;

/// <summary>Files that are complete or absent at any moment, survive a crash once written, and have mode 0600.</summary>
/// <remarks>
/// Linux keeps all of this. Elsewhere the base library cannot sync a folder, so a new name may be lost in a crash; Windows has no modes,
/// and the folder's access list protects the file.
/// </remarks>
public static class DurableFile
{
    // Larger than any key or certificate chain that Guardian stores.
    private const int MaxSmallSize = 64 * 1024;

    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(2);

    // Longer than any write of a small file takes: another process may be at it.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromMinutes(1);

    private const string TemporaryExtension = ".new";

    // A folder may be one into which this user only writes.
    private static readonly EnumerationOptions WhatCanBeRead = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a folder with mode 0700, unless it is there.</summary>
    /// <param name="path">The folder.</param>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Options of a file that gets mode 0600 if it is new. Windows has no modes.</summary>
    /// <param name="mode">How the file is opened.</param>
    /// <param name="access">What the caller does with it.</param>
    /// <returns>The options.</returns>
    public static FileStreamOptions OptionsFor(FileMode mode, FileAccess access)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }
        return options;
    }

    /// <summary>Reads a small file, or creates it. When several processes create it at once, all of them get the same content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="create">Returns the content of a new file.</param>
    /// <returns>The content of the file.</returns>
    /// <exception cref="InvalidDataException">The file is empty, or has more than 64 KiB.</exception>
    /// <exception cref="IOException">The file cannot be read or created.</exception>
    public static byte[] ReadOrCreate(string path, Func<byte[]> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (File.Exists(path))
        {
            return Read(path);
        }
        var content = create();
        return TryCreate(path, content) ? content : Read(path);
    }

    /// <summary>Creates a file, or replaces it: at any moment it has the old content or the new.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">The new content.</param>
    /// <exception cref="IOException">The file cannot be written. It has its old content, and nothing is left beside it.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = WriteTemporary(path, content);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        SyncDirectory(path);
    }

    /// <summary>Opens a file for reading and writing, and creates it when it is not there. The caller syncs its writes.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The file, at its beginning; the caller disposes it.</returns>
    /// <exception cref="IOException">The file cannot be opened, or another process writes it.</exception>
    public static FileStream Open(string path)
    {
        var isNew = !File.Exists(path);
        var options = OptionsFor(FileMode.OpenOrCreate, FileAccess.ReadWrite);
        // A buffer would keep what a failed write left in it, and write it before what follows.
        options.BufferSize = 0;
        var file = new FileStream(path, options);
        if (isNew)
        {
            SyncDirectory(path);
        }
        return file;
    }

    /// <summary>Makes a new name of a file safe, by syncing its folder. The base library cannot open folders.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The folder cannot be synced.</exception>
    public static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
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

    // A hard link succeeds only when the name is free. The base library's move without overwriting looks first, and can miss a new file.
    private static bool TryCreate(string path, byte[] content)
    {
        if (!OperatingSystem.IsLinux())
        {
            return TryCreateWithoutLinks(path, content);
        }
        var temporary = WriteTemporary(path, content);
        var isOurs = Libc.LinkAt(Libc.CurrentDirectory, temporary, Libc.CurrentDirectory, path, 0) == 0;
        var error = Errno.Last;
        File.Delete(temporary);
        if (!isOurs && error is Errno.NotImplemented or Errno.NotPermitted or Errno.NotSupported)
        {
            isOurs = TryCreateWithoutLinks(path, content);
        }
        else if (!isOurs && !File.Exists(path))
        {
            throw new IOException($"{path} cannot be created (errno {error})");
        }
        if (isOurs)
        {
            SyncDirectory(path);
        }
        return isOurs;
    }

    /// <summary>Creates a file where links do not exist: in Gramine, on some file systems, and outside Linux. The content is there at once,
    /// because it is written in one piece; a crash in between leaves an empty file, which <see cref="ReadOrCreate"/> refuses.</summary>
    internal static bool TryCreateWithoutLinks(string path, ReadOnlySpan<byte> content)
    {
        var options = OptionsFor(FileMode.CreateNew, FileAccess.Write);
        options.BufferSize = 0;
        try
        {
            using var file = new FileStream(path, options);
            file.Write(content);
            file.Flush(flushToDisk: true);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    private static byte[] Read(string path)
    {
        // Another process may be between creating the file and writing it.
        var waited = Stopwatch.StartNew();
        while (new FileInfo(path).Length == 0 && waited.Elapsed < WriteLimit)
        {
            Thread.Sleep(1);
        }
        var size = new FileInfo(path).Length;
        return size > MaxSmallSize ? throw new InvalidDataException($"{path} has {size} bytes, more than any file that belongs there")
            : size > 0 ? File.ReadAllBytes(path)
            : throw new InvalidDataException($"{path} is empty: its creation was interrupted. Delete it");
    }

    // A write that was killed left its temporary file here.
    private static void RemoveLeftovers(string path)
    {
        var whole = Path.GetFullPath(path);
        // The patterns of the base library are those of DOS: a.* is also a.
        var left = Directory.EnumerateFiles(Path.GetDirectoryName(whole)!, "*", WhatCanBeRead).Where(each =>
            each.StartsWith(whole + ".", StringComparison.Ordinal) && each.EndsWith(TemporaryExtension, StringComparison.Ordinal)
            && each.Length > whole.Length + TemporaryExtension.Length);
        var newest = TimeProvider.System.GetUtcNow() - LeftoverAge;
        foreach (var file in left.Select(each => new FileInfo(each)).Where(file => file.Exists && file.LastWriteTimeUtc < newest))
        {
            file.Delete();
        }
    }

    private static string WriteTemporary(string path, ReadOnlySpan<byte> content)
    {
        RemoveLeftovers(path);
        var temporary = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}{TemporaryExtension}";
        try
        {
            using var file = new FileStream(temporary, OptionsFor(FileMode.Create, FileAccess.Write));
            file.Write(content);
            file.Flush(flushToDisk: true);
            return temporary;
        }
        catch
        {
            // On a full disk, what is left of a try would take the space that the next one needs.
            File.Delete(temporary);
            throw;
        }
    }
}
