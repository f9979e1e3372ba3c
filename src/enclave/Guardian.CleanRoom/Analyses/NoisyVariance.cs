using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Statistics;

namespace Guardian.CleanRoom.Analyses;

/// <summary>
/// The variance of an outcome in an arm, estimated from noisy figures with caution: an interval must not become narrow because noise made
/// a variance small.
/// </summary>
/// <param name="Estimate">The unbiased estimate, which noise may have carried below zero.</param>
/// <param name="Caution">The amount by which noise may have lowered it: 1.645 standard deviations.</param>
/// <param name="Bound">The greatest variance of values between the bounds at this mean (Bhatia and Davis 2000).</param>
internal sealed record NoisyVariance(double Estimate, double Caution, double Bound)
{
    /// <summary>Estimates the variance of one arm.</summary>
    /// <param name="arm">The arm's persons and sum.</param>
    /// <param name="column">The outcome, with the cap that counts.</param>
    /// <param name="distances">The sum of the distances from the column's minimum.</param>
    /// <param name="values">Persons with a value; unused when the minimum is zero.</param>
    /// <param name="squares">The sum of the squares of the distances.</param>
    public static NoisyVariance Of(ArmTotal arm, Column column, Noised distances, Noised values, Noised squares)
    {
        // Σ(m+d)² = nm² + 2mΣd + Σd², less the square of the sum over the persons: in the codes' units. An empty cell counts as zero.
        var scale = (double)CellText.Power(column.Places);
        double minimum = column.Minimum;
        var mean = arm.Mean * scale;
        var (byDistance, byValue) = (2 * (minimum - mean), (minimum * minimum) - (2 * mean * minimum));
        var sum = (double)squares.Value + (2 * minimum * (double)distances.Value) + (minimum * minimum * (double)values.Value);
        var deviation = Math.Sqrt(
            squares.Variance + (byDistance * byDistance * distances.Variance) + (byValue * byValue * values.Variance)
            + (Math.Pow(mean, 4) * arm.PersonsNoise));
        var unit = scale * scale * Math.Max(arm.Persons - 1, 1);
        var (least, greatest) = (Math.Min(minimum, 0) / scale, Math.Max(column.GreatestInSum, 0) / scale);
        var within = Math.Clamp(arm.Mean, least, greatest);
        return new NoisyVariance(
            (sum - (arm.Persons * mean * mean)) / unit, Distributions.OneSidedZ95 * deviation / unit,
            (greatest - within) * (within - least));
    }

    /// <summary>
    /// Completes the arms of one outcome with their variances. Arms of an experiment vary nearly alike, and the noise of all arms together
    /// weighs less than that of a small one; so an arm takes the upper estimate over all arms, unless its own lower estimate contradicts
    /// it.
    /// </summary>
    public static IReadOnlyList<ArmTotal> Apply(IReadOnlyList<ArmTotal> arms, IReadOnlyList<NoisyVariance> variances)
    {
        var degrees = arms.Select(arm => (double)Math.Max(arm.Persons - 1, 1)).ToList();
        var all = degrees.Sum();
        var pooled = variances.Zip(degrees, (each, weight) => each.Estimate * weight).Sum() / all;
        var caution = Math.Sqrt(variances.Zip(degrees, (each, weight) => Math.Pow(each.Caution * weight, 2)).Sum()) / all;
        return [.. arms.Zip(variances, (arm, own) =>
        {
            var (lower, upper) = (own.Estimate - own.Caution, Math.Max(own.Estimate, 0) + own.Caution);
            var variance = Math.Min(Math.Min(upper, Math.Max(Math.Max(pooled, 0) + caution, lower)), own.Bound);
            var likely = Math.Clamp(Math.Clamp(pooled, lower, upper), 0, variance);
            return arm with
            {
                SumOfSquares = (variance * (arm.Persons - 1)) + (arm.Sum * arm.Sum / arm.Persons),
                Caution = variance - likely,
            };
        })];
    }
}
