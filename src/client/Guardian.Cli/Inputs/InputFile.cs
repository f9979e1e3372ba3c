using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads the files that the user names. Every failure is refused in the same words.</summary>
internal static class InputFile
{
    /// <summary>Reads all bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxSize">The largest file that is read.</param>
    /// <exception cref="RefusedException">The file is missing, unreadable or too large.</exception>
    public static byte[] ReadBytes(string path, long maxSize = int.MaxValue) => Use(path, () =>
        new FileInfo(path).Length is var size && size > maxSize
            ? throw CliReasons.TooLarge.Refuse($"{path} has {size} bytes; at most {maxSize} are read")
            : File.ReadAllBytes(path));

    /// <summary>Reads UTF-8 text.</summary>
    /// <exception cref="RefusedException">The file is missing or unreadable.</exception>
    public static string ReadText(string path) => Use(path, () => File.ReadAllText(path));

    /// <summary>Opens a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="RefusedException">The file is missing or unreadable.</exception>
    public static Stream Open(string path) => path == "-" ? Console.OpenStandardInput() : Use(path, () => File.OpenRead(path));

    /// <summary>Checks that a file or folder that a library will read exists.</summary>
    /// <returns>The path.</returns>
    /// <exception cref="RefusedException">It does not exist.</exception>
    public static string Require(string path) => Path.Exists(path) ? path : throw new RefusedException(FileRefusals.Missing(path));

    /// <summary>Lets a library read a file, and refuses what it cannot read with the path as the user wrote it.</summary>
    /// <exception cref="RefusedException">The file is missing or unreadable.</exception>
    public static T Use<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(FileRefusals.Of(failure, path), failure);
        }
    }
}
