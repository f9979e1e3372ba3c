using System.CommandLine;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room check</c>.</summary>
internal sealed class RoomCheckCommand : LocalCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The contract, room.yaml." };

    public RoomCheckCommand() : base("check", "Show every mistake of a contract, its hash, and who has signed.") => AddSymbols(contract);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        DataSetPreparer.RequireZones(file.Contract);
        List<string> signed = [.. file.Signers.Where(member => File.Exists(file.SignaturePath(member.Name))).Select(member => member.Name)];
        var isComplete = file.Contract.Members.All(member => signed.Contains(member.Name)) && file.RequireSigned() is not null;
        terminal.Show(
            new RoomCheckResult(file.Contract.Name, file.Hash, isComplete, signed), RoomsJson.Default.RoomCheckResult,
            people => RoomView.ShowContract(people, file, signed));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room check</c>.</summary>
/// <param name="Signed">Whether all members have signed.</param>
/// <param name="Signatures">The members who have.</param>
internal sealed record RoomCheckResult(string Room, string Hash, bool Signed, IReadOnlyList<string> Signatures);
