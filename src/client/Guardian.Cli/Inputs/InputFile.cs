using Guardian.Cli.Failures;
using Guardian.Files;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads the files that the user names. Every failure is refused in the same words.</summary>
internal static class InputFile
{
    // Larger than every program and document.
    private const int DefaultMaxSize = 1024 * 1024 * 1024;

    /// <summary>Reads all bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxSize">The largest file that is read.</param>
    /// <exception cref="RefusedException">The file is missing, unreadable or too large.</exception>
    public static byte[] ReadBytes(string path, int maxSize = DefaultMaxSize) => Use(path, () =>
    {
        using var file = File.OpenRead(path);
        return BoundedFile.Read(file, maxSize)
            ?? throw CliReasons.TooLarge.Refuse($"{path} has more than {maxSize} bytes, and no more are read");
    });

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
        if (path.Length == 0)
        {
            throw CliReasons.Usage.Refuse("the name of a file is empty", "give a file; is a variable of the shell not set?");
        }
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
