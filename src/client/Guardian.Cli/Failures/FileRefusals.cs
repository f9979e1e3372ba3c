using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>Says in this command line's own words what went wrong with a file.</summary>
internal static partial class FileRefusals
{
    // EEXIST of errno.h; .NET keeps the number in HResult where the failure has no class of its own.
    private const int AlreadyExists = 17;

    /// <param name="failure">An <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</param>
    /// <param name="path">The path as the user wrote it; null when only the failure knows it.</param>
    public static Refusal Of(Exception failure, string? path = null)
    {
        var name = path ?? (failure as FileNotFoundException)?.FileName ?? FindPath(failure.Message);
        return failure switch
        {
            { HResult: AlreadyExists } when name is not null => Exists(name),
            _ when Directory.Exists(name) => CliReasons.Io.Because($"{name} is a folder, not a file"),
            FileNotFoundException or DirectoryNotFoundException when name is not null => Missing(name),
            UnauthorizedAccessException when name is not null =>
                CliReasons.Io.Because($"the file {name} cannot be used: permission denied"),
            IOException { HResult: > 0 and var number } => CliReasons.Io.Because($"{(name is null ? "" : $"{name}: ")}{Describe(number)}"),
            _ => CliReasons.Io.Because(failure.Message),
        };
    }

    /// <summary>An input that is not there.</summary>
    public static Refusal Missing(string path) => CliReasons.Io.Because($"the file {path} does not exist");

    /// <summary>An output that is already there.</summary>
    public static Refusal Exists(string path) =>
        CliReasons.Exists.Because($"the {(Directory.Exists(path) ? "folder" : "file")} {path} already exists");

    private static string? FindPath(string message) => Quoted().Match(message) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>An error of the system in its own words, in this command line's case: <c>no space left on device</c>.</summary>
    /// <param name="number">A number of errno.h.</param>
    public static string Describe(int number)
    {
        var text = Marshal.GetPInvokeErrorMessage(number);
        return char.ToLowerInvariant(text[0]) + text[1..];
    }

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
