using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room report</c>.</summary>
internal sealed class RoomReportCommand : LocalCommand
{
    private readonly Argument<string> statement = CreateStatementArgument();
    private readonly Option<string> contract = CreateContractOption();
    private readonly Option<string> html = new("--html") { Description = "The page to write.", Required = true, HelpName = "FILE" };

    private readonly Option<string?> csv = RoomQuestionCommand.CreateCsvOption();
    private readonly CostOptions costs = new();

    public RoomReportCommand() : base("report", "Verify a signed answer offline and write it as one self-contained page.") =>
        AddSymbols([statement, contract, html, csv, .. costs.All]);

    /// <summary>The argument that names a signed answer.</summary>
    public static Argument<string> CreateStatementArgument() => new("STATEMENT")
    {
        Description = "A signed answer, as 'ask --output' and 'lift --output' write it.",
    };

    /// <summary>The option that names the contract of an answer.</summary>
    public static Option<string> CreateContractOption() =>
        new("--contract") { Description = "The contract under which it was made, room.yaml.", Required = true, HelpName = "FILE" };

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var output = new StatementOutput(Page: arguments.GetRequiredValue(html), Figures: arguments.GetValue(csv)).RequireNew();
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        file.RequireSigned();
        return (output with { Costs = costs.Read(arguments, file.Contract) })
            .Show(InputFile.ReadBytes(arguments.GetRequiredValue(statement)), file.Contract, terminal);
    }
}
