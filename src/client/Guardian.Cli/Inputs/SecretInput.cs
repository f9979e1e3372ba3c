using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>
/// Reads a secret value: from a file, an environment variable, standard input or Vault, and never from an argument, which other users of
/// the machine can see.
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

    private readonly Option<string?> vault = new("--from-vault")
    {
        Description = "The place of the value in Vault's engine KV, version 2. VAULT_ADDR and VAULT_TOKEN name the Vault.",
        HelpName = "MOUNT/PATH#FIELD",
    };

    private readonly Option<string?> transit = new("--decrypt-with-vault")
    {
        Description = "The key of Vault's engine transit that decrypts the value, which is vault:v1:… in the file or variable.",
        HelpName = "MOUNT/KEY",
    };

    /// <summary>All symbols, for the command that reads them.</summary>
    public IReadOnlyList<Symbol> All => [file, variable, vault, transit];

    /// <summary>The mistake in the sources that the user named; null for none.</summary>
    public string? FindMistake(CommandResult result) =>
        new Option[] { file, variable, vault }.Count(option => result.GetResult(option) is not null) > 1
            ? "give one of --from-file, --from-env, --from-vault"
            : result.GetResult(vault) is not null && result.GetResult(transit) is not null
                ? "give one of --from-vault, --decrypt-with-vault"
                : null;

    /// <summary>Reads the value, from Vault if the user says so.</summary>
    /// <param name="isBinary">Whether Vault has base64 of the value, because its texts cannot hold any bytes.</param>
    /// <exception cref="RefusedException">There is none, it is too large, or it cannot be read.</exception>
    public async Task<byte[]> ReadAsync(ParseResult arguments, bool isBinary, CancellationToken cancellation)
    {
        if (arguments.GetValue(transit) is { } key)
        {
            using var source = VaultSource.Open();
            var ciphertext = Encoding.UTF8.GetString(Read(arguments)).Trim();
            return await source.DecryptAsync(key, ciphertext, cancellation).ConfigureAwait(false);
        }
        if (arguments.GetValue(vault) is not { } place)
        {
            return Read(arguments);
        }
        using var secrets = VaultSource.Open();
        var text = await secrets.ReadAsync(place, cancellation).ConfigureAwait(false);
        var bytes = new byte[text.Length];
        return !isBinary ? Encoding.UTF8.GetBytes(text)
            : Convert.TryFromBase64String(text, bytes, out var size) ? bytes[..size]
            : throw CliReasons.NoVault.Refuse($"Vault's secret {place} is not base64, which a binary value is there");
    }

    private byte[] Read(ParseResult arguments)
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
