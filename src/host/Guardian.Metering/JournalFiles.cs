using System.Globalization;

namespace Guardian.Metering;

/// <summary>The files of a journal. The first has the journal's name; <c>NAME.2</c>, <c>NAME.3</c> and so on continue it.</summary>
internal static class JournalFiles
{
    private const int First = 1;

    // A folder that may not be read has no file for this process.
    private static readonly EnumerationOptions Files = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.Directory };

    /// <summary>Lists the files that are there, the oldest first.</summary>
    /// <param name="path">The journal.</param>
    public static IReadOnlyList<(int Number, string Path)> List(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var name = Path.GetFileName(path);
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateFiles(folder, "*", Files).Select(file => (Number: NumberOf(Path.GetFileName(file), name), Path: file))
                .Where(file => file.Number > 0).OrderBy(file => file.Number),
        ];
    }

    /// <summary>Makes the path of the file with a number.</summary>
    public static string PathOf(string path, int number) =>
        number == First ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    /// <summary>Removes the number from a file's name.</summary>
    public static string NameOf(string path) =>
        Path.GetExtension(path) is [_, .. var digits] && ParseNumber(digits) > 0 ? path[..^(digits.Length + 1)] : path;

    private static int NumberOf(string file, string name) =>
        file == name ? First
        : file.Length > name.Length + 1 && file.StartsWith(name, StringComparison.Ordinal) && file[name.Length] == '.'
            ? ParseNumber(file.AsSpan(name.Length + 1))
            : 0;

    // 0 when it is no number of a file that continues another.
    private static int ParseNumber(ReadOnlySpan<char> digits) =>
        digits is not ['0', ..] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > First
            ? number
            : 0;
}
