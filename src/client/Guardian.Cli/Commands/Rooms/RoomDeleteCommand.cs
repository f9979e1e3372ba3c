using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room delete</c>.</summary>
internal sealed class RoomDeleteCommand : RoomCommand
{
    private readonly Option<string> dataSet = new("--dataset") { Description = "Your data set.", Required = true, HelpName = "NAME" };
    private readonly Option<string?> receipt = new("--receipt") { Description = "Also write the signed receipt.", HelpName = "FILE" };

    public RoomDeleteCommand() : base("delete", "Delete your data set from the room; a receipt is signed inside the enclave.") =>
        AddSymbols(dataSet, receipt);

    protected override void Check(ParseResult arguments) => OutputFile.RequireNew(arguments.GetValue(receipt));

    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var statement = await client.DeleteAsync(arguments.GetRequiredValue(dataSet), cancellation).ConfigureAwait(false);
        var deleted = RoomStatements.ReadDeletionReceipt(statement, file.Contract);
        if (arguments.GetValue(receipt) is { } path)
        {
            OutputFile.Write(path, statement);
        }
        terminal.Show(deleted, AnswerJson.Default.DeletionReceipt, people =>
        {
            people.WriteLine(
                $"version {Format.Brief(deleted.Version)} of '{deleted.DataSet}' is deleted; the receipt is signed inside the enclave and "
                + "verified");
            people.WriteLine("the budget that answers about its persons cost stays spent, and the log stays");
        });
        return ExitCode.Done;
    }
}
