using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Contract;
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

    private readonly Option<double> clusterSize = new("--cluster-size")
    {
        Description = "With clusters: persons in a cluster on average.",
        DefaultValueFactory = _ => 1,
        HelpName = "NUMBER",
    };

    private readonly Option<double> clusterCorrelation = new("--cluster-correlation")
    {
        Description = "With clusters: the correlation of the outcome within a cluster, such as 0.05 for stores or 0.3 for households.",
        HelpName = "SHARE",
    };

    private readonly Option<string?> outcome = new("--outcome")
    {
        Description = "Outcome or ratio of the contract; by default the first flag or number.",
        HelpName = "COLUMN",
    };

    private readonly Option<double?> denominator = new("--denominator")
    {
        Description = "For a ratio: its denominator per person, such as 0.1 orders; --mean and --deviation are then those of one order.",
        HelpName = "NUMBER",
    };

    private readonly Option<double> explained = new("--explained")
    {
        Description = "With a covariate: the share of the outcome's variance that it explains, the square of the correlation.",
        HelpName = "SHARE",
    };

    private readonly Option<double?> covariateDeviation = new("--covariate-deviation")
    {
        Description = "With --explained and noise: the standard deviation of the covariate.",
        HelpName = "NUMBER",
    };

    public RoomPowerCommand() : base(
        "power", "Before the start: the least effect that the lift of this contract will probably show, noise included.") =>
        AddSymbols(
            contract, persons, rate, mean, deviation, power, outcome, clusterSize, clusterCorrelation, denominator, explained,
            covariateDeviation);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        var design = file.Contract.Analyses.Lift ?? throw CliReasons.NoLift.Refuse($"{file.Path} does not allow lift");
        var expected = new Expectation(
            arguments.GetRequiredValue(persons), arguments.GetValue(power), arguments.GetValue(rate), arguments.GetValue(mean),
            arguments.GetValue(deviation), arguments.GetValue(clusterSize), arguments.GetValue(clusterCorrelation),
            arguments.GetValue(denominator), arguments.GetValue(explained), arguments.GetValue(covariateDeviation));
        if (!expected.IsValid)
        {
            throw CliReasons.BadPower.Refuse("give --rate between 0 and 1, or --mean and --deviation; --power lies between 0 and 1");
        }
        if (!expected.HasValidClusters || design.Cluster is null != (arguments.GetResult(clusterSize) is null or { Implicit: true }))
        {
            throw CliReasons.BadPower.Refuse(design.Cluster is null
                ? "the contract assigns each person alone: omit --cluster-size and --cluster-correlation"
                : $"the contract assigns by {design.Cluster}: give --cluster-size from 1 on, and --cluster-correlation between 0 and 1");
        }
        var ratio = design.Ratios.FirstOrDefault(each => each.Name == arguments.GetValue(outcome));
        if (ratio is null != expected.Denominator is null || (ratio is not null && (expected.IsRate || expected.Denominator <= 0)))
        {
            throw CliReasons.BadPower.Refuse(ratio is null
                ? "--denominator is for a ratio of the contract: name it with --outcome"
                : $"for the ratio {ratio.Name}, give --mean, --deviation and --denominator, greater than 0");
        }
        if (expected.Explained > 0 && (design.Covariate is null || expected.Explained >= 1 || ratio is not null
            || (design.Epsilon is not null && expected.CovariateDeviation is not > 0)))
        {
            throw CliReasons.BadPower.Refuse(design.Covariate is null
                ? "the contract names no covariate: omit --explained"
                : "--explained lies between 0 and 1, is not for ratios, and with noise needs --covariate-deviation");
        }
        var index = ratio?.Numerator ?? FindOutcome(file.Contract, design, arguments.GetValue(outcome), expected.IsRate);
        var result = new LiftForecast(file.Contract, design, index, expected) { Ratio = ratio }.Compute();
        terminal.Show(result, RoomsJson.Default.RoomPowerResult, people => Show(people, result, design, expected.IsRate));
        return ExitCode.Done;
    }

    private static int FindOutcome(RoomContract contract, LiftDesign design, string? name, bool isRate)
    {
        for (var index = 0; index < design.Outcomes.Count; index++)
        {
            var isFlag = design.OutcomeColumn(contract, index).Kind == ColumnKind.Flag;
            if (isFlag == isRate && (name is null || design.Outcomes[index].ToString() == name))
            {
                return index;
            }
        }
        throw CliReasons.BadPower.Refuse(
            (name is null ? "the contract has no " : $"'{name}' is no ") + (isRate ? "flag" : "number") + " among its outcomes, which are "
            + string.Join(", ", design.Outcomes),
            "--rate is for flags, --mean and --deviation are for numbers");
    }

    private static void Show(TextOutput people, RoomPowerResult result, LiftDesign design, bool isRate)
    {
        string Amount(double effect) => isRate
            ? (100 * effect).ToString("F3", CultureInfo.InvariantCulture) + " pp"
            : effect.ToString("F4", CultureInfo.InvariantCulture);
        var table = new TextTable().AddTextColumns("treatment")
            .AddNumberColumns("least absolute effect", "relative", "without noise", "twice the persons");
        if (!isRate)
        {
            table.AddNumberColumns("half the cap");
        }
        foreach (var effect in result.Effects)
        {
            table.AddRow([
                effect.Treatment, Amount(effect.Absolute),
                effect.Relative is { } relative ? (100 * relative).ToString("F1", CultureInfo.InvariantCulture) + " %" : "",
                Amount(effect.WithoutNoise), Amount(effect.TwicePersons),
                .. isRate ? Array.Empty<string>() : [effect.HalfCap is { } half ? Amount(half) : ""]]);
        }
        people.WriteTable(table);
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Outcome} with {Format.Count(result.Persons, "person")}: a true effect of that size is shown with probability "
            + $"{100 * result.Power:0.#} %; "
            + $"smaller ones will mostly stay unseen. The chance of any false finding among all "
            + $"{CountComparisons(design, result.Effects.Count)} comparisons "
            + $"is at most 5 %, and privacy noise is counted in"));
        if (result.SuggestedCap is { } cap)
        {
            people.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"one person may add {result.Cap:0.######}, and noise grows with that cap: "
                + $"with 'caps: {{{result.Outcome}: {cap:0.######}}}' "
                + $"in lift, noise adds only a tenth to the least effect. Values above the cap count as the cap, so choose one that few "
                + $"persons exceed"));
        }
    }

    // With several treatments, all of them together are compared as well.
    internal static int CountComparisons(LiftDesign design, int treatments) =>
        (design.Outcomes.Count + design.Ratios.Count) * (treatments > 1 ? treatments + 1 : treatments);

    /// <summary>The expected outcome.</summary>
    internal sealed record Expectation(
        long Persons, double Power, double? Rate, double? Mean, double? Deviation, double ClusterSize = 1, double ClusterCorrelation = 0,
        double? Denominator = null, double Explained = 0, double? CovariateDeviation = null)
    {
        /// <summary>Kish's design effect: the factor by which clusters raise the variance.</summary>
        public double DesignEffect => 1 + ((ClusterSize - 1) * ClusterCorrelation);

        public bool HasValidClusters => ClusterSize >= 1 && ClusterCorrelation is >= 0 and <= 1;

        public bool IsRate => Rate is > 0 and < 1;

        public bool IsValid => Persons >= 2 && Power is > 0 and < 1 && (IsRate || (Mean is not null && Deviation is > 0));
    }
}

/// <summary>The result of <c>room power</c>.</summary>
/// <param name="Outcome">The outcome of the contract that was asked about.</param>
/// <param name="Cap">The most that one person adds to it; null for a flag.</param>
/// <param name="SuggestedCap">
/// The largest cap at which privacy noise adds a tenth to the least effect; null where it adds less already, or nothing.
/// </param>
internal sealed record RoomPowerResult(
    long Persons, double Power, string Outcome, double? Cap, double? SuggestedCap, IReadOnlyList<EffectResult> Effects);

/// <summary>The least effect that a treatment will probably show.</summary>
/// <param name="Relative">Against control; null when control's mean is zero.</param>
/// <param name="WithoutNoise">The same, absolute, by sampling error alone.</param>
/// <param name="HalfCap">The same with half the cap; null for a flag and for exact figures.</param>
/// <param name="TwicePersons">The same with twice the persons.</param>
internal sealed record EffectResult(
    string Treatment, double Absolute, double? Relative, double WithoutNoise, double? HalfCap, double TwicePersons);
