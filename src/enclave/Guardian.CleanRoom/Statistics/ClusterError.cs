namespace Guardian.CleanRoom.Statistics;

/// <summary>
/// The squared standard errors of two arms' means when whole clusters were assigned: the sum of the squares of the clusters' residuals
/// (Liang and Zeger 1986), with the correction for few clusters that is called CR1, and a t distribution.
/// </summary>
/// <param name="Treated">The squared error of the treatment arm's mean, without privacy noise in the mean.</param>
/// <param name="Control">The same of control.</param>
/// <param name="Caution">The part of both that is there because noise hides the clusters' true totals.</param>
/// <param name="Degrees">Degrees of freedom.</param>
internal sealed record ClusterError(double Treated, double Control, double Caution, double Degrees)
{
    /// <summary>The least number of clusters of an arm with which a report gives a verdict.</summary>
    public const int LeastClusters = 2;

    // The fourth central moment of Laplace noise is 6 in units of its squared variance.
    private const double VarianceOfSquares = 5;

    /// <summary>Computes the errors of two arms with clusters.</summary>
    public static ClusterError Of(ArmTotal treated, ArmTotal control) => Of(
        Sum(ResidualsOf(treated), treated.Persons), Sum(ResidualsOf(control), control.Persons), treated.Persons + control.Persons);

    /// <summary>Joins the errors of two arms.</summary>
    /// <param name="one">The treatment arm.</param>
    /// <param name="other">Control.</param>
    /// <param name="persons">Persons in both.</param>
    public static ClusterError Of(ClusterSquare one, ClusterSquare other, double persons)
    {
        double clusters = one.Count + other.Count;
        var correction = clusters / Math.Max(clusters - 1, 1) * ((persons - 1) / Math.Max(persons - 2, 1));
        return new ClusterError(
            correction * (one.Square + one.Caution), correction * (other.Square + other.Caution),
            correction * (one.Caution + other.Caution), Math.Max(clusters - 1, 1));
    }

    /// <summary>Adds the squares of the residuals of an arm's clusters.</summary>
    /// <param name="residuals">The residuals.</param>
    /// <param name="unit">The number by which the total of the residuals is divided: the persons of a mean, the denominator of a ratio.
    /// </param>
    public static ClusterSquare Sum(IEnumerable<ClusterResidual> residuals, double unit)
    {
        var (count, squares, noise, doubt) = (0, 0.0, 0.0, 0.0);
        foreach (var (residual, own, counts) in residuals)
        {
            count += counts ? 1 : 0;
            squares += residual * residual;
            noise += own;
            doubt += (4 * own * Math.Max((residual * residual) - own, 0)) + (VarianceOfSquares * own * own);
        }
        return new ClusterSquare(
            count, Math.Max(squares - noise, 0) / (unit * unit), Distributions.OneSidedZ95 * Math.Sqrt(doubt) / (unit * unit));
    }

    /// <summary>Counts the clusters of an arm. An empty one counts only where noise hides that it is empty.</summary>
    public static int Count(IEnumerable<ClusterTotal> clusters) =>
        clusters.Count(cluster => cluster.IsCounted);

    // A cluster's sum less the arm's mean times its persons.
    private static IEnumerable<ClusterResidual> ResidualsOf(ArmTotal arm)
    {
        var mean = arm.Mean;
        return arm.Clusters!.Select(cluster => new ClusterResidual(
            cluster.Sum - (mean * cluster.Persons), cluster.SumNoise + (mean * mean * cluster.PersonsNoise), cluster.IsCounted));
    }
}

/// <summary>A cluster's part in the error of an arm.</summary>
/// <param name="Residual">The difference of its total from what the arm as a whole lets expect.</param>
/// <param name="Noise">Variance of the privacy noise in it.</param>
/// <param name="Counts">Whether the cluster counts as one.</param>
internal readonly record struct ClusterResidual(double Residual, double Noise, bool Counts);

/// <summary>The squares of an arm's residuals.</summary>
/// <param name="Count">Clusters.</param>
/// <param name="Square">The squared error without the correction for few clusters.</param>
/// <param name="Caution">What must be added because noise hides the clusters' true totals.</param>
internal readonly record struct ClusterSquare(int Count, double Square, double Caution);
