using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Keys;

/// <summary><c>guardian key create</c>.</summary>
internal sealed class KeyCreateCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "The file to write, PEM." };

    public KeyCreateCommand() : base("create", "Make a key, readable by you alone, and print its public half.") => AddSymbols(file);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var path = arguments.GetRequiredValue(file);
        OutputFile.RequireNew(path);
        using var key = IdentityKey.Create();
        key.Save(path);
        return KeyResult.Show(key, terminal);
    }
}
