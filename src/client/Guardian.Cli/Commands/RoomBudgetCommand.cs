using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room budget</c>: what the next answer costs, and how many are left.</summary>
internal static class RoomBudgetCommand
{
    public static Command Create()
    {
        var room = new RoomArguments();
        var command = new Command("budget", "Show what an answer costs, how exact it will be, and how many are left.");
        room.AddTo(command);
        command.Runs((arguments, terminal, cancellation) => room.WithRoomAsync(arguments, terminal, async (_, client) =>
        {
            var budget = await client.ReadBudgetAsync(cancellation).ConfigureAwait(false);
            terminal.Show(JsonSerializer.SerializeToNode(budget, RoomJson.Default.BudgetDescription)!.AsObject(), people => Show(people, budget));
            return ExitCode.Done;
        }));
        return command;
    }

    private static void Show(IAnsiConsole people, BudgetDescription budget)
    {
        if (budget.Epsilon is not { } price)
        {
            people.WriteLine("the members agreed on exact figures (noise: none): answers cost nothing; thresholds and the difference guard hold all the same");
            return;
        }
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"an answer costs each of its data sets {price}; 95 % of all counts are within {budget.NoiseMargin} of the truth; asking the same again is free"));
        var table = new Table().Border(TableBorder.Rounded).AddColumn("data set").AddColumn(Right("budget")).AddColumn(Right("spent")).AddColumn(Right("answers left"));
        foreach (var dataSet in budget.DataSets)
        {
            table.AddRow(
                new Text(dataSet.Name), new Text(dataSet.Total.ToString("0.###", CultureInfo.InvariantCulture)), new Text(dataSet.Spent.ToString("0.###", CultureInfo.InvariantCulture)),
                new Text(dataSet.AnswersLeft?.ToString(CultureInfo.InvariantCulture) ?? ""));
        }
        people.Write(table);
    }

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned();
}
