using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>The costs of a campaign, for its return. They never leave the member's computer.</summary>
/// <param name="ByArm">The cost of each treatment arm.</param>
/// <param name="Currency">Its unit, such as EUR.</param>
/// <param name="Revenue">The outcome that is revenue, <c>dataset.column</c>.</param>
/// <param name="Margin">The share of revenue that counts as return, up to 1.</param>
internal sealed record CampaignCosts(IReadOnlyDictionary<string, double> ByArm, string Currency, string Revenue, double Margin);

/// <summary>The return of a treatment: incremental revenue over cost (iROAS).</summary>
/// <param name="Treatment">The arm, or "any treatment".</param>
/// <param name="Cost">Its cost.</param>
/// <param name="IncrementalRevenue">The revenue of its persons beyond what they would have brought without the campaign.</param>
/// <param name="IncrementalInterval">95 %, with the privacy noise.</param>
/// <param name="Return">Incremental revenue times the margin, per unit of cost.</param>
/// <param name="ReturnInterval">95 %.</param>
/// <param name="PaysOff">True or false where the whole interval is above or below 1; null where it is not shown.</param>
internal sealed record ReturnOnCost(
    string Treatment, double Cost, double IncrementalRevenue, Interval IncrementalInterval, double Return, Interval ReturnInterval,
    bool? PaysOff);

/// <summary>Computes the return of a campaign from a signed report and the costs.</summary>
internal static class LiftMoney
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>
    /// Computes the return of each treatment whose cost is known. Where the report is narrowed by a covariate, so is this.
    /// </summary>
    public static IReadOnlyList<ReturnOnCost> Of(LiftResult lift, CampaignCosts costs)
    {
        var outcome = lift.Outcomes.Single(each => each.Column == costs.Revenue);
        return [.. outcome.Comparisons.Where(each => CostOf(lift, costs, each) is not null).Select(comparison =>
        {
            var (result, cost) = (comparison.Cuped?.Result ?? comparison.Result, CostOf(lift, costs, comparison)!.Value);
            var persons = ArmsOf(lift, comparison).Sum(arm => arm.Persons);
            Interval Scale(double factor) => new(result.AbsoluteInterval.Lower * factor, result.AbsoluteInterval.Upper * factor);
            var perCost = Scale(persons * costs.Margin / cost);
            bool? paysOff = comparison.Verdict == LiftVerdict.Withheld ? null
                : perCost.Lower > 1 ? true
                : perCost.Upper < 1 ? false
                : null;
            return new ReturnOnCost(
                comparison.Treatment, cost, result.AbsoluteLift * persons, Scale(persons),
                result.AbsoluteLift * persons * costs.Margin / cost,
                perCost, paysOff);
        })];
    }

    /// <summary>A return in a sentence.</summary>
    public static string Describe(ReturnOnCost each, CampaignCosts costs)
    {
        string Range(Interval interval, string format) =>
            $"(95 %: {interval.Lower.ToString(format, Culture)} to {interval.Upper.ToString(format, Culture)})";
        var revenue = string.Create(Culture, $"{each.IncrementalRevenue:N0} {costs.Currency} more revenue than without the campaign");
        var perCost = string.Create(Culture, $"{each.Return:0.00} per {costs.Currency} spent");
        return $"{each.Treatment}: {revenue} {Range(each.IncrementalInterval, "N0")} for {each.Cost.ToString("N0", Culture)} "
            + $"{costs.Currency}: {perCost} {Range(each.ReturnInterval, "0.00")}"
            + (costs.Margin < 1 ? string.Create(Culture, $", at a margin of {100 * costs.Margin:0.#} %") : "")
            + (each.PaysOff is not { } paysOff ? "; neither profit nor loss is shown"
                : paysOff ? "; it pays off"
                : "; it does not pay off");
    }

    /// <summary>Shows the returns below a report.</summary>
    public static void Show(TextOutput people, LiftResult lift, CampaignCosts costs)
    {
        foreach (var each in Of(lift, costs))
        {
            people.WriteLine(Describe(each, costs));
        }
    }

    private static double? CostOf(LiftResult lift, CampaignCosts costs, LiftComparison comparison)
    {
        var arms = ArmsOf(lift, comparison).ToList();
        return arms.TrueForAll(arm => costs.ByArm.ContainsKey(arm.Name)) ? arms.Sum(arm => costs.ByArm[arm.Name]) : null;
    }

    // A comparison is about its arm, or about all arms but control.
    private static IEnumerable<LiftArm> ArmsOf(LiftResult lift, LiftComparison comparison) =>
        lift.Arms.Any(arm => arm.Name == comparison.Treatment)
            ? lift.Arms.Where(arm => arm.Name == comparison.Treatment)
            : lift.Arms.Where(arm => !arm.IsControl);
}
