using System.CommandLine;
using System.Text;
using Guardian.Attestation.Envelopes;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Keys;

/// <summary><c>guardian key show</c>.</summary>
internal sealed class KeyShowCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "The private key's file, PEM, or its pkcs11: URI." };

    private readonly Option<bool> set = new("--jwks")
    {
        Description = "Print it as a set of keys (JWKS), by which others verify tokens of this key: guardian verify TOKEN --keys FILE.",
    };

    public KeyShowCommand() : base("show", "Print the public half of a key, which others need from you.") => AddSymbols(file, set);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        using var key = KeyFile.Load(arguments.GetRequiredValue(file));
        if (!arguments.GetValue(set))
        {
            return KeyResult.Show(key, terminal);
        }
        terminal.Print(Encoding.ASCII.GetString(TokenKeys.Write(key)));
        return ExitCode.Done;
    }
}
