namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// Whether the arms have the intended sizes. If they do not, something went wrong before any outcome was measured.
/// </summary>
/// <param name="ChiSquare">Pearson's statistic against the intended shares.</param>
/// <param name="IsMismatch">p is below 0.001, so nobody should draw a verdict on the effect.</param>
public sealed record SampleRatio(double ChiSquare, int DegreesOfFreedom, double PValue, bool IsMismatch)
{
    private const double MismatchLevel = 0.001;

    /// <summary>Tests the sizes of the arms.</summary>
    /// <param name="persons">Persons by arm.</param>
    /// <param name="shares">Intended shares by arm, summing to 1.</param>
    /// <param name="noise">Variance of the privacy noise in each count; a difference that noise alone explains is no mismatch.</param>
    internal static SampleRatio Check(IReadOnlyList<long> persons, IReadOnlyList<double> shares, double noise = 0)
    {
        ArgumentNullException.ThrowIfNull(persons);
        ArgumentNullException.ThrowIfNull(shares);
        var total = persons.Sum();
        var statistic = persons.Zip(shares, (count, share) =>
        {
            var expected = share * total;
            return (count - expected) * (count - expected) / (expected + noise);
        }).Sum();
        var degrees = persons.Count - 1;
        var p = Distributions.ChiSquareUpperTail(statistic, degrees);
        return new SampleRatio(statistic, degrees, p, p < MismatchLevel);
    }
}
