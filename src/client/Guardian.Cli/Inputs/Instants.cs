using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Guardian.Cli.Inputs;

/// <summary>Reads instants from the command line.</summary>
internal static partial class Instants
{
    // A tick is 100 ns: seven digits of a fraction, and the point before them.
    private const int MaxFractionLength = 8;

    private static readonly string[] DayFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssK"];

    /// <summary>Reads an instant of RFC 3339. An instant without offset, and a date alone, are UTC. Anything else is a usage
    /// error.</summary>
    public static DateTimeOffset? ParseRfc3339(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var parts = Rfc3339().Match(text);
        if (parts.Success)
        {
            var (fraction, time, offset) = (
                parts.Groups["fraction"].Value, parts.Groups["time"].Value, parts.Groups["offset"].Value.ToUpperInvariant());
            var exact = $"{parts.Groups["date"].Value}T{(time.Length > 0 ? time : "00:00:00")}"
                + $"{fraction[..Math.Min(fraction.Length, MaxFractionLength)]}{(offset is "" or "Z" ? "+00:00" : offset)}";
            if (DateTimeOffset.TryParseExact(
                exact, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
            {
                return instant;
            }
        }
        result.AddError($"'{text}' is no instant like 2026-01-31T12:00:00Z");
        return null;
    }

    /// <summary>Reads a day, or an instant of that day, in UTC. Anything else is a usage error.</summary>
    public static DateTimeOffset? ParseDay(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParseExact(
            text, DayFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var instant))
        {
            return instant;
        }
        result.AddError($"'{text}' is no day like 2026-01-31");
        return null;
    }

    [GeneratedRegex(
        @"^(?<date>\d{4}-\d\d-\d\d)([Tt ](?<time>\d\d:\d\d:\d\d)(?<fraction>\.\d+)?(?<offset>[Zz]|[+-]\d\d:\d\d)?)?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
