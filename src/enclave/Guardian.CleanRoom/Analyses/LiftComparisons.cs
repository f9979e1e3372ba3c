using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>Compares every treatment arm with control, outcome by outcome, and judges all comparisons together.</summary>
internal static class LiftComparisons
{
    private const string AnyTreatment = "any treatment";
    private const double Level = 0.05;

    /// <summary>Compares the arms.</summary>
    /// <param name="design">The design of the contract.</param>
    /// <param name="arms">The arms in the order of the column's values.</param>
    /// <param name="isRate">For each outcome whether it is a rate.</param>
    /// <param name="totals">Totals by outcome and arm.</param>
    /// <param name="covariates">Totals with the covariate by outcome and arm; null without one.</param>
    /// <param name="exposed">Persons exposed by arm; null when not known.</param>
    /// <param name="isSound">Whether the experiment allows a verdict.</param>
    /// <returns>Comparisons by outcome.</returns>
    public static IReadOnlyList<IReadOnlyList<LiftComparison>> Compare(
        LiftDesign design, IReadOnlyList<string> arms, IReadOnlyList<bool> isRate,
        IReadOnlyList<IReadOnlyList<ArmTotal>> totals, IReadOnlyList<IReadOnlyList<CovariateTotal>>? covariates,
        IReadOnlyList<double>? exposed, bool isSound)
    {
        var control = arms.ToList().IndexOf(design.Control);
        var treatments = Name(design, arms);
        return Judge(design, isSound, [.. totals.Select((byArm, outcome) => treatments.Select(treatment =>
        {
            var arm = treatment.Arms.Select(each => byArm[each]).Aggregate(ArmTotal.Add);
            var result = isRate[outcome] && design.Cluster is null
                ? Comparison.OfRates(arm, byArm[control])
                : Comparison.OfMeans(arm, byArm[control]);
            var cuped = covariates is null
                ? null
                : CupedComparison.Of(
                    treatment.Arms.Select(each => covariates[outcome][each]).Aggregate(CovariateTotal.Add),
                    covariates[outcome][control]);
            var effect = exposed is null
                ? null
                : ExposedEffect.Of(
                    result, treatment.Arms.Sum(each => exposed[each]) / arm.Persons, exposed[control] / byArm[control].Persons);
            return new LiftComparison(treatment.Name, result, LiftVerdict.NotShown, null, cuped, effect);
        }).ToList())]);
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

    // All comparisons of the report are one family. If the design names a covariate, the test uses the narrowed comparison.
    private static List<List<LiftComparison>> Judge(LiftDesign design, bool isSound, List<List<LiftComparison>> compared)
    {
        var tested = compared.SelectMany(comparisons => comparisons)
            .Where(comparison => Tested(comparison).PValue is not null).ToList();
        var adjusted = Corrections.Adjust(design.Correction, [.. tested.Select(comparison => Tested(comparison).PValue!.Value)]);
        LiftComparison WithVerdict(LiftComparison comparison)
        {
            var index = tested.FindIndex(each => ReferenceEquals(each, comparison));
            double? p = index < 0 ? null : adjusted[index];
            var verdict = !isSound ? LiftVerdict.Withheld
                : p is not < Level ? LiftVerdict.NotShown
                : Tested(comparison).AbsoluteLift > 0 ? LiftVerdict.Increase : LiftVerdict.Decrease;
            return comparison with { Verdict = verdict, AdjustedPValue = p };
        }
        return [.. compared.Select(comparisons => comparisons.Select(WithVerdict).ToList())];
    }

    private static Comparison Tested(LiftComparison comparison) => comparison.Cuped?.Result ?? comparison.Result;
}
