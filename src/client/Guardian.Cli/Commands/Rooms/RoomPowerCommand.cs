using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room power</c>.</summary>
internal sealed class RoomPowerCommand : LocalCommand
{
    private readonly Argument<string> contract = new("CONTRACT") { Description = "The contract, room.yaml; signed or not." };
    private readonly Option<long> persons = new("--persons")
    {
        Description = "Persons in all arms together who will count.",
        Required = true,
        HelpName = "NUMBER",
    };
    private readonly Option<double?> rate = new("--rate")
    {
        Description = "For a flag: the expected rate in control, such as 0.05.",
        HelpName = "SHARE",
    };
    private readonly Option<double?> mean = new("--mean")
    {
        Description = "For a number: the expected mean in control.",
        HelpName = "NUMBER",
    };
    private readonly Option<double?> deviation = new("--deviation")
    {
        Description = "For a number: its standard deviation.",
        HelpName = "NUMBER",
    };
    private readonly Option<double> power = new("--power")
    {
        Description = "Probability of finding the effect.",
        DefaultValueFactory = _ => 0.8,
        HelpName = "SHARE",
    };

    public RoomPowerCommand() : base(
        "power", "Before the start: the least effect that the lift of this contract will probably show, noise included.") =>
        AddSymbols(contract, persons, rate, mean, deviation, power);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var design = file.Contract.Analyses.Lift ?? throw CliReasons.NoLift.Refuse($"{file.Path} does not allow lift");
        var expected = new Expectation(
            arguments.GetRequiredValue(persons), arguments.GetValue(power), arguments.GetValue(rate), arguments.GetValue(mean),
            arguments.GetValue(deviation));
        if (!expected.IsValid)
        {
            throw CliReasons.BadPower.Refuse("give --rate between 0 and 1, or --mean and --deviation; --power lies between 0 and 1");
        }
        var result = new RoomPowerResult(expected.Persons, expected.Power, [.. FindEffects(file.Contract, design, expected)]);
        terminal.Show(result, RoomsJson.Default.RoomPowerResult, people => Show(people, result, design, expected.IsRate));
        return ExitCode.Done;
    }

    private static void Show(TextOutput people, RoomPowerResult result, LiftDesign design, bool isRate)
    {
        var table = new TextTable().AddTextColumns("treatment").AddNumberColumns("least absolute effect", "relative");
        foreach (var effect in result.Effects)
        {
            table.AddRow(
                effect.Treatment,
                isRate
                    ? (100 * effect.Absolute).ToString("F3", CultureInfo.InvariantCulture) + " pp"
                    : effect.Absolute.ToString("F4", CultureInfo.InvariantCulture),
                effect.Relative is { } relative ? (100 * relative).ToString("F1", CultureInfo.InvariantCulture) + " %" : "");
        }
        people.WriteTable(table);
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"with {result.Persons:N0} persons, a true effect of that size is shown with probability {100 * result.Power:0.#} %; "
            + $"smaller ones will mostly stay unseen. The chance of any false finding among all "
            + $"{CountComparisons(design, result.Effects.Count)} comparisons "
            + $"is at most 5 %, and privacy noise is counted in"));
    }

    // With several treatments, all of them together are compared as well.
    private static int CountComparisons(LiftDesign design, int treatments) =>
        design.Outcomes.Count * (treatments > 1 ? treatments + 1 : treatments);

    private static IEnumerable<EffectResult> FindEffects(RoomContract contract, LiftDesign design, Expectation expected)
    {
        var arms = contract.FindDataSet(design.Assignment.DataSet)!.FindColumn(design.Assignment.Column)!.Values.ToList();
        var control = expected.Persons * design.Shares[arms.IndexOf(design.Control)];
        var treatments = arms.Where(arm => arm != design.Control).ToList();
        // The strictest step of the correction over the family of all comparisons.
        var alpha = 0.05 / CountComparisons(design, treatments.Count);
        var noise = contract.Privacy.Epsilon is { } epsilon
            ? DiscreteLaplace.Variance(design.FiguresPerPerson(contract) / (double)epsilon)
            : 0;
        var cap = (double)design.Outcomes.Max(outcome =>
            contract.FindDataSet(outcome.DataSet)!.FindColumn(outcome.Column) is { } column
                ? column.GreatestInSum / CellText.Power(column.Places)
                : 1);
        foreach (var arm in treatments)
        {
            var treated = expected.Persons * design.Shares[arms.IndexOf(arm)];
            var effect = expected.Rate is { } share
                ? DetectableEffect.OfRates(treated, control, share, noise, alpha, expected.Power)
                : DetectableEffect.OfMeans(
                    treated, control, expected.Mean ?? 0, expected.Deviation ?? 0, noise * cap * cap, alpha, expected.Power);
            yield return new EffectResult(arm, effect.Absolute, effect.Relative);
        }
    }

    private sealed record Expectation(long Persons, double Power, double? Rate, double? Mean, double? Deviation)
    {
        public bool IsRate => Rate is > 0 and < 1;

        public bool IsValid => Persons >= 2 && Power is > 0 and < 1 && (IsRate || (Mean is not null && Deviation is > 0));
    }
}

/// <summary>The result of <c>room power</c>.</summary>
internal sealed record RoomPowerResult(long Persons, double Power, IReadOnlyList<EffectResult> Effects);

/// <summary>The least effect that a treatment will probably show.</summary>
/// <param name="Relative">Against control; null when control's mean is zero.</param>
internal sealed record EffectResult(string Treatment, double Absolute, double? Relative);
