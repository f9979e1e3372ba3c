using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Privacy;

/// <summary>The figures of a lift measurement that one person is in.</summary>
public enum LiftFigure
{
    /// <summary>Persons of the arm.</summary>
    Persons,

    /// <summary>Exposed persons of the arm.</summary>
    Exposed,

    /// <summary>Matched persons of all arms, where others count too.</summary>
    Matched,

    /// <summary>An outcome's sum over the arm, as distances from the minimum; for a flag, the persons with it.</summary>
    Sum,

    /// <summary>The sum of the squares of these distances.</summary>
    Squares,

    /// <summary>Persons of the arm with a value, where the minimum is not zero.</summary>
    Values,

    /// <summary>The covariate's sum over the arm.</summary>
    CovariateSum,

    /// <summary>The sum of the covariate's squares.</summary>
    CovariateSquares,

    /// <summary>The sum of outcome times covariate.</summary>
    Product,

    /// <summary>The covariate's sum over persons with a value of the outcome, where the outcome's minimum is not zero.</summary>
    SharedSum,

    /// <summary>Persons of a cluster in the arm, or of a group of clusters.</summary>
    ClusterPersons,

    /// <summary>An outcome's sum over these, as distances from the minimum.</summary>
    ClusterSum,

    /// <summary>Those of them with a value, where the minimum is not zero.</summary>
    ClusterValues,

    /// <summary>The covariate's sum over a cluster in the arm.</summary>
    ClusterCovariate,

    /// <summary>The sum over the arm of a ratio's numerator times its denominator, by index of the ratio.</summary>
    RatioProduct,
}

/// <summary>
/// Divides the epsilon of a lift measurement among the figures that one person is in. A sum decides the width of an interval, so it gets
/// most; counts are hardly disturbed by noise, and squares serve only to estimate a variance (docs/decisions/0128-noise-of-lift.md).
/// </summary>
public sealed class LiftShares
{
    // The smallest unit of epsilon.
    private const decimal Unit = 0.000_000_001m;

    // In thousandths of that of a sum.
    private const int SumWeight = 1_000;
    private const int PersonsWeight = 250;
    private const int CountWeight = 125;
    private const int SquaresWeight = 333;
    private const int CovariateWeight = 500;
    private const int ProductWeight = 250;

    private readonly Dictionary<(LiftFigure Figure, int Outcome), decimal> parts;
    private readonly IReadOnlyList<Column> outcomes;
    private readonly LiftDesign design;
    private readonly Column? covariate;

    private LiftShares(LiftDesign design, RoomContract contract)
    {
        this.design = design;
        covariate = design.Covariate is { } before ? contract.FindDataSet(before.DataSet)!.FindColumn(before.Column) : null;
        outcomes = [.. design.Outcomes.Select((_, outcome) => design.OutcomeColumn(contract, outcome))];
        var weights = Weigh(design).ToList();
        // In whole numbers, rounded down: together the parts are never more than the whole.
        var (all, units) = (
            (long)weights.Sum(each => each.Weight), (long)(design.Epsilon!.Value / contract.Privacy.Influence / Unit));
        parts = weights.ToDictionary(each => (each.Figure, each.Outcome), each => units * each.Weight / all * Unit);
    }

    /// <summary>The part of each figure; figures of no single outcome have the outcome 0.</summary>
    public IReadOnlyDictionary<(LiftFigure Figure, int Outcome), decimal> Parts => parts;

    /// <summary>Divides the epsilon of a contract's lift.</summary>
    /// <returns>The parts; null where figures are exact.</returns>
    public static LiftShares? Of(RoomContract contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return contract.Analyses.Lift is { Epsilon: not null } design ? new LiftShares(design, contract) : null;
    }

