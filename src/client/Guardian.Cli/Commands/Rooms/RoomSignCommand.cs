using System.CommandLine;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room sign</c>.</summary>
internal sealed class RoomSignCommand : LocalCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The contract, room.yaml." };
    private readonly Option<string> member = new("--member")
    {
        Description = "Your name in the contract.",
        Required = true,
        HelpName = "NAME",
    };
    private readonly Option<string> key = new("--key") { Description = "Your key.", Required = true, HelpName = "FILE" };

    public RoomSignCommand() : base("sign", "Sign the contract's exact bytes. The signature is written beside it.") =>
        AddSymbols(contract, member, key);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        using var identity = KeyFile.Load(arguments.GetRequiredValue(key));
        var path = file.Sign(arguments.GetRequiredValue(member), identity);
        return new NextStepResult(path, $"signed {file.Hash}").Show(terminal);
    }
}
