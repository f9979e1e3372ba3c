using System.Globalization;

namespace Guardian.Cli.Output;

/// <summary>Writes values the same way in every command and on every machine.</summary>
internal static class Format
{
    /// <summary>A whole number with commas between thousands.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number of things: <c>1 person</c>, <c>2 persons</c>.</summary>
    /// <param name="number">The number.</param>
    /// <param name="one">The word for one.</param>
    /// <param name="many">The word for others; null for <paramref name="one"/> with an s.</param>
    public static string Count(long number, string one, string? many = null) =>
        $"{Number(number)} {(number == 1 ? one : many ?? one + "s")}";

    /// <summary>Lower-case hexadecimal.</summary>
    public static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>An instant in UTC, to the second: <c>2026-01-31T12:00:00Z</c>.</summary>
    public static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The first 16 characters of a hash, with an ellipsis.</summary>
    public static string Brief(string hash) => $"{hash[..16]}…";

    /// <summary>Text without the characters that a terminal would obey: control characters, and marks that turn the direction of
    /// text.</summary>
    public static string Printable(string text) => string.Concat(text.Select(each => IsObeyed(each) ? '?' : each));

    /// <summary>The same of text that may have several lines.</summary>
    public static string PrintableLines(string text) => string.Join('\n', text.Split('\n').Select(Printable));

    private static bool IsObeyed(char each) =>
        (char.IsControl(each) && each != '\t') || each is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
