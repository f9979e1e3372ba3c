using System.Text;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Inputs;

/// <summary>Reads passphrases and PINs: from a file, or from a person at a terminal. They are never arguments.</summary>
internal static class Passphrase
{
    /// <summary>The variable that names the file with the passphrase or PIN of a key.</summary>
    public const string Variable = "GUARDIAN_KEY_PASSPHRASE_FILE";

    private const int MaxSize = 1024;

    private static string? PathOfFile => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    /// <summary>Gets the passphrase of a key.</summary>
    /// <param name="key">The key, as the user named it.</param>
    /// <exception cref="RefusedException">There is neither a file nor a terminal.</exception>
    public static string Get(string key) => PathOfFile is { } path ? Read(path)
        : !Console.IsInputRedirected ? Ask($"passphrase of {key}: ")
        : throw CliReasons.NoPassphrase.Refuse($"{key} is protected, and there is no terminal to ask at");

    /// <summary>Reads the first line of a file.</summary>
    /// <exception cref="RefusedException">The file is missing, empty or too large.</exception>
    public static string Read(string path)
    {
        var text = Encoding.UTF8.GetString(InputFile.ReadBytes(path, MaxSize));
        return text.Split('\n')[0].TrimEnd('\r') is { Length: > 0 } line
            ? line
            : throw CliReasons.NoPassphrase.Refuse($"the first line of {path} is empty");
    }

    /// <summary>Lets a person choose a passphrase, and repeat it.</summary>
    /// <exception cref="RefusedException">There is no terminal, or the two differ.</exception>
    public static string Choose()
    {
        if (Console.IsInputRedirected)
        {
            throw CliReasons.NoPassphrase.Refuse("there is no terminal at which to choose a passphrase", "give --passphrase-file FILE");
        }
        var first = Ask("new passphrase: ");
        return first.Length > 0 && first == Ask("the same again: ")
            ? first
            : throw CliReasons.NoPassphrase.Refuse("the two passphrases differ, or are empty");
    }

    // A terminal does not show the keys.
    private static string Ask(string question)
    {
        Console.Error.Write($"guardian: {question}");
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } pressed)
        {
            if (pressed.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(text.Length - 1, 0);
            }
            else if (!char.IsControl(pressed.KeyChar))
            {
                text.Append(pressed.KeyChar);
            }
        }
        Console.Error.WriteLine();
        return text.ToString();
    }
}
