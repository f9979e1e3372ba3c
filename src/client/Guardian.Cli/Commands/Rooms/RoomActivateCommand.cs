using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room activate</c>.</summary>
internal sealed class RoomActivateCommand : RoomCommand
{
    private readonly Option<string> data = new("--data")
    {
        Description = "The file that you uploaded, from which the identifiers are read.",
        Required = true,
        HelpName = "FILE",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The list to write, one identifier for each line.",
        Required = true,
        HelpName = "FILE",
    };
    private readonly Option<string[]> where = Questions.CreateWhereOption();

    public RoomActivateCommand() : base(
        "activate", "Get the list of your own customers who matched, where every owner's rules allow it.") =>
        AddSymbols(data, output, where);

    protected override void Check(ParseResult arguments)
    {
        InputFile.Require(arguments.GetRequiredValue(data));
        OutputFile.RequireNew(arguments.GetRequiredValue(output));
    }

    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var (persons, found) = await MatchedPersons.FindAsync(
            file, client, Questions.ReadConditions(arguments, where), arguments.GetRequiredValue(data), cancellation).ConfigureAwait(false);
        var path = arguments.GetRequiredValue(output);
        OutputFile.Write(path, string.Concat(found.Select(identifier => $"{identifier}\n")));
        terminal.Show(
            new RoomActivateResult(persons, found.Count, path), RoomsJson.Default.RoomActivateResult, people => people.WriteLine(
                $"{Format.Count(persons, "person")} matched; {path} has {Format.Count(found.Count, "row")} of yours"));
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room activate</c>.</summary>
/// <param name="Persons">Persons who matched.</param>
/// <param name="Written">Identifiers in the file.</param>
internal sealed record RoomActivateResult(long Persons, int Written, string File);
