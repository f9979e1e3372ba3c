using System.CommandLine;

namespace Guardian.Cli.Commands.Cloud;

/// <summary>Prints comma-separated values (RFC 4180).</summary>
internal static class Csv
{
    /// <summary>The option that asks for them.</summary>
    public static Option<bool> CreateOption() => new("--csv") { Description = "Print comma-separated values." };

    /// <summary>Prints a header and rows.</summary>
    public static void Write(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows.Prepend(header))
        {
            Console.Out.Write(string.Join(',', row.Select(Quote)) + "\r\n");
        }
    }

    private static string Quote(string cell) =>
        cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}
