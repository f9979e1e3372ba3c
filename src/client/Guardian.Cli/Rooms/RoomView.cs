using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Spectre.Console;

namespace Guardian.Cli.Rooms;

/// <summary>How contracts and answers look to people.</summary>
internal static class RoomView
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static void ShowContract(IAnsiConsole people, RoomFile file, IReadOnlyList<string> signed)
    {
        var contract = file.Contract;
        var facts = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        facts.AddRow("room", contract.Name);
        facts.AddRow("hash", file.Hash);
        facts.AddRow("signed by", signed.Count == 0 ? "nobody yet" : string.Join(", ", signed));
        facts.AddRow("still to sign", string.Join(", ", contract.Members.Select(member => member.Name).Except(signed).DefaultIfEmpty("nobody")));
        foreach (var dataSet in contract.DataSets)
        {
            facts.AddRow(
                $"{dataSet.Name}",
                $"{Terminal.Number(dataSet.MaxRows)} rows at most, of {dataSet.Owner}, by {string.Join(", ", dataSet.Identifier.Columns)}; open to filters: "
                + string.Join(", ", dataSet.Columns.Where(column => column.Filter).Select(column => column.Name).DefaultIfEmpty("nothing")));
        }
        facts.AddRow("privacy", Privacy(contract.Privacy.MinimumAudience, contract.Privacy.Epsilon));
        if (contract.Privacy.Epsilon is null)
        {
            facts.AddRow("mind", "without noise, whoever knows nearly all of a list learns from an exact count whether one person more is a match (docs/explanation/limits.md)");
        }
        people.Write(facts);
    }

    public static string Privacy(int minimumAudience, decimal? epsilon) =>
        $"at least {minimumAudience} persons in every set and outside it; "
        + (epsilon is { } value ? string.Create(Culture, $"every count carries discrete Laplace noise, epsilon {value}") : "exact counts, as the members agreed (noise: none)");

    public static void ShowAnswer(IAnsiConsole people, Answer answer)
    {
        if (answer.Body is OverlapResult overlap)
        {
            people.WriteLine($"{Terminal.Number(overlap.Persons)} persons are in {(answer.DataVersions.Count == 2 ? "both" : $"all {answer.DataVersions.Count}")} data sets{Filters(answer.Question)}");
        }
        if (answer.Body is CrosstabResult crosstab)
        {
            people.Write(CrosstabTable(crosstab));
            if (crosstab.SuppressedCells > 0)
            {
                people.WriteLine($"{crosstab.SuppressedCells} cells are withheld: about fewer than {answer.MinimumAudience} persons, or such that a margin or an earlier answer would give one away");
            }
        }
        if (answer.Body is SumResult sum)
        {
            people.WriteLine(string.Create(Culture, $"{sum.Column} over {Terminal.Number(sum.Persons)} persons{Filters(answer.Question)}: {sum.Sum:N2} in all, {sum.Mean:N4} each; nobody adds more than {sum.Cap:N2}")
                + (sum.Margin is { } range ? string.Create(Culture, $"; within {range:N2} of the truth at 95 %") : ""));
        }
        if (answer.Body is ReachResult reach)
        {
            ShowReach(people, reach, Filters(answer.Question));
        }
        if (answer.Body is LiftResult lift)
        {
            ShowLift(people, lift);
        }
        if (answer.NoiseMargin is { } margin && answer.Body is not LiftResult)
        {
            people.WriteLine($"every count carries noise and is within {margin} of the truth at 95 %");
        }
    }

    /// <summary>Arms, sample ratio, and one table of effects.</summary>
    public static void ShowLift(IAnsiConsole people, LiftResult lift)
    {
        var arms = new Table().Border(TableBorder.Rounded).AddColumn("arm").AddColumn(Right("persons"));
        foreach (var outcome in lift.Outcomes)
        {
            arms.AddColumn(Right(Short(outcome.Column))).AddColumn(Right(outcome.IsRate ? "rate" : "per head"));
        }
        foreach (var arm in lift.Arms)
        {
            arms.AddRow([
                new Text(arm.Name + (arm.IsControl ? " (control)" : "")), new Text(Terminal.Number(arm.Persons)),
                .. lift.Outcomes.SelectMany(outcome =>
                {
                    var total = outcome.Totals.Single(each => each.Arm == arm.Name);
                    return new[] { new Text(Amount(total.Sum, outcome.IsRate)), new Text(Level(total.Mean, outcome.IsRate)) };
                })]);
        }
        people.Write(arms);

        var effects = new Table().Border(TableBorder.Rounded)
            .AddColumn("against control").AddColumn("outcome").AddColumn(Right("absolute lift")).AddColumn(Right("95 % interval"))
            .AddColumn(Right("relative")).AddColumn(Right("95 % interval")).AddColumn(Right("p, adjusted")).AddColumn("verdict");
        foreach (var outcome in lift.Outcomes)
        {
            foreach (var comparison in outcome.Comparisons)
            {
                var result = comparison.Result;
                effects.AddRow(
                    comparison.Treatment, Short(outcome.Column),
                    Difference(result.AbsoluteLift, outcome.IsRate),
                    $"{Difference(result.AbsoluteInterval.Lower, outcome.IsRate)} to {Difference(result.AbsoluteInterval.Upper, outcome.IsRate)}",
                    Percent(result.RelativeLift),
                    result.RelativeInterval is { } relative ? $"{Percent(relative.Lower)} to {Percent(relative.Upper)}" : "not defined",
                    PValue(comparison.AdjustedPValue),
                    Words(comparison.Verdict));
            }
        }
        people.Write(effects);
        ShowNarrowed(people, lift);
        people.WriteLine(Judgement(lift));
        people.WriteLine(Verdict(lift));
        people.WriteLine("rates: Newcombe and Katz intervals; per head: Welch and delta; intent-to-treat, over "
            + (lift.Population == LiftPopulation.Matched ? "persons in both data sets" : "everyone assigned"));
    }

    // What a covariate and exposure add, where the design has them.
    private static void ShowNarrowed(IAnsiConsole people, LiftResult lift)
    {
        foreach (var outcome in lift.Outcomes)
        {
            foreach (var comparison in outcome.Comparisons)
            {
                if (comparison.Cuped is { } cuped)
                {
                    people.WriteLine($"{comparison.Treatment}, {Short(outcome.Column)}, CUPED with {Short(lift.Covariate!)}: {Difference(cuped.Result.AbsoluteLift, outcome.IsRate)} ({Difference(cuped.Result.AbsoluteInterval.Lower, outcome.IsRate)} to {Difference(cuped.Result.AbsoluteInterval.Upper, outcome.IsRate)}), variance less by {Percent(cuped.VarianceReduction).TrimStart('+')}");
                }
                if (comparison.Exposed is { } exposed)
                {
                    people.WriteLine($"{comparison.Treatment}, {Short(outcome.Column)}, on the {(exposed.ExposedShare * 100).ToString("F1", Culture)} % who were exposed: {Difference(exposed.Effect, outcome.IsRate)} ({Difference(exposed.Interval.Lower, outcome.IsRate)} to {Difference(exposed.Interval.Upper, outcome.IsRate)})");
                }
            }
        }
    }

    private static void ShowReach(IAnsiConsole people, ReachResult reach, string filters)
    {
        people.WriteLine(string.Create(Culture, $"{Terminal.Number(reach.Reached)} of {Terminal.Number(reach.Persons)} persons were reached{filters}")
            + (reach.AverageFrequency is { } often ? string.Create(Culture, $", {often:F2} times on average") : ""));
        var table = new Table().Border(TableBorder.Rounded).AddColumn("contacts").AddColumn(Right("persons"));
        foreach (var each in reach.Frequencies)
        {
            table.AddRow($"{each.Times}{(each.OrMore ? " or more" : "")}", each.Persons is { } persons ? Terminal.Number(persons) : "withheld");
        }
        people.Write(table);
    }

    /// <summary>A question in one line.</summary>
    public static string Describe(Question question) =>
        $"{question.Kind}{(question.By.Count > 0 ? $" by {string.Join(", ", question.By)}" : "")}{(question.Column is { } column ? $" of {column}" : "")}{Filters(question)}";

    private static string Words(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "raised", LiftVerdict.Decrease => "lowered", LiftVerdict.Withheld => "withheld", _ => "no effect shown",
    };

    /// <summary>By which rule the comparisons of a report are judged, in a sentence or two.</summary>
    public static string Judgement(LiftResult lift)
    {
        var judged = lift.Outcomes.Sum(outcome => outcome.Comparisons.Count(comparison => comparison.AdjustedPValue is not null));
        return $"A verdict needs an adjusted p below 0.05: the {judged} comparisons are judged together by "
            + (lift.Correction == MultipleTesting.Holm ? "Holm's correction, so that the chance of any false finding among them is at most 5 %." : "Benjamini and Hochberg's correction, so that at most 5 % of the findings are expected to be false.")
            + (lift.SampleRatio.IsMismatch ? " Here it is withheld, because the arms do not have the intended sizes." : "");
    }

    private static string Verdict(LiftResult lift)
    {
        string Shares(Func<LiftArm, double> share) => string.Join(" / ", lift.Arms.Select(arm => (100 * share(arm)).ToString("F1", Culture)));
        var sizes = $"{Shares(arm => (double)arm.Persons / lift.Arms.Sum(each => each.Persons))} % of the persons, {Shares(arm => arm.IntendedShare)} % intended";
        return string.Create(Culture, $"sample ratio: {sizes}; chi-square {lift.SampleRatio.ChiSquare:F4}, p {(lift.SampleRatio.PValue < 0.0001 ? "< 0.0001" : $"= {lift.SampleRatio.PValue:F4}")}: ")
            + (lift.SampleRatio.IsMismatch ? "MISMATCH - the arms do not have the intended sizes, so draw no conclusion from the figures above" : "as intended");
    }

    private static Table CrosstabTable(CrosstabResult crosstab)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(crosstab.By[0]);
        string Shown(CrosstabCell cell) => cell.Persons is { } persons ? Terminal.Number(persons) : "withheld";
        if (crosstab.By.Count == 1)
        {
            table.AddColumn(Right("persons"));
            foreach (var cell in crosstab.Cells)
            {
                table.AddRow(Escaped(cell.Values[0]), Shown(cell));
            }
            return table;
        }
        foreach (var value in crosstab.Cells.Select(cell => cell.Values[1]).Distinct())
        {
            table.AddColumn(Right(value));
        }
        foreach (var row in crosstab.Cells.GroupBy(cell => cell.Values[0]))
        {
            table.AddRow([Escaped(row.Key), .. row.Select(Shown)]);
        }
        return table;
    }

    private static string Filters(Question question) => question.Where.Count == 0
        ? ""
        : $", where {string.Join(" and ", question.Where)}";

    private static TableColumn Right(string title) => new TableColumn(Escaped(title)).RightAligned();

    private static string Escaped(string text) => Markup.Escape(text);

    private static string Short(string column) => column[(column.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static string Amount(double sum, bool isRate) => isRate ? Terminal.Number((long)sum) : sum.ToString("N2", Culture);

    private static string Level(double mean, bool isRate) => isRate ? (mean * 100).ToString("F3", Culture) + " %" : mean.ToString("F4", Culture);

    private static string Difference(double value, bool isRate) =>
        isRate ? (value * 100).ToString("+0.000;-0.000", Culture) + " pp" : value.ToString("+0.0000;-0.0000", Culture);

    private static string Percent(double? value) => value is { } number ? (number * 100).ToString("+0.0;-0.0", Culture) + " %" : "not defined";

    private static string PValue(double? value) => value is not { } p ? "-" : p < 0.0001 ? "< 0.0001" : p.ToString("F4", Culture);
}
