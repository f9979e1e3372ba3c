using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>A command that asks a question and shows the signed answer.</summary>
internal abstract class RoomQuestionCommand : RoomCommand
{
    private readonly Option<string[]> where = Questions.CreateWhereOption();
    private readonly Option<string?> output = new("--output")
    {
        Description = "Also write the signed answer, for 'guardian room verify'.",
        HelpName = "FILE",
    };
    private readonly Option<string?> html = new("--html")
    {
        Description = "Also write a report as one self-contained page.",
        HelpName = "FILE",
    };

    protected RoomQuestionCommand(string name, string description) : base(name, description) => AddSymbols(where, output, html);

    protected sealed override void Check(ParseResult arguments) => ReadOutput(arguments).RequireNew();

    protected sealed override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var question = ReadQuestion(file.Contract, arguments) with { Where = Questions.ReadConditions(arguments, where) };
        return ReadOutput(arguments).Show(await client.AskAsync(question, cancellation).ConfigureAwait(false), file.Contract, terminal);
    }

    /// <summary>Reads the question without its conditions.</summary>
    /// <exception cref="RefusedException">The contract leaves open what is asked.</exception>
    protected abstract Question ReadQuestion(RoomContract contract, ParseResult arguments);

    private StatementOutput ReadOutput(ParseResult arguments) => new(arguments.GetValue(output), arguments.GetValue(html));
}
