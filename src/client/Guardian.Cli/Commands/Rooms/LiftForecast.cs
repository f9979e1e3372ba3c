using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>
/// Computes before an experiment what its lift will show of one outcome, and what a smaller cap or more persons would buy.
/// </summary>
internal sealed class LiftForecast(RoomContract contract, LiftDesign design, int outcome, RoomPowerCommand.Expectation expected)
{
    // Noise should add at most this much to the least effect.
    private const double Tolerated = 1.1;

    private readonly Column column = design.OutcomeColumn(contract, outcome);
    private readonly ClusterCells? clusters = ClusterCells.Of(contract);
    private readonly LiftShares? shares = LiftShares.Of(contract);

    /// <summary>The ratio that is asked about, whose numerator is the outcome; null for the outcome itself.</summary>
    public LiftRatio? Ratio { get; init; }

    private IReadOnlyList<string> Arms =>
        contract.FindDataSet(design.Assignment.DataSet)!.FindColumn(design.Assignment.Column)!.Values;

    private double Cap => column.GreatestInSum / (double)CellText.Power(column.Places);

    public RoomPowerResult Compute()
    {
        var treatments = Arms.Where(arm => arm != design.Control).ToList();
        // The strictest step of the correction over the family of all comparisons.
        var alpha = 0.05 / RoomPowerCommand.CountComparisons(design, treatments.Count);
        DetectableEffect Find(string arm, double persons, double noise) => Effect(arm, alpha, persons * expected.Persons, noise);
        var hasCap = !expected.IsRate && shares is not null;
        var effects = treatments.Select(arm =>
        {
            var effect = Find(arm, 1, 1);
            return new EffectResult(
                arm, effect.Absolute, effect.Relative, Find(arm, 1, 0).Absolute, hasCap ? Find(arm, 1, 0.5).Absolute : null,
                Find(arm, 2, 1).Absolute);
        }).ToList();
        var smallest = treatments.MinBy(arm => design.Shares[Arms.ToList().IndexOf(arm)])!;
        return new RoomPowerResult(
            expected.Persons, expected.Power, Ratio?.Name ?? design.Outcomes[outcome].ToString(), expected.IsRate ? null : Cap,
            hasCap ? SuggestCap(fraction => Find(smallest, 1, fraction).Absolute) : null, effects);
    }

    /// <param name="arm">The treatment.</param>
    /// <param name="alpha">The level of the test.</param>
    /// <param name="persons">Persons in all arms.</param>
    /// <param name="noise">The deviation of the noise over that of the contract: 0 for none, 0.5 for half the cap.</param>
    private DetectableEffect Effect(string arm, double alpha, double persons, double noise)
    {
        var arms = Arms.ToList();
        var (treated, control) = (persons * design.Shares[arms.IndexOf(arm)], persons * design.Shares[arms.IndexOf(design.Control)]);
        double Variance(LiftFigure figure) => shares is null ? 0 : shares.Variance(figure, figure == LiftFigure.Persons ? 0 : outcome);
        var looks = design.LooksAt(contract, [arms.IndexOf(arm), arms.IndexOf(design.Control)]);
        if (Ratio is not null)
        {
            return RatioEffect(Ratio, treated, control, alpha, noise, looks);
        }
        var level = expected.Rate ?? expected.Mean ?? 0;
        var inPersons = noise > 0 ? level * level * Variance(LiftFigure.Persons) : 0;
        var inSum = (noise * noise * Variance(LiftFigure.Sum)) + inPersons;
        var spread = expected.Rate is { } share ? Math.Sqrt(share * (1 - share)) : expected.Deviation ?? 0;
        var narrowing = CovariateNoise(treated, control, spread, noise);
        inSum += narrowing.InSum;
        if (clusters is not null)
        {
            var inCluster = noise > 0
                ? (noise * noise * Variance(LiftFigure.ClusterSum)) + (level * level * Variance(LiftFigure.ClusterPersons))
                : 0;
            return DetectableEffect.OfMeans(
                treated, control, level, spread, inSum, alpha, expected.Power, expected.Explained,
                narrowing.Caution + Math.Max(Caution(treated, spread, inCluster), Caution(control, spread, inCluster)),
                expected.DesignEffect, looks);
        }
        if (expected.Rate is { } rate && expected.Explained == 0)
        {
            return DetectableEffect.OfRates(treated, control, rate, inSum, alpha, expected.Power, looks: looks);
        }
        // The report raises the variance by 1.645 deviations of the noise in the squares of all arms, up to that of values at the bounds.
        // A rate's variance follows from the rate.
        var caution = expected.IsRate ? 0 : Math.Min(
            1.645 * noise * noise * Math.Sqrt(arms.Count * Variance(LiftFigure.Squares)) / persons,
            Math.Max(0, (((noise * Cap) - level) * level) - (spread * spread)));
        return DetectableEffect.OfMeans(
            treated, control, level, spread, inSum, alpha, expected.Power, expected.Explained, caution + narrowing.Caution, looks: looks);
    }

