using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room succeed</c>.</summary>
internal sealed class RoomSucceedCommand : RoomCommand
{
    private readonly Option<string> next = new("--next")
    {
        Description = "The contract that succeeds it, signed by all its members and voted for.",
        Required = true,
        HelpName = "FILE",
    };

    public RoomSucceedCommand() : base(
        "succeed", "End the room in favour of a contract that succeeds its own, with new code or a new session if need be. What was spent "
        + "stays spent; each owner uploads again.") =>
        AddSymbols(next);

    protected override void Check(ParseResult arguments)
    {
        Succession.RequireReady(RoomFile.Load(arguments.GetRequiredValue(next)));
    }

    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var successor = RoomFile.Load(arguments.GetRequiredValue(next));
        var handOver = await Succession.HandOverAsync(file, successor, client, cancellation).ConfigureAwait(false);
        terminal.Show(handOver, AnswerJson.Default.HandOverStatement, people =>
        {
            people.WriteLine(
                $"the room is handed over; {successor.HandOverPath} is written, and the new room needs it beside its contract");
            people.WriteLine(
                $"the old room answers nothing more, its data is destroyed, and its log ends with entry {handOver.Entries}");
            people.WriteLine($"next: guardian room start {successor.Path} --cas ADDRESS, then each owner uploads again");
        });
        return ExitCode.Done;
    }
}
