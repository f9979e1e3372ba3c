using System.CommandLine;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room ask</c>.</summary>
internal sealed class RoomAskCommand : RoomQuestionCommand
{
    private static readonly Dictionary<string, QuestionKind> Kinds = new()
    {
        ["overlap"] = QuestionKind.Overlap, ["crosstab"] = QuestionKind.Crosstab, ["sum"] = QuestionKind.Sum, [
            "reach"] = QuestionKind.Reach,
        ["program"] = QuestionKind.Program,
    };

    private readonly Argument<string> kind = new("KIND") { Description = "overlap, crosstab, sum, reach or program." };
    private readonly Option<string[]> by = new("--by")
    {
        Description = "Column of a crosstab, dataset.column; once or twice.",
        HelpName = "COLUMN",
    };
    private readonly Option<string?> of = new("--of") { Description = "Column of a sum, dataset.column.", HelpName = "COLUMN" };
    private readonly Option<string?> program = new("--program")
    {
        Description = "For program: its name in the contract; not needed if there is only one.",
        HelpName = "NAME",
    };
    private readonly Option<string[]> dataSets = new("--dataset")
    {
        Description = "Data set that must contain the persons; at least twice. Needed in a room of more than two.",
        HelpName = "NAME",
    };

    public RoomAskCommand() : base(
        "ask", "Count matched persons: all, filtered, or by the values of columns; sum what they spent; count how often they were "
        + "reached; or run a program of the contract.")
    {
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        AddSymbols(kind, by, of, program, dataSets);
    }

    protected override Question ReadQuestion(RoomContract contract, ParseResult arguments)
    {
        var named = arguments.GetValue(dataSets) ?? [];
        var asked = Kinds[arguments.GetRequiredValue(kind)];
        var run = asked == QuestionKind.Program
            ? arguments.GetValue(program) ?? (contract.Analyses.Programs is [var only] ? only.Name : null)
            : arguments.GetValue(program);
        if (named.Length == 0 && contract.DataSets.Count > 2)
        {
            // A crosstab by columns of two data sets is about these; a program is about those that it reads.
            var inputs = contract.Analyses.Programs.FirstOrDefault(each => each.Name == run)?.Inputs ?? [];
            named =
            [
                .. (arguments.GetValue(by) ?? []).Select(column => column.Split('.')[0])
                    .Concat(inputs.Select(input => input.DataSet)).Distinct(),
            ];
        }
        if (named.Length < 2 && arguments.GetValue(dataSets) is not { Length: > 0 } && contract.DataSets.Count > 2)
        {
            throw CliReasons.NoDataSets.Refuse(
                $"the room has more than two data sets: {string.Join(", ", contract.DataSets.Select(dataSet => dataSet.Name))}",
                "name those that must all contain the persons: --dataset NAME --dataset NAME");
        }
        return new Question
        {
            Kind = asked,
            Program = run,
            By = arguments.GetValue(by) ?? [],
            Column = arguments.GetValue(of),
            DataSets = named,
        };
    }
}

/// <summary><c>guardian room lift</c>.</summary>
internal sealed class RoomLiftCommand : RoomQuestionCommand
{
    private readonly CostOptions costs = new();
    private readonly Option<string?> by = new("--by")
    {
        Description = "Show the effect in each segment, by a category or flag known before the campaign, dataset.column.",
        HelpName = "COLUMN",
    };

    public RoomLiftCommand() : base("lift", "Measure the campaign's effect, as the contract designed it.") =>
        AddSymbols([by, .. costs.All]);

    protected override CampaignCosts? ReadCosts(RoomContract contract, ParseResult arguments) =>
        costs.Read(arguments, contract) is { } read
            ? arguments.GetValue(by) is null
                ? read
                : throw CliReasons.BadCost.Refuse(
                    "--cost is that of the whole campaign, and --by divides its persons: leave out one of both")
            : null;

    protected override Question ReadQuestion(RoomContract contract, ParseResult arguments) => new()
    {
        Kind = QuestionKind.Lift,
        By = arguments.GetValue(by) is { } column ? [column] : [],
    };
}
