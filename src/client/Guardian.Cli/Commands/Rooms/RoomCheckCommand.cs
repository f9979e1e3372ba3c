using System.CommandLine;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room check</c>.</summary>
internal sealed class RoomCheckCommand : LocalCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The contract, room.yaml." };
    private readonly Option<string?> session = new("--session")
    {
        Description = "The session that the contract names: also check that the room's key cannot leave the enclave through it.",
        HelpName = "FILE",
    };

    public RoomCheckCommand() : base("check", "Show every mistake of a contract, its hash, and who has signed.") =>
        AddSymbols(contract, session);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        DataSetPreparer.RequireZones(file.Contract);
        var sessionFile = arguments.GetValue(session);
        if (sessionFile is not null)
        {
            RoomSession.Require(file.Contract, InputFile.ReadBytes(sessionFile));
        }
        var trials = ProgramTrial.RunAll(file);
        List<string> signed = [.. file.Signers.Where(member => File.Exists(file.SignaturePath(member.Name))).Select(member => member.Name)];
        var isComplete = file.Contract.Members.All(member => signed.Contains(member.Name)) && file.RequireSigned() is not null;
        terminal.Show(
            new RoomCheckResult(
                file.Contract.Name, file.Hash, isComplete, signed, sessionFile is not null, [.. ContractWarnings.Of(file.Contract)],
                BudgetMeaning.Of(file.Contract), trials,
                file.Previous is { } before ? ContractComparison.Compare(before, file.Contract) : null,
                [.. file.Contract.DataSets.Select(DataSetSummary.Of)]),
            RoomsJson.Default.RoomCheckResult, people =>
            {
                RoomView.ShowContract(people, file, signed);
                if (file.Previous is { } previous)
                {
                    people.WriteLine("against the contract before:");
                    foreach (var difference in ContractComparison.Compare(previous, file.Contract))
                    {
                        people.WriteLine($"- {difference}");
                    }
                }
                foreach (var design in file.Contract.Analyses.Programs)
                {
                    people.WriteLine(trials.FirstOrDefault(each => each.Name == design.Name) is { } trial
                        ? $"the program {trial.Name} has the digest of the contract: of {trial.Persons} made-up persons, {trial.Failed} "
                            + $"failed and {trial.Clipped} were clipped to a cap; it used {trial.MostFuel} of {trial.Fuel} fuel at most"
                        : $"the program {design.Name} was not checked: put its module into {file.ProgramPath(design.Name)}");
                }
                people.WriteLine(sessionFile is not null
                    ? "the session keeps the room's key in the enclave, and nobody can change it"
                    : "the session was not checked: --session FILE; 'guardian session read' prints it");
            });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room check</c>.</summary>
/// <param name="Signed">Whether all members have signed.</param>
/// <param name="Signatures">The members who have.</param>
/// <param name="Warnings">Consequences of the contract that its members should know before they sign.</param>
/// <param name="SessionChecked">Whether the session was given, and keeps the room's key in the enclave.</param>
/// <param name="Protection">The protection of a person by the budget of each data set.</param>
/// <param name="Programs">Trials of the programs that lie beside the contract.</param>
/// <param name="Differences">The differences from the contract before; null when it is not beside this one.</param>
/// <param name="DataSets">The data sets, for programs that prepare their files.</param>
internal sealed record RoomCheckResult(string Room, string Hash, bool Signed, IReadOnlyList<string> Signatures, bool SessionChecked,
    IReadOnlyList<string> Warnings, IReadOnlyList<BudgetMeaning> Protection, IReadOnlyList<ProgramTrial> Programs,
    IReadOnlyList<string>? Differences, IReadOnlyList<DataSetSummary> DataSets);
