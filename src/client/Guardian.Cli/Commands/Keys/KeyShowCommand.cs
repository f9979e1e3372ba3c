using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Keys;

/// <summary><c>guardian key show</c>.</summary>
internal sealed class KeyShowCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "The private key's file, PEM, or its pkcs11: URI." };

    public KeyShowCommand() : base("show", "Print the public half of a key, which others need from you.") => AddSymbols(file);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        using var key = KeyFile.Load(arguments.GetRequiredValue(file));
        return KeyResult.Show(key, terminal);
    }
}
