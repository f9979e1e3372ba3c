namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// The effect on the persons who were exposed because they were assigned (Bloom 1984; with exposure in control, the local average effect
/// of Imbens and Angrist 1994): the difference between the arms over the difference in exposure. Exposed and unexposed persons are never
/// compared with each other, because they differ in more than exposure.
/// </summary>
/// <param name="ExposedShare">Share of the treatment arm that was exposed.</param>
/// <param name="ControlShare">Share of control that was exposed nevertheless.</param>
/// <param name="Effect">Per exposed person; a rate or a mean.</param>
/// <param name="Interval">95 %.</param>
public sealed record ExposedEffect(double ExposedShare, double ControlShare, double Effect, Interval Interval)
{
    // Below this, a quotient by the difference means nothing.
    private const double LeastDifference = 0.01;

    /// <summary>Computes the effect from the difference between the arms.</summary>
    /// <returns>Null when both arms were exposed nearly alike.</returns>
    internal static ExposedEffect? Of(Comparison result, double exposedShare, double controlShare)
    {
        ArgumentNullException.ThrowIfNull(result);
        var difference = exposedShare - controlShare;
        return difference < LeastDifference
            ? null
            : new ExposedEffect(
                exposedShare, controlShare, result.AbsoluteLift / difference,
                new Interval(result.AbsoluteInterval.Lower / difference, result.AbsoluteInterval.Upper / difference));
    }
}
