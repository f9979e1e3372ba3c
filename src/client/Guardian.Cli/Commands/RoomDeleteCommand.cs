using System.CommandLine;
using System.Text.Json;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room delete</c>: takes one's data out of a room.</summary>
internal static class RoomDeleteCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var dataSet = new Option<string>("--dataset") { Description = "Your data set.", Required = true, HelpName = "NAME" };
        var receipt = new Option<string?>("--receipt") { Description = "Keep the signed receipt.", HelpName = "FILE" };
        var command = new Command("delete", "Delete your data set from the room; a receipt is signed inside the enclave.") { dataSet, receipt };
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            var statement = await client.DeleteAsync(arguments.GetRequiredValue(dataSet), cancellation).ConfigureAwait(false);
            var verified = RoomStatements.Verify(statement, file.Contract, TimeProvider.System.GetUtcNow());
            var deleted = verified.Type == DeletionReceipt.StatementType
                ? JsonSerializer.Deserialize(verified.Payload.Span, AnswerJson.Default.DeletionReceipt)!
                : throw new CliException(ExitCode.Refused, "no-receipt", $"the statement is of type '{verified.Type}', not a receipt of a deletion");
            if (arguments.GetValue(receipt) is { } path)
            {
                await File.WriteAllBytesAsync(path, statement, cancellation).ConfigureAwait(false);
            }
            terminal.Show(
                JsonSerializer.SerializeToNode(deleted, AnswerJson.Default.DeletionReceipt)!.AsObject(),
                people => people.WriteLine($"version {deleted.Digest[..16]}… of '{deleted.DataSet}' is deleted; the receipt is signed inside the enclave and verified\nwhat answers cost its persons stays spent, and the log stays"));
            return ExitCode.Done;
        }));
        return command;
    }
}
