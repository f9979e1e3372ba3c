using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Rooms;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room power</c>: the least effect that a campaign's measurement will probably show, before it starts.</summary>
internal static class RoomPowerCommand
{
    public static Command Create()
    {
        var contract = new Argument<string>("CONTRACT") { Description = "The contract, room.yaml; signed or not." };
        var persons = new Option<long>("--persons") { Description = "Persons in all arms together who will count.", Required = true, HelpName = "NUMBER" };
        var rate = new Option<double?>("--rate") { Description = "For a flag: the rate that control will show, such as 0.05.", HelpName = "SHARE" };
        var mean = new Option<double?>("--mean") { Description = "For a number: the mean that control will show.", HelpName = "NUMBER" };
        var deviation = new Option<double?>("--deviation") { Description = "For a number: its standard deviation.", HelpName = "NUMBER" };
        var power = new Option<double>("--power") { Description = "Probability of finding the effect.", DefaultValueFactory = _ => 0.8, HelpName = "SHARE" };
        var command = new Command("power", "Before the start: the least effect that the lift of this contract will probably show, noise included.") { contract, persons, rate, mean, deviation, power };
        command.Runs((arguments, terminal) =>
        {
            var file = RoomFile.Load(arguments.GetRequiredValue(contract));
            var design = file.Contract.Analyses.Lift
                ?? throw new CliException(ExitCode.Usage, "no-lift", $"{file.Path} does not allow lift");
            var (count, probability) = (arguments.GetRequiredValue(persons), arguments.GetValue(power));
            var isRate = arguments.GetValue(rate) is { } share && share is > 0 and < 1;
            if (count < 2 || probability is <= 0 or >= 1 || (!isRate && (arguments.GetValue(mean) is null || arguments.GetValue(deviation) is not > 0)))
            {
                throw new CliException(ExitCode.Usage, "bad-power", "give --rate between 0 and 1, or --mean and --deviation; --power lies between 0 and 1", hint: "for example: --persons 64000 --rate 0.1");
            }
            var rows = Effects(file.Contract, design, count, probability, arguments.GetValue(rate), arguments.GetValue(mean) ?? 0, arguments.GetValue(deviation) ?? 0).ToList();
            terminal.Show(
                new JsonObject
                {
                    ["persons"] = count,
                    ["power"] = probability,
                    ["effects"] = new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject { ["treatment"] = row.Arm, ["absolute"] = row.Effect.Absolute, ["relative"] = row.Effect.Relative })]),
                },
                people =>
                {
                    var table = new Table().Border(TableBorder.Rounded).AddColumn("treatment").AddColumn(new TableColumn("least absolute effect").RightAligned()).AddColumn(new TableColumn("relative").RightAligned());
                    foreach (var (arm, effect) in rows)
                    {
                        table.AddRow(
                            new Text(arm), new Text(isRate ? (100 * effect.Absolute).ToString("F3", CultureInfo.InvariantCulture) + " pp" : effect.Absolute.ToString("F4", CultureInfo.InvariantCulture)),
                            new Text(effect.Relative is { } relative ? (100 * relative).ToString("F1", CultureInfo.InvariantCulture) + " %" : ""));
                    }
                    people.Write(table);
                    people.WriteLine(string.Create(
                        CultureInfo.InvariantCulture, $"with {count:N0} persons, a true effect of that size is shown with probability {100 * probability:0.#} %; smaller ones will mostly go unseen. The chance of any false finding among all {Comparisons(design, rows.Count)} comparisons is at most 5 %, and privacy noise is counted in"));
                });
            return ExitCode.Done;
        });
        return command;
    }

    // With several treatments, all of them together are compared as well.
    private static int Comparisons(LiftDesign design, int treatments) => design.Outcomes.Count * (treatments > 1 ? treatments + 1 : treatments);

    private static IEnumerable<(string Arm, DetectableEffect Effect)> Effects(RoomContract contract, LiftDesign design, long persons, double power, double? rate, double mean, double deviation)
    {
        var arms = contract.FindDataSet(design.Assignment.DataSet)!.FindColumn(design.Assignment.Column)!.Values;
        var control = persons * design.Shares[arms.ToList().IndexOf(design.Control)];
        var treatments = arms.Where(arm => arm != design.Control).ToList();
        // Every comparison of the report is one of a family; this is what the strictest step of the correction leaves.
        var alpha = 0.05 / Comparisons(design, treatments.Count);
        var noise = contract.Privacy.Epsilon is { } epsilon ? DiscreteLaplace.Variance(design.FiguresPerPerson(contract) / (double)epsilon) : 0;
        var cap = (double)design.Outcomes.Max(outcome => contract.FindDataSet(outcome.DataSet)!.FindColumn(outcome.Column) is { } column ? column.GreatestInSum / CellText.Power(column.Places) : 1);
        return treatments.Select(arm =>
        {
            var treated = persons * design.Shares[arms.ToList().IndexOf(arm)];
            return (arm, rate is { } share
                ? DetectableEffect.OfRates(treated, control, share, noise, alpha, power)
                : DetectableEffect.OfMeans(treated, control, mean, deviation, noise * cap * cap, alpha, power));
        });
    }
}
