using System.CommandLine;
using Guardian.CleanRoom.Analyses;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room ask</c>.</summary>
internal sealed class RoomAskCommand : RoomQuestionCommand
{
    private static readonly Dictionary<string, QuestionKind> Kinds = new()
    {
        ["overlap"] = QuestionKind.Overlap, ["crosstab"] = QuestionKind.Crosstab, ["sum"] = QuestionKind.Sum, [
            "reach"] = QuestionKind.Reach,
    };

    private readonly Argument<string> kind = new("KIND") { Description = "overlap, crosstab, sum or reach." };
    private readonly Option<string[]> by = new("--by")
    {
        Description = "Column of a crosstab, dataset.column; once or twice.",
        HelpName = "COLUMN",
    };
    private readonly Option<string?> of = new("--of") { Description = "Column of a sum, dataset.column.", HelpName = "COLUMN" };
    private readonly Option<string[]> dataSets = new("--dataset")
    {
        Description = "Data set that must contain the persons; at least twice. Without it, all of the room's.",
        HelpName = "NAME",
    };

    public RoomAskCommand() : base(
        "ask", "Count matched persons: all, filtered, or by the values of columns; sum what they spent; or count how often they were "
        + "reached.")
    {
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        AddSymbols(kind, by, of, dataSets);
    }

    protected override Question ReadQuestion(ParseResult arguments) => new()
    {
        Kind = Kinds[arguments.GetRequiredValue(kind)],
        By = arguments.GetValue(by) ?? [],
        Column = arguments.GetValue(of),
        DataSets = arguments.GetValue(dataSets) ?? [],
    };
}

/// <summary><c>guardian room lift</c>.</summary>
internal sealed class RoomLiftCommand() : RoomQuestionCommand("lift", "Measure the campaign's effect, as the contract designed it.")
{
    protected override Question ReadQuestion(ParseResult arguments) => new() { Kind = QuestionKind.Lift };
}