    // Each unit of the denominator has a value with the given deviation, so a ratio is a mean over these units.
    private DetectableEffect RatioEffect(LiftRatio ratio, double treated, double control, double alpha, double noise, LookDesign? looks)
    {
        var (each, mean, spread) = (expected.Denominator!.Value, expected.Mean ?? 0, expected.Deviation ?? 0);
        double Variance(LiftFigure figure, int index) => shares is null || noise == 0 ? 0 : shares.Variance(figure, index);
        var (inNumerator, inDenominator) = (
            noise * noise * Variance(clusters is null ? LiftFigure.Sum : LiftFigure.ClusterSum, ratio.Numerator),
            Variance(clusters is null ? LiftFigure.Sum : LiftFigure.ClusterSum, ratio.Denominator));
        var added = (noise * noise * Variance(LiftFigure.Sum, ratio.Numerator))
            + (mean * mean * Variance(LiftFigure.Sum, ratio.Denominator));
        var least = Math.Min(treated, control);
        // The caution in the variance of numerator - ratio * denominator, per unit of the denominator.
        var caution = clusters is null
            ? 1.645 / (least * each) * Math.Sqrt(
                (Math.Pow(noise, 4) * SquaresNoise(ratio.Numerator)) + (Math.Pow(mean, 4) * SquaresNoise(ratio.Denominator))
                + (4 * mean * mean * noise * noise * Variance(LiftFigure.RatioProduct, design.Ratios.ToList().IndexOf(ratio))))
            : Caution(least * each, spread, inNumerator + (mean * mean * inDenominator));
        return DetectableEffect.OfMeans(
            treated * each, control * each, mean, spread, added, alpha, expected.Power, 0, caution, expected.DesignEffect,
            looks is null ? null : looks with { Persons = looks.Persons * each });

        // A flag has no squares of its own.
        double SquaresNoise(int index) => design.OutcomeColumn(contract, index).Kind == ColumnKind.Flag
            ? 0
            : Variance(LiftFigure.Squares, index);
    }

    // The noise that a covariate brings into the difference, and the amount by which it makes the report overestimate the variance.
    private (double InSum, double Caution) CovariateNoise(double treated, double control, double spread, double noise)
    {
        if (expected.Explained == 0 || shares is null || noise == 0)
        {
            return (0, 0);
        }
        var theta = Math.Sqrt(expected.Explained) * spread / expected.CovariateDeviation!.Value;
        var inProducts = noise * noise * shares.Variance(LiftFigure.Product, outcome);
        return (
            theta * theta * shares.Variance(LiftFigure.CovariateSum),
            2 * theta * 1.645 * Math.Sqrt(inProducts) / Math.Min(treated, control));
    }

    // The report raises the variance by 1.645 deviations of the noise in the squared residuals of an arm's clusters.
    private double Caution(double persons, double deviation, double noise)
    {
        var squares = persons * deviation * deviation * expected.DesignEffect;
        return 1.645 * Math.Sqrt((4 * squares * noise) + (5 * clusters!.Count * noise * noise)) / persons;
    }

    private double? SuggestCap(Func<double, double> effect)
    {
        var wanted = Tolerated * effect(0);
        if (effect(1) <= wanted)
        {
            return null;
        }
        var (low, high) = (0.0, 1.0);
        for (var step = 0; step < 30; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = effect(middle) <= wanted ? (middle, high) : (low, middle);
        }
        // Two digits suffice for a suggestion, and the contract's places bound them.
        var cap = low * Cap;
        var digit = Math.Max(Math.Pow(10, Math.Floor(Math.Log10(Math.Max(cap, 1e-6))) - 1), 1 / (double)CellText.Power(column.Places));
        var rounded = Math.Floor(cap / digit) * digit;
        return rounded > 0 && column.Minimum >= 0 ? rounded : null;
    }
}
