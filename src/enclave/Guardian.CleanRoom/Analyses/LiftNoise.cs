using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// Adds privacy noise to the figures of a lift measurement. All figures that one person is in share the answer's epsilon, as
/// <see cref="LiftShares"/> divides it.
/// </summary>
internal sealed class LiftNoise(DisclosureRules rules, RoomContract contract)
{
    private readonly LiftShares? shares = LiftShares.Of(contract);
    private readonly bool hasClusters = contract.Analyses.Lift!.Cluster is not null;

    /// <summary>Adds noise to a count.</summary>
    /// <param name="count">The exact count.</param>
    /// <param name="figure">Persons, exposed or matched.</param>
    public Noised Count(Int128 count, LiftFigure figure) => Add(count, 1, figure, 0);

    /// <summary>Adds noise to the totals of clusters for an outcome. A person is in one cluster of one arm.</summary>
    /// <param name="outcome">Index of the outcome.</param>
    /// <param name="column">Its column, with the cap that counts.</param>
    /// <param name="sums">The exact totals by cluster.</param>
    /// <param name="persons">The persons of each cluster, with noise.</param>
    public IReadOnlyList<ClusterTotal> Clusters(
        int outcome, Column column, IReadOnlyList<MeasureSums> sums, IReadOnlyList<Noised> persons)
    {
        var scale = (double)CellText.Power(column.Places);
        return [.. sums.Zip(persons, (cluster, count) =>
        {
            var distances = Add(cluster.Sum, LiftTotals.Reach(column), LiftFigure.ClusterSum, outcome);
            var values = column.Minimum == 0 ? new Noised(0, 0) : Add(cluster.Count, 1, LiftFigure.ClusterValues, outcome);
            return new ClusterTotal(
                (double)count.Value, (double)(distances.Value + (values.Value * column.Minimum)) / scale, count.Variance,
                (distances.Variance + (values.Variance * column.Minimum * column.Minimum)) / (scale * scale));
        })];
    }

    /// <summary>Computes the bound within which 95 % of the arms' sizes are of the truth; null for exact figures.</summary>
    public double? Margin() => shares is null ? null : DisclosureRules.MarginOf(1 / (double)shares.Parts[(LiftFigure.Persons, 0)]);

    /// <summary>Adds noise to the totals of all arms for an outcome.</summary>
    /// <param name="outcome">Index of the outcome.</param>
    /// <param name="column">Its column, with the cap that counts.</param>
    /// <param name="sums">The exact totals by arm.</param>
    /// <param name="persons">The persons of each arm, with noise.</param>
    public IReadOnlyList<ArmTotal> Totals(
        int outcome, Column column, IReadOnlyList<MeasureSums> sums, IReadOnlyList<Noised> persons)
    {
        if (shares is null)
        {
            return [.. sums.Zip(persons, (arm, count) => LiftTotals.Of(column, arm, (long)count.Value))];
        }
        var scale = (double)CellText.Power(column.Places);
        var (totals, variances) = (new List<ArmTotal>(), new List<NoisyVariance>());
        foreach (var (arm, count) in sums.Zip(persons))
        {
            var cap = LiftTotals.Reach(column);
            var distances = Add(arm.Sum, cap, LiftFigure.Sum, outcome);
            // A minimum other than zero shifts the sum by the number of values.
            var values = column.Minimum == 0 ? new Noised(0, 0) : Add(arm.Count, 1, LiftFigure.Values, outcome);
            var sum = (double)(distances.Value + (values.Value * column.Minimum)) / scale;
            var sumNoise = (distances.Variance + (values.Variance * column.Minimum * column.Minimum)) / (scale * scale);
            totals.Add(new ArmTotal((long)count.Value, sum, sum, count.Variance, sumNoise));
            if (column.Kind != ColumnKind.Flag && !hasClusters)
            {
                var squares = Add(arm.SumOfSquares, cap * cap, LiftFigure.Squares, outcome);
                variances.Add(NoisyVariance.Of(totals[^1], column, distances, values, squares));
            }
        }
        return variances.Count == 0 ? totals : NoisyVariance.Apply(totals, variances);
    }

