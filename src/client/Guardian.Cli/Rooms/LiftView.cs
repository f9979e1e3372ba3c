using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows the effect of a campaign to people: arms, effects, and how they are judged.</summary>
internal static class LiftView
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Shows the arms, the sample ratio and one table of effects.</summary>
    public static void Show(TextOutput people, LiftResult lift)
    {
        people.WriteTable(CreateArms(lift));
        people.WriteTable(CreateEffects(lift));
        ShowNarrowed(people, lift);
        foreach (var line in NoiseAdvice.Of(lift))
        {
            people.WriteLine(line);
        }
        people.WriteLine(DescribeJudgement(lift));
        foreach (var note in new[] { DescribeLooks(lift), DescribeWithheldRatios(lift) }.OfType<string>())
        {
            people.WriteLine(note);
        }
        people.WriteLine(DescribeSampleRatio(lift));
        people.WriteLine(DescribeErrors(lift) + "; intent-to-treat, over "
            + (lift.Population == LiftPopulation.Matched ? "persons in both data sets" : "everyone assigned"));
    }

    /// <summary>The method of the errors, without a full stop.</summary>
    public static string DescribeErrors(LiftResult lift)
    {
        if (lift.Clusters is not { } clusters)
        {
            return "rates: Newcombe and Katz intervals; per head: Welch and delta";
        }
        var count = Format.Number(clusters.Groups);
        return $"errors by {clusters.Column}: "
            + (clusters.AreHashed ? $"{count} groups of whole clusters in each arm" : $"{count} clusters at most")
            + ", cluster-robust (CR1) with the t distribution, delta for ratios; the sample ratio is tested by cluster too";
    }

    /// <summary>The rule by which the comparisons of a report are judged, in a sentence or two.</summary>
    public static string DescribeJudgement(LiftResult lift)
    {
        var judged = lift.Outcomes.Sum(outcome => outcome.Comparisons.Count(comparison => comparison.AdjustedPValue is not null));
        return "A verdict needs an adjusted p below 0.05: "
            + (judged == 1 ? "the comparison is judged by " : $"the {judged} comparisons are judged together by ")
            + (lift.Correction == MultipleTesting.Holm
                ? "Holm's correction, so that the chance of any false finding among them is at most 5 %."
                : "Benjamini and Hochberg's correction, so that at most 5 % of the findings are expected to be false.")
            + (lift.SampleRatio.IsMismatch ? " Here it is withheld, because the arms do not have the intended sizes."
                : lift.Clusters?.AreTooFew == true ? " Here it is withheld, because an arm has fewer than two clusters."
                : "");
    }

    /// <summary>The title of a rate, a mean or a ratio.</summary>
    public static string LevelTitle(LiftOutcome outcome) =>
        outcome.IsRate ? "rate" : outcome.Per is { } per ? $"per {Short(per)}" : "per head";

    /// <summary>Names the ratios that are withheld, in a sentence; null for none.</summary>
    public static string? DescribeWithheldRatios(LiftResult lift)
    {
        var withheld = lift.Outcomes.Where(outcome => outcome.Comparisons.Count == 0).Select(outcome => outcome.Column).ToList();
        return withheld.Count == 0
            ? null
            : $"{string.Join(", ", withheld)}: withheld, because too few persons of an arm have a part in it.";
    }

    /// <summary>Says that verdicts hold at every look, in a sentence; null where they are for one look.</summary>
    public static string? DescribeLooks(LiftResult lift) =>
        lift.Outcomes.SelectMany(outcome => outcome.Comparisons).All(comparison => comparison.AlwaysValid is null)
            ? null
            : "P-values and verdicts are always valid: they hold however often the room is asked again about more persons, "
                + "and whenever somebody stops.";

    /// <summary>The number of comparisons with an effect, of all that are judged together, in a sentence.</summary>
    public static string CountFound(LiftResult lift)
    {
        var judged = lift.Outcomes.SelectMany(outcome => outcome.Comparisons).Where(each => each.AdjustedPValue is not null).ToList();
        var found = judged.Count(each => each.Verdict is LiftVerdict.Increase or LiftVerdict.Decrease);
        return judged.Count == 1
            ? "It is the only comparison."
            : $"{found} of {Format.Count(judged.Count, "comparison")}, judged together, {(found == 1 ? "shows" : "show")} an effect.";
    }

    private static TextTable CreateArms(LiftResult lift)
    {
        var table = new TextTable().AddTextColumns("arm").AddNumberColumns("persons");
        foreach (var outcome in lift.Outcomes)
        {
            table.AddNumberColumns(Short(outcome.Column), LevelTitle(outcome));
        }
        foreach (var arm in lift.Arms)
        {
            var totals = lift.Outcomes.Select(
                outcome => (outcome.IsRate, Total: outcome.Totals.SingleOrDefault(each => each.Arm == arm.Name)));
            table.AddRow([
                arm.Name + (arm.IsControl ? " (control)" : ""), Format.Number(arm.Persons),
                .. totals.SelectMany(each => each.Total is { } total
                    ? new[] { Amount(total.Sum, each.IsRate), Level(total.Mean, each.IsRate) }
                    : ["withheld", ""])]);
        }
        return table;
    }

    private static TextTable CreateEffects(LiftResult lift)
    {
        var table = new TextTable().AddTextColumns("against control", "outcome")
            .AddNumberColumns("absolute lift", "95 % interval", "relative", "95 % interval", "p, adjusted").AddTextColumns("verdict");
        foreach (var (outcome, comparison) in lift.Outcomes.SelectMany(
            outcome => outcome.Comparisons.Select(comparison => (outcome, comparison))))
        {
            var result = comparison.Result;
            table.AddRow(
                comparison.Treatment, Short(outcome.Column),
                Difference(result.AbsoluteLift, outcome.IsRate), Range(result.AbsoluteInterval, outcome.IsRate),
                Percent(result.RelativeLift),
                result.RelativeInterval is { } relative ? $"{Percent(relative.Lower)} to {Percent(relative.Upper)}" : "not defined",
                PValue(comparison.AdjustedPValue), Describe(comparison.Verdict));
        }
        return table;
    }

    // The covariate narrows an effect, and exposure relates it to the exposed; a design may have either.
    private static void ShowNarrowed(TextOutput people, LiftResult lift)
    {
        foreach (var (outcome, comparison) in lift.Outcomes.SelectMany(
            outcome => outcome.Comparisons.Select(comparison => (outcome, comparison))))
        {
            var name = $"{comparison.Treatment}, {Short(outcome.Column)}";
            if (comparison.AlwaysValid is { } always)
            {
                people.WriteLine($"{name}, at every look: {Range(always.Interval, outcome.IsRate)} (95 %)");
            }
            if (comparison.Cuped is { } cuped)
            {
                people.WriteLine(
                    $"{name}, CUPED with {Short(lift.Covariate!)}: {Difference(cuped.Result.AbsoluteLift, outcome.IsRate)} "
                    + $"({Range(cuped.Result.AbsoluteInterval, outcome.IsRate)}), "
                    + (cuped.Result.RelativeInterval is { } relative
                        ? $"{Percent(cuped.Result.RelativeLift)} ({Percent(relative.Lower)} to {Percent(relative.Upper)}), "
                        : "")
                    + "variance less by "
                        + $"{Percent(cuped.VarianceReduction).TrimStart('+')}");
            }
            if (comparison.Exposed is { } exposed)
            {
                people.WriteLine(
                    $"{name}, on the {(exposed.ExposedShare * 100).ToString("F1", Culture)} % who were exposed: "
                    + $"{Difference(exposed.Effect, outcome.IsRate)} ({Range(exposed.Interval, outcome.IsRate)})");
            }
        }
    }

    private static string DescribeSampleRatio(LiftResult lift)
    {
        string Shares(Func<LiftArm, double> share) =>
            string.Join(" / ", lift.Arms.Select(arm => (100 * share(arm)).ToString("F1", Culture)));
        var ratio = lift.SampleRatio;
        var persons = lift.Arms.Sum(arm => arm.Persons);
        var found = $"{Shares(arm => (double)arm.Persons / persons)} % of the persons, {Shares(arm => arm.IntendedShare)} % intended";
        var probability = ratio.PValue < 0.0001 ? "< 0.0001" : string.Create(Culture, $"= {ratio.PValue:F4}");
        return string.Create(Culture, $"sample ratio: {found}; chi-square {ratio.ChiSquare:F4}, p {probability}: ")
            + (ratio.IsMismatch
                ? "MISMATCH - the arms do not have the intended sizes, so draw no conclusion from the figures above"
                : "as intended");
    }

    /// <summary>A verdict in words.</summary>
    public static string Describe(LiftVerdict verdict) => verdict switch
    {
        LiftVerdict.Increase => "raised", LiftVerdict.Decrease => "lowered", LiftVerdict.Withheld => "withheld", _ => "no effect shown",
    };

    private static string Short(string column) => column[(column.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static string Amount(double sum, bool isRate) => isRate ? Format.Number((long)sum) : sum.ToString("N2", Culture);

    private static string Level(double mean, bool isRate) =>
        isRate ? (mean * 100).ToString("F3", Culture) + " %" : mean.ToString("F4", Culture);

    /// <summary>An interval.</summary>
    public static string Range(Interval interval, bool isRate) =>
        $"{Difference(interval.Lower, isRate)} to {Difference(interval.Upper, isRate)}";

    /// <summary>A difference: percentage points for a rate, else an amount.</summary>
    public static string Difference(double value, bool isRate) =>
        isRate ? (value * 100).ToString("+0.000;-0.000", Culture) + " pp" : value.ToString("+0.0000;-0.0000", Culture);

    /// <summary>A relative difference.</summary>
    public static string Percent(double? value) =>
        value is { } number ? (number * 100).ToString("+0.0;-0.0", Culture) + " %" : "not defined";

    /// <summary>A p-value.</summary>
    public static string PValue(double? value) => value is not { } p ? "-" : p < 0.0001 ? "< 0.0001" : p.ToString("F4", Culture);
}
