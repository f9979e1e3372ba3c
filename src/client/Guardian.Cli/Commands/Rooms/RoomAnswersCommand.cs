using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room answers</c>.</summary>
internal sealed class RoomAnswersCommand : RoomCommand
{
    private readonly Option<long?> read = new("--read") { Description = "Show the answer to this entry of the log.", HelpName = "NUMBER" };
    private readonly Option<string?> output = new("--output")
    {
        Description = "Also write the signed answer, for 'guardian room verify'.",
        HelpName = "FILE",
    };

    public RoomAnswersCommand() : base("answers", "List the questions, or read an answer again; costs nothing.") =>
        AddSymbols(read, output);

    protected override void Check(ParseResult arguments) => ReadOutput(arguments).RequireNew();

    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        if (arguments.GetValue(read) is { } asked)
        {
            var statement = await client.ReadAnswerAsync(asked, cancellation).ConfigureAwait(false);
            return ReadOutput(arguments).Show(statement, file.Contract, terminal);
        }
        var answers = await client.ListAnswersAsync(cancellation).ConfigureAwait(false);
        terminal.Show(answers, QuestionJson.Default.AnswerList, people =>
        {
            var table = new TextTable().AddTextColumns("#", "who", "question", "data sets", "outcome");
            foreach (var answer in answers.Answers)
            {
                table.AddRow(
                    answer.Asked.ToString(CultureInfo.InvariantCulture), answer.Member,
                    RoomView.Describe(answer.Question with { DataSets = [] }),
                    string.Join(", ", RoomView.DataSetsOf(answer.Question, file.Contract)), answer.Outcome);
            }
            people.WriteTable(table);
            people.WriteLine("read one with --read NUMBER");
        });
        return ExitCode.Done;
    }

    private StatementOutput ReadOutput(ParseResult arguments) => new(arguments.GetValue(output));
}