    /// <summary>Computes the variance of the noise in a figure of one arm, in the column's units (squared, for squares).</summary>
    /// <param name="figure">Persons, a sum, squares, products, or the covariate's sum.</param>
    /// <param name="outcome">Index of the outcome, or of the ratio.</param>
    public double Variance(LiftFigure figure, int outcome = 0)
    {
        if (figure is LiftFigure.RatioProduct or LiftFigure.Product or LiftFigure.CovariateSum)
        {
            return ProductVariance(figure, outcome);
        }
        var column = outcomes[outcome];
        var scale = (double)CellText.Power(column.Places);
        var reach = (column.GreatestInSum - column.Minimum) / scale;
        var (sensitivity, unit) = figure switch
        {
            LiftFigure.Sum or LiftFigure.ClusterSum => (reach, 1 / scale),
            LiftFigure.Squares => (reach * reach, 1 / (scale * scale)),
            _ => (1, 1),
        };
        return unit * unit * DiscreteLaplace.Variance(sensitivity / unit / (double)parts[(figure, outcome)]);
    }

    // A covariate and the sides of a ratio begin at zero, or count as their distances from the minimum.
    private double ProductVariance(LiftFigure figure, int index)
    {
        List<Column> factors = figure switch
        {
            LiftFigure.RatioProduct => [outcomes[design.Ratios[index].Numerator], outcomes[design.Ratios[index].Denominator]],
            LiftFigure.Product => [outcomes[index], covariate!],
            _ => [covariate!],
        };
        var reach = factors.Aggregate(1.0, (product, column) => product * (column.GreatestInSum - column.Minimum));
        var scale = factors.Aggregate(1.0, (product, column) => product * (double)CellText.Power(column.Places));
        return DiscreteLaplace.Variance(reach / (double)parts[(figure, index)]) / (scale * scale);
    }

    private IEnumerable<(LiftFigure Figure, int Outcome, int Weight)> Weigh(LiftDesign design)
    {
        yield return (LiftFigure.Persons, 0, PersonsWeight);
        if (design.Exposure is not null)
        {
            yield return (LiftFigure.Exposed, 0, CountWeight);
        }
        if (design.Population == LiftPopulation.Assigned)
        {
            yield return (LiftFigure.Matched, 0, CountWeight);
        }
        var (hasCovariate, hasClusters) = (design.Covariate is not null, design.Cluster is not null);
        if (hasClusters)
        {
            yield return (LiftFigure.ClusterPersons, 0, CountWeight);
        }
        if (hasCovariate)
        {
            yield return (LiftFigure.CovariateSum, 0, CovariateWeight);
            yield return (LiftFigure.CovariateSquares, 0, ProductWeight);
            if (hasClusters)
            {
                yield return (LiftFigure.ClusterCovariate, 0, SquaresWeight);
            }
        }
        for (var ratio = 0; ratio < design.Ratios.Count && !hasClusters; ratio++)
        {
            yield return (LiftFigure.RatioProduct, ratio, ProductWeight);
        }
        for (var outcome = 0; outcome < outcomes.Count; outcome++)
        {
            var column = outcomes[outcome];
            yield return (LiftFigure.Sum, outcome, SumWeight);
            if (hasClusters)
            {
                // The squares follow from the clusters' sums.
                yield return (LiftFigure.ClusterSum, outcome, SquaresWeight);
            }
            else if (column.Kind != ColumnKind.Flag)
            {
                yield return (LiftFigure.Squares, outcome, SquaresWeight);
            }
            if (hasCovariate)
            {
                yield return (LiftFigure.Product, outcome, ProductWeight);
            }
            if (column.Minimum == 0)
            {
                continue;
            }
            // The least variance of sum + minimum * values: parts go with the two thirds' powers of a person's part in each.
            var reach = Math.Max(1.0, column.GreatestInSum - column.Minimum);
            var ratio = Math.Pow(Math.Abs((double)column.Minimum) / reach, 2.0 / 3);
            yield return (LiftFigure.Values, outcome, (int)(SumWeight * Math.Clamp(ratio, 0.1, 4)));
            if (hasClusters)
            {
                yield return (LiftFigure.ClusterValues, outcome, (int)(SquaresWeight * Math.Clamp(ratio, 0.1, 4)));
            }
            if (hasCovariate)
            {
                yield return (LiftFigure.SharedSum, outcome, ProductWeight);
            }
        }
    }
}
