namespace Guardian.CleanRoom.Statistics;

/// <summary>The totals of a cluster in an arm, or of a group of clusters that a hash put together.</summary>
/// <param name="Persons">Its persons.</param>
/// <param name="Sum">The sum of the outcome over them.</param>
/// <param name="PersonsNoise">Variance of the privacy noise in <paramref name="Persons"/>.</param>
/// <param name="SumNoise">The same for <paramref name="Sum"/>.</param>
internal readonly record struct ClusterTotal(double Persons, double Sum, double PersonsNoise = 0, double SumNoise = 0)
{
    /// <summary>Whether it counts as a cluster. An empty one counts only where noise hides that it is empty.</summary>
    public bool IsCounted => PersonsNoise > 0 || Persons > 0;
}