    /// <summary>Adds noise to the covariate of an arm: once, for all outcomes.</summary>
    public CovariateSums Covariate(Column covariate, MeasureSums sums)
    {
        var reach = LiftTotals.Reach(covariate);
        return new CovariateSums(
            Add(sums.Sum, reach, LiftFigure.CovariateSum, 0), Add(sums.SumOfSquares, reach * reach, LiftFigure.CovariateSquares, 0));
    }

    /// <summary>
    /// Adds noise to an outcome and the covariate. The covariate counts as its distance from the minimum, up to the cap, and as zero where
    /// it is empty: CUPED is valid for any function of data known before. Σ(m+d)e = mΣe + Σde, over persons with the outcome.
    /// </summary>
    public CovariateTotal WithCovariate(
        int index, ArmTotal total, Column outcome, Column covariate, CovariateSums before, ProductSums products,
        IReadOnlyList<Noised>? clusters = null)
    {
        var reach = LiftTotals.Reach(covariate);
        var product = Add(products.Sum, LiftTotals.Reach(outcome) * reach, LiftFigure.Product, index);
        var shared = outcome.Minimum == 0 ? new Noised(0, 0) : Add(products.SecondSum, reach, LiftFigure.SharedSum, index);
        var scale = (double)CellText.Power(covariate.Places);
        var both = scale * (double)CellText.Power(outcome.Places);
        double minimum = outcome.Minimum;
        return new CovariateTotal(
            total,
            (double)before.Sum.Value / scale,
            (double)before.Squares.Value / (scale * scale),
            (double)(product.Value + (shared.Value * outcome.Minimum)) / both,
            before.Sum.Variance / (scale * scale),
            before.Squares.Variance / Math.Pow(scale, 4),
            (product.Variance + (minimum * minimum * shared.Variance)) / (both * both))
        {
            Clusters = clusters?.Select(
                cluster => new CovariateOfCluster((double)cluster.Value / scale, cluster.Variance / (scale * scale))).ToList(),
        };
    }

    /// <summary>Adds noise to the covariate's sums over clusters.</summary>
    public IReadOnlyList<Noised> CovariateOfClusters(Column covariate, IEnumerable<MeasureSums> sums) =>
        [.. sums.Select(cluster => Add(cluster.Sum, LiftTotals.Reach(covariate), LiftFigure.ClusterCovariate, 0))];

    /// <summary>Adds noise to the products of a ratio. Both columns begin at zero, so the distances are the values.</summary>
    /// <param name="index">Index of the ratio.</param>
    /// <param name="numerator">The numerator's total and column.</param>
    /// <param name="denominator">The denominator's total and column.</param>
    /// <param name="products">The exact sum of the products.</param>
    public RatioTotal Ratio(
        int index, (ArmTotal Total, Column Column) numerator, (ArmTotal Total, Column Column) denominator, ProductSums products)
    {
        if (hasClusters)
        {
            return new RatioTotal(numerator.Total, denominator.Total, 0);
        }
        var product = Add(
            products.Sum, LiftTotals.Reach(numerator.Column) * LiftTotals.Reach(denominator.Column), LiftFigure.RatioProduct, index);
        var both = (double)CellText.Power(numerator.Column.Places) * (double)CellText.Power(denominator.Column.Places);
        return new RatioTotal(numerator.Total, denominator.Total, (double)product.Value / both, product.Variance / (both * both));
    }

    private Noised Add(Int128 figure, Int128 sensitivity, LiftFigure kind, int outcome) =>
        shares is null ? new Noised(figure, 0) : rules.NoiseOf(figure, sensitivity, shares.Parts[(kind, outcome)]);
}

/// <summary>Sums of a covariate over an arm: its distances from the minimum, and their squares.</summary>
internal sealed record CovariateSums(Noised Sum, Noised Squares);
