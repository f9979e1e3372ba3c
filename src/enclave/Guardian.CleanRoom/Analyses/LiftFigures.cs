using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>The counts of a lift measurement over some persons, as they may be published.</summary>
/// <param name="Persons">Persons by arm.</param>
/// <param name="Exposed">Exposed persons by arm; null when exposure is not known.</param>
/// <param name="Matched">Matched persons of all arms.</param>
/// <param name="Clusters">Persons by arm and cluster; null when each person was assigned alone.</param>
internal sealed record LiftCounts(
    IReadOnlyList<Noised> Persons, IReadOnlyList<Noised>? Exposed, long Matched, IReadOnlyList<IReadOnlyList<Noised>>? Clusters)
{
    /// <summary>Adds noise to counts. A person is in one arm of one segment, and there in every figure.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="noise">The noise.</param>
    /// <param name="counted">The totals of the persons who count, by arm and cluster.</param>
    /// <param name="matched">The totals of matched persons, by arm and cluster.</param>
    public static LiftCounts Of(LiftPlan plan, LiftNoise noise, CellTotals[] counted, CellTotals[] matched)
    {
        var arms = plan.OfArms(counted);
        var persons = arms.Select(arm => noise.Count(arm.Persons, LiftFigure.Persons)).ToList();
        var exposed = plan.Exposure is null
            ? null
            : arms.Select(arm => noise.Count(arm.Measures[0].Sum, LiftFigure.Exposed)).ToList();
        var inBoth = plan.IsMatchedOnly
            ? (long)persons.Aggregate((Int128)0, (sum, arm) => sum + arm.Value)
            : (long)noise.Count(matched.Sum(cell => cell.Persons), LiftFigure.Matched).Value;
        var clusters = plan.Clusters is null
            ? null
            : counted.Select(cell => noise.Count(cell.Persons, LiftFigure.ClusterPersons)).Chunk(plan.ClusterCount).ToList();
        return new LiftCounts(persons, exposed, inBoth, clusters);
    }

    /// <summary>Joins the counts of two segments.</summary>
    public static LiftCounts Add(LiftCounts one, LiftCounts other) => new(
        [.. one.Persons.Zip(other.Persons, Sum)],
        one.Exposed is null ? null : [.. one.Exposed.Zip(other.Exposed!, Sum)],
        one.Matched + other.Matched,
        one.Clusters is null ? null : [.. one.Clusters.Zip(other.Clusters!, (left, right) => left.Zip(right, Sum).ToList())]);

    /// <summary>Tests the sizes of the arms.</summary>
    /// <param name="shares">Intended shares by arm.</param>
    /// <param name="tests">The number of these tests; together they may raise a false alarm as rarely as one.</param>
    public SampleRatio CheckRatio(IReadOnlyList<double> shares, int tests) => Clusters is null
        ? SampleRatio.Check([.. Persons.Select(arm => (long)arm.Value)], shares, Persons[0].Variance, tests)
        : SampleRatio.CheckClusters([.. Clusters.Select(arm => arm.Select(cluster => (double)cluster.Value).ToList())], shares, tests);

    private static Noised Sum(Noised one, Noised other) => new(one.Value + other.Value, one.Variance + other.Variance);
}

/// <summary>The totals of a lift measurement over some persons, as they may be published.</summary>
/// <param name="Counts">The persons.</param>
/// <param name="Totals">Totals by outcome and arm.</param>
/// <param name="Covariates">Totals with the covariate by outcome and arm; null without one.</param>
/// <param name="Ratios">Totals by ratio and arm; null in the place of a ratio that is withheld.</param>
internal sealed record LiftFigures(
    LiftCounts Counts, IReadOnlyList<IReadOnlyList<ArmTotal>> Totals, IReadOnlyList<IReadOnlyList<CovariateTotal>>? Covariates,
    IReadOnlyList<IReadOnlyList<RatioTotal>?> Ratios)
{
    /// <summary>Adds noise to totals.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="noise">The noise.</param>
    /// <param name="counts">The persons, with noise.</param>
    /// <param name="matched">The totals of matched persons, by arm and cluster.</param>
    /// <param name="areRatiosOpen">For each ratio whether enough persons have a part in it.</param>
    public static LiftFigures Of(
        LiftPlan plan, LiftNoise noise, LiftCounts counts, CellTotals[] matched, IReadOnlyList<bool> areRatiosOpen)
    {
        var sums = plan.OfArms(matched);
        var groups = plan.ClusterCount;
        List<T> ByArm<T>(Func<int, T> compute) => [.. Enumerable.Range(0, plan.Arms.Count).Select(compute)];
        List<MeasureSums> OfClusters(int arm, int measure) =>
            [.. matched.Skip(arm * groups).Take(groups).Select(cell => cell.Measures[measure])];
        var totals = plan.Outcomes.Select((column, outcome) =>
        {
            var byArm = noise.Totals(outcome, column, ByArm(arm => sums[arm].Measures[outcome]), counts.Persons);
            return counts.Clusters is null ? byArm : ByArm(arm => byArm[arm] with
            {
                Clusters = noise.Clusters(outcome, column, OfClusters(arm, outcome), counts.Clusters[arm]),
            });
        }).ToList();
        var ratios = plan.Design.Ratios.Select((ratio, index) =>
        {
            var byArm = ByArm(arm => noise.Ratio(
                index, (totals[ratio.Numerator][arm], plan.Outcomes[ratio.Numerator]),
                (totals[ratio.Denominator][arm], plan.Outcomes[ratio.Denominator]), sums[arm].Products[plan.ProductOf(index)]));
            return areRatiosOpen[index] && byArm.TrueForAll(arm => arm.IsDefined) ? byArm : null;
        }).ToList();
        if (plan.Covariate is not { } covariate)
        {
            return new LiftFigures(counts, totals, null, ratios);
        }
        var last = plan.Outcomes.Count;
        var known = ByArm(arm => noise.Covariate(covariate, sums[arm].Measures[last]));
        var clusters = ByArm(arm => plan.Clusters is null ? null : noise.CovariateOfClusters(covariate, OfClusters(arm, last)));
        var covariates = plan.Outcomes.Select((column, outcome) => ByArm(arm => noise.WithCovariate(
            outcome, totals[outcome][arm], column, covariate, known[arm], sums[arm].Products[outcome], clusters[arm]))).ToList();
        return new LiftFigures(counts, totals, covariates, ratios);
    }

    /// <summary>Whether an arm has too few clusters for a verdict.</summary>
    public bool HasTooFewClusters =>
        Counts.Clusters is not null && Totals[0].Any(arm => ClusterError.Count(arm.Clusters!) < ClusterError.LeastClusters);
}
