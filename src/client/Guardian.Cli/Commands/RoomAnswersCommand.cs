using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room answers</c>: what was asked before, and the answers again, for nothing.</summary>
internal static class RoomAnswersCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var read = new Option<long?>("--read") { Description = "Show the answer to this entry of the log.", HelpName = "NUMBER" };
        var output = new Option<string?>("--output") { Description = "Also keep the signed answer, for 'guardian room verify'.", HelpName = "FILE" };
        var command = new Command("answers", "List what was asked, or read an answer again; costs nothing.") { read, output };
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (file, client) =>
        {
            if (arguments.GetValue(read) is { } asked)
            {
                var statement = await client.ReadAnswerAsync(asked, cancellation).ConfigureAwait(false);
                return await RoomQuestionCommands.ShowAsync(statement, file.Contract, terminal, arguments.GetValue(output), null, cancellation).ConfigureAwait(false);
            }
            var answers = await client.ListAnswersAsync(cancellation).ConfigureAwait(false);
            terminal.Show(JsonSerializer.SerializeToNode(answers, QuestionJson.Default.AnswerList)!.AsObject(), people =>
            {
                var table = new Table().Border(TableBorder.Rounded).AddColumns("#", "who", "question", "outcome");
                foreach (var answer in answers.Answers)
                {
                    table.AddRow(
                        new Text(answer.Asked.ToString(CultureInfo.InvariantCulture)), new Text(answer.Member), new Text(RoomView.Describe(answer.Question)), new Text(answer.Outcome));
                }
                people.Write(table);
                people.WriteLine("read one with --read NUMBER");
            });
            return ExitCode.Done;
        }));
        return command;
    }
}
