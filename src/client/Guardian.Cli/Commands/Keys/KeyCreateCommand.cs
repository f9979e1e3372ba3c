using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Keys;

/// <summary><c>guardian key create</c>.</summary>
internal sealed class KeyCreateCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "The file to write, PEM." };
    private readonly Option<bool> passphrase = new("--passphrase")
    {
        Description = "Protect the file by a passphrase, which is asked for at the terminal.",
    };

    private readonly Option<string?> passphraseFile = new("--passphrase-file")
    {
        Description = "Protect the file by the passphrase on the first line of another file.",
        HelpName = "FILE",
    };

    public KeyCreateCommand() : base("create", "Make a key, readable by you alone, and print its public half.")
    {
        AddSymbols(file, passphrase, passphraseFile);
        Validators.Add(result =>
        {
            if (result.GetResult(passphrase) is not null && result.GetResult(passphraseFile) is not null)
            {
                result.AddError("give one of --passphrase, --passphrase-file");
            }
        });
    }

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var path = arguments.GetRequiredValue(file);
        OutputFile.RequireNew(path);
        var secret = arguments.GetValue(passphraseFile) is { } source ? Passphrase.Read(source)
            : arguments.GetValue(passphrase) ? Passphrase.Choose()
            : null;
        using var key = IdentityKey.Create();
        key.Save(path, secret);
        return KeyResult.Show(key, terminal);
    }
}
