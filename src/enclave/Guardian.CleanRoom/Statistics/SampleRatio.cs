namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// Whether the arms have the intended sizes. If they do not, something went wrong before any outcome was measured.
/// </summary>
/// <param name="ChiSquare">Pearson's statistic against the intended shares.</param>
/// <param name="IsMismatch">p is below 0.001, divided by the number of segments, so nobody should draw a verdict on the effect.</param>
public sealed record SampleRatio(double ChiSquare, int DegreesOfFreedom, double PValue, bool IsMismatch)
{
    private const double MismatchLevel = 0.001;

    /// <summary>Tests the sizes of the arms.</summary>
    /// <param name="persons">Persons by arm.</param>
    /// <param name="shares">Intended shares by arm, summing to 1.</param>
    /// <param name="noise">Variance of the privacy noise in each count; a difference that noise alone explains is no mismatch.</param>
    /// <param name="tests">The number of tests, one for each segment, of which none should raise a false alarm (Bonferroni).</param>
    internal static SampleRatio Check(IReadOnlyList<long> persons, IReadOnlyList<double> shares, double noise = 0, int tests = 1)
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
        return Judge(statistic, degrees, tests);
    }

    /// <summary>
    /// Tests the sizes of the arms when whole clusters were assigned. Each cluster (or group of clusters) contributes the difference of its
    /// persons in an arm from the intended share of its persons; under the intended assignment these are independent with mean zero. Noise
    /// in the persons is part of both the differences and their variance.
    /// </summary>
    /// <param name="persons">Persons by arm and cluster.</param>
    /// <param name="shares">Intended shares by arm, summing to 1.</param>
    /// <param name="tests">As for single persons.</param>
    internal static SampleRatio CheckClusters(
        IReadOnlyList<IReadOnlyList<double>> persons, IReadOnlyList<double> shares, int tests = 1)
    {
        // The last arm follows from the others.
        var degrees = persons.Count - 1;
        var sum = new double[degrees];
        var squares = Enumerable.Range(0, degrees).Select(_ => new double[degrees]).ToArray();
        for (var cluster = 0; cluster < persons[0].Count; cluster++)
        {
            var all = persons.Sum(arm => arm[cluster]);
            var differences = Enumerable.Range(0, degrees).Select(arm => persons[arm][cluster] - (shares[arm] * all)).ToArray();
            for (var row = 0; row < degrees; row++)
            {
                sum[row] += differences[row];
                for (var column = 0; column < degrees; column++)
                {
                    squares[row][column] += differences[row] * differences[column];
                }
            }
        }
        return Judge(QuadraticForm(squares, sum), degrees, tests);
    }

    private static SampleRatio Judge(double statistic, int degrees, int tests)
    {
        var p = Distributions.ChiSquareUpperTail(statistic, degrees);
        return new SampleRatio(statistic, degrees, p, p < MismatchLevel / tests);
    }

    // v' M^-1 v by elimination. Directions without variance, as with a single cluster, add nothing.
    private static double QuadraticForm(double[][] matrix, double[] vector)
    {
        var total = 0.0;
        for (var step = 0; step < vector.Length; step++)
        {
            var pivot = matrix[step][step];
            if (pivot <= 1e-9)
            {
                continue;
            }
            total += vector[step] * vector[step] / pivot;
            for (var row = step + 1; row < vector.Length; row++)
            {
                var factor = matrix[row][step] / pivot;
                vector[row] -= factor * vector[step];
                for (var column = step + 1; column < vector.Length; column++)
                {
                    matrix[row][column] -= factor * matrix[step][column];
                }
            }
        }
        return total;
    }
}
