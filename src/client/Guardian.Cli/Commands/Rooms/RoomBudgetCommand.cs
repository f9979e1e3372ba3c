using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room budget</c>.</summary>
internal sealed class RoomBudgetCommand() : RoomCommand(
    "budget", "Show the price of an answer, its accuracy, and how many answers are left.")
{
    protected override async Task<int> RunAsync(
        RoomFile file, RoomClient client, ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var budget = await client.ReadBudgetAsync(cancellation).ConfigureAwait(false);
        terminal.Show(budget, RoomJson.Default.BudgetDescription, people => Show(people, budget));
        return ExitCode.Done;
    }

    private static void Show(TextOutput people, BudgetDescription budget)
    {
        if (budget.Epsilon is not { } price)
        {
            people.WriteLine(
                "the members agreed on exact figures (noise: none): answers cost nothing; thresholds and the difference guard still apply");
            return;
        }
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"an answer costs each of its data sets {price}; 95 % of all counts are within {budget.NoiseMargin} of the truth; asking the "
            + $"same again is free"));
        if (budget.LiftEpsilon is { } lift)
        {
            people.WriteLine(string.Create(CultureInfo.InvariantCulture, $"lift costs each of its data sets {lift}"));
        }
        var table = new TextTable().AddTextColumns("data set").AddNumberColumns("budget", "spent", "answers left");
        foreach (var dataSet in budget.DataSets)
        {
            table.AddRow(
                dataSet.Name, dataSet.Total.ToString("0.###", CultureInfo.InvariantCulture),
                dataSet.Spent.ToString("0.###", CultureInfo.InvariantCulture),
                dataSet.AnswersLeft?.ToString(CultureInfo.InvariantCulture) ?? "");
        }
        people.WriteTable(table);
        if (budget.Members is { } members)
        {
            var shares = new TextTable().AddTextColumns("member", "data set").AddNumberColumns("share", "spent");
            foreach (var share in members)
            {
                shares.AddRow(
                    share.Member, share.DataSet, share.Total.ToString("0.###", CultureInfo.InvariantCulture),
                    share.Spent.ToString("0.###", CultureInfo.InvariantCulture));
            }
            people.WriteTable(shares);
        }
    }
}
