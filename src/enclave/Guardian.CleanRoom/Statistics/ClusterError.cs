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
    public static ClusterError Of(ArmTotal treated, ArmTotal control)
    {
        var (one, other) = (Residuals(treated), Residuals(control));
        double clusters = one.Count + other.Count;
        double persons = treated.Persons + control.Persons;
        var correction = clusters / Math.Max(clusters - 1, 1) * ((persons - 1) / Math.Max(persons - 2, 1));
        return new ClusterError(
            correction * (one.Square + one.Caution), correction * (other.Square + other.Caution),
            correction * (one.Caution + other.Caution), Math.Max(clusters - 1, 1));
    }

    /// <summary>Counts the clusters of an arm. An empty one counts only where noise hides that it is empty.</summary>
    public static int Count(IEnumerable<ClusterTotal> clusters) =>
        clusters.Count(cluster => cluster.PersonsNoise > 0 || cluster.Persons > 0);

    private static (int Count, double Square, double Caution) Residuals(ArmTotal arm)
    {
        var (mean, squares, noise, doubt) = (arm.Mean, 0.0, 0.0, 0.0);
        foreach (var cluster in arm.Clusters!)
        {
            var residual = cluster.Sum - (mean * cluster.Persons);
            var own = cluster.SumNoise + (mean * mean * cluster.PersonsNoise);
            squares += residual * residual;
            noise += own;
            doubt += (4 * own * Math.Max((residual * residual) - own, 0)) + (VarianceOfSquares * own * own);
        }
        var unit = (double)arm.Persons * arm.Persons;
        return (Count(arm.Clusters!), Math.Max(squares - noise, 0) / unit, Distributions.OneSidedZ95 * Math.Sqrt(doubt) / unit);
    }
}
