using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Compares every treatment arm with control, outcome by outcome, and judges all comparisons together.</summary>
internal static class LiftComparisons
{
    private const string AnyTreatment = "any treatment";
    private const double Level = 0.05;

    /// <summary>Compares the arms of each segment.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="segments">The figures of each segment.</param>
    /// <param name="areSound">For each segment whether the experiment allows a verdict.</param>
    /// <returns>Comparisons by segment and outcome.</returns>
    public static IReadOnlyList<IReadOnlyList<IReadOnlyList<LiftComparison>>> Compare(
        LiftPlan plan, IReadOnlyList<LiftFigures> segments, IReadOnlyList<bool> areSound)
    {
        var treatments = Name(plan.Design, plan.Arms);
        // With Bonferroni's level, all intervals together hold with 95 %.
        var together = plan.Segments is null
            ? (double?)null
            : Level / (segments.Count * plan.FamilySize * treatments.Count);
        // A ratio that is withheld has no comparison.
        IReadOnlyList<(string Name, IReadOnlyList<int> Arms)> TreatmentsOf(LiftFigures figures, int outcome) =>
            outcome < plan.Outcomes.Count || figures.Ratios[outcome - plan.Outcomes.Count] is not null ? treatments : [];
        var compared = segments.Select(
            figures => Enumerable.Range(0, plan.FamilySize).Select(outcome => TreatmentsOf(figures, outcome).Select(treatment =>
        {
            var plain = Compare(plan, figures, outcome, treatment, Level);
            if (together is not { } level)
            {
                return plain;
            }
            var wide = Compare(plan, figures, outcome, treatment, level);
            return plain with
            {
                Simultaneous = new SimultaneousIntervals(wide.AlwaysValid?.Interval ?? TestedResult(wide).AbsoluteInterval,
                    wide.AlwaysValid is null ? TestedResult(wide).RelativeInterval : null),
            };
        }).ToList()).ToList()).ToList();
        return Judge(plan.Design, areSound, compared);
    }

    // An effect that is looked at more than once is judged by what holds at every look.
    private static LiftComparison Compare(
        LiftPlan plan, LiftFigures figures, int outcome, (string Name, IReadOnlyList<int> Arms) treatment, double level)
    {
        var compared = CompareOnce(plan, figures, outcome, treatment, level);
        List<int> arms = [.. treatment.Arms, plan.Arms.ToList().IndexOf(plan.Design.Control)];
        return plan.LooksAt(arms) is { } looks
            ? compared with
            {
                AlwaysValid = AlwaysValid.Of(
                    TestedResult(compared), arms.Sum(arm => (double)figures.Counts.Persons[arm].Value), looks, level),
            }
            : compared;
    }

    private static LiftComparison CompareOnce(
        LiftPlan plan, LiftFigures figures, int outcome, (string Name, IReadOnlyList<int> Arms) treatment, double level)
    {
        var control = plan.Arms.ToList().IndexOf(plan.Design.Control);
        if (outcome >= plan.Outcomes.Count)
        {
            var ratios = figures.Ratios[outcome - plan.Outcomes.Count]!;
            return new LiftComparison(
                treatment.Name,
                RatioTotal.Compare(treatment.Arms.Select(each => ratios[each]).Aggregate(RatioTotal.Add), ratios[control], level),
                LiftVerdict.NotShown, null);
        }
        var byArm = figures.Totals[outcome];
        var arm = treatment.Arms.Select(each => byArm[each]).Aggregate(ArmTotal.Add);
        var result = plan.Outcomes[outcome].Kind == ColumnKind.Flag && plan.Clusters is null
            ? Comparison.OfRates(arm, byArm[control], level)
            : Comparison.OfMeans(arm, byArm[control], level);
        var cuped = figures.Covariates?[outcome] is { } covariates
            ? CupedComparison.Of(
                treatment.Arms.Select(each => covariates[each]).Aggregate(CovariateTotal.Add), covariates[control], level)
            : null;
        var effect = figures.Counts.Exposed is { } exposed
            ? ExposedEffect.Of(
                result, treatment.Arms.Sum(each => (double)exposed[each].Value) / arm.Persons,
                (double)exposed[control].Value / byArm[control].Persons)
            : null;
        return new LiftComparison(treatment.Name, result, LiftVerdict.NotShown, null, cuped, effect);
    }

    /// <summary>Names the treatments that are compared with control: each arm, and if there are several, all of them together.</summary>
    /// <param name="design">The design of the contract.</param>
    /// <param name="arms">The arms in the order of the column's values.</param>
    /// <returns>Each treatment with the indices of its arms.</returns>
    public static IReadOnlyList<(string Name, IReadOnlyList<int> Arms)> Name(LiftDesign design, IReadOnlyList<string> arms)
    {
        var treated = Enumerable.Range(0, arms.Count).Where(arm => arms[arm] != design.Control).ToList();
        List<(string, IReadOnlyList<int>)> treatments = [.. treated.Select(arm => (arms[arm], (IReadOnlyList<int>)[arm]))];
        return treated.Count > 1 ? [.. treatments, (AnyTreatment, treated)] : treatments;
    }

    // All comparisons of the answer are one family. If the design names a covariate, the test uses the narrowed comparison.
    private static List<List<List<LiftComparison>>> Judge(
        LiftDesign design, IReadOnlyList<bool> areSound, List<List<List<LiftComparison>>> compared)
    {
        var tested = compared.SelectMany(segment => segment).SelectMany(comparisons => comparisons)
            .Where(comparison => PValueOf(comparison) is not null).ToList();
        var adjusted = Corrections.Adjust(design.Correction, [.. tested.Select(comparison => PValueOf(comparison)!.Value)]);
        LiftComparison WithVerdict(LiftComparison comparison, bool isSound)
        {
            var index = tested.FindIndex(each => ReferenceEquals(each, comparison));
            double? p = index < 0 ? null : adjusted[index];
            var verdict = !isSound ? LiftVerdict.Withheld
                : p is not < Level ? LiftVerdict.NotShown
                : TestedResult(comparison).AbsoluteLift > 0 ? LiftVerdict.Increase : LiftVerdict.Decrease;
            return comparison with { Verdict = verdict, AdjustedPValue = p };
        }
        return [.. compared.Select((segment, index) => segment.Select(
            comparisons => comparisons.Select(comparison => WithVerdict(comparison, areSound[index])).ToList()).ToList())];
    }

    private static Comparison TestedResult(LiftComparison comparison) => comparison.Cuped?.Result ?? comparison.Result;

    private static double? PValueOf(LiftComparison comparison) => comparison.AlwaysValid?.PValue ?? TestedResult(comparison).PValue;
}
