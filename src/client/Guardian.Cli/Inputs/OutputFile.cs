using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Writes the files that commands make. Nothing that exists is overwritten.</summary>
internal static class OutputFile
{
    /// <summary>Checks the targets before work that costs something, or that cannot be taken back.</summary>
    /// <param name="paths">The targets; null for an option that is not given.</param>
    /// <exception cref="RefusedException">A target exists.</exception>
    public static void RequireNew(params ReadOnlySpan<string?> paths)
    {
        foreach (var path in paths)
        {
            if (path is not null && !IsDevice(path) && Path.Exists(path))
            {
                throw new RefusedException(FileRefusals.Exists(path));
            }
        }
    }

    /// <summary>Checks a folder that a command fills.</summary>
    /// <exception cref="RefusedException">The folder holds something, or a file is in its place.</exception>
    public static void RequireNewOrEmptyFolder(string path)
    {
        if (File.Exists(path))
        {
            throw new RefusedException(FileRefusals.Exists(path));
        }
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw CliReasons.Exists.Refuse($"the folder {path} already exists and is not empty");
        }
    }

    /// <summary>Writes a new file. It is removed again when it cannot be written whole.</summary>
    /// <param name="isPrivate">Whether only its owner may read the file.</param>
    /// <exception cref="RefusedException">The file exists, or cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isPrivate = false)
    {
        try
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = IsDevice(path) ? FileMode.Open : FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = isPrivate && !IsDevice(path) ? UnixFileMode.UserRead | UnixFileMode.UserWrite : null,
            });
            try
            {
                file.Write(content);
                file.Flush();
            }
            catch when (!IsDevice(path))
            {
                File.Delete(path);
                throw;
            }
        }
        catch (DirectoryNotFoundException failure)
        {
            throw new RefusedException(CliReasons.Io.Because($"there is no folder {Path.GetDirectoryName(path)}"), failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(FileRefusals.Of(failure, path), failure);
        }
    }

    /// <summary>Replaces a file that the user asked to have changed, whole or not at all. Its mode stays.</summary>
    /// <exception cref="RefusedException">The file cannot be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        // Behind a link, the file that it leads to is replaced.
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var next = $"{file}.new-{Environment.ProcessId}";
        Write(next, content);
        InputFile.Use(path, () =>
        {
            File.SetUnixFileMode(next, File.GetUnixFileMode(file));
            File.Move(next, file, overwrite: true);
            return file;
        });
    }

    /// <summary>Writes a new file of UTF-8 text.</summary>
    /// <exception cref="RefusedException">The file exists, or cannot be written.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Adds text to a file that collects lines from several people. What it holds stays.</summary>
    /// <exception cref="RefusedException">The file cannot be written.</exception>
    public static void Append(string path, string text) => InputFile.Use(path, () =>
    {
        File.AppendAllText(path, text);
        return path;
    });

    // /dev/stdout and /dev/fd/63 are streams: nothing is overwritten there.
    private static bool IsDevice(string path) => path.StartsWith("/dev/", StringComparison.Ordinal);
}
