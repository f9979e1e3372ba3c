using System.CommandLine;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room report</c>: a kept answer as a page.</summary>
internal static class RoomReportCommand
{
    public static Command Create()
    {
        var statement = new Argument<string>("STATEMENT") { Description = "A signed answer, as 'ask --output' and 'lift --output' keep it." };
        var contract = new Option<string>("--contract") { Description = "The contract it was made under, room.yaml.", Required = true, HelpName = "FILE" };
        var html = new Option<string>("--html") { Description = "The page to write.", Required = true, HelpName = "FILE" };
        var command = new Command("report", "Verify a signed answer offline and write it as one self-contained page.") { statement, contract, html };
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            file.RequireSigned();
            var bytes = await File.ReadAllBytesAsync(arguments.GetRequiredValue(statement), cancellation).ConfigureAwait(false);
            return await RoomQuestionCommands.ShowAsync(bytes, file.Contract, terminal, null, arguments.GetRequiredValue(html), cancellation).ConfigureAwait(false);
        });
        return command;
    }
}
