using System.CommandLine;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>
/// Reads a secret value: from a file, an environment variable or standard input, and never from an argument, which other users of the
/// machine can see.
/// </summary>
internal sealed class SecretInput
{
    // More than any secret has; the CAS says what is too large.
    private const int MaxSize = 64 * 1024;

    private readonly Option<string?> file = new("--from-file")
    {
        Description = "The file with the value; - is standard input, the default.",
        HelpName = "FILE",
    };

    private readonly Option<string?> variable = new("--from-env")
    {
        Description = "The environment variable with the value.",
        HelpName = "VARIABLE",
    };

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [file, variable];

    /// <summary>Whether the user named more than one source.</summary>
    public bool IsAmbiguous(System.CommandLine.Parsing.CommandResult result) =>
        result.GetResult(file) is not null && result.GetResult(variable) is not null;

    /// <summary>Reads the value.</summary>
    /// <exception cref="RefusedException">There is none, it is too large, or it cannot be read.</exception>
    public byte[] Read(ParseResult arguments)
    {
        if (arguments.GetValue(variable) is { } name)
        {
            return Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
                ? Encoding.UTF8.GetBytes(text)
                : throw CliReasons.NoValue.Refuse($"the environment variable {name} is not set, or empty");
        }
        var path = arguments.GetValue(file) ?? "-";
        using var source = InputFile.Open(path);
        return InputFile.Use(path, () =>
        {
            var value = new byte[MaxSize + 1];
            var size = source.ReadAtLeast(value, value.Length, throwOnEndOfStream: false);
            return size switch
            {
                0 => throw CliReasons.NoValue.Refuse($"{(path == "-" ? "standard input" : path)} is empty"),
                > MaxSize => throw CliReasons.TooLarge.Refuse($"a secret has at most {MaxSize} bytes"),
                _ => value[..size],
            };
        });
    }
}
