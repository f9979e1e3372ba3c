namespace Guardian.CleanRoom.Statistics;

/// <summary>An interval, both ends included.</summary>
public sealed record Interval(double Lower, double Upper);

/// <summary>The totals of an arm for one outcome.</summary>
/// <param name="Persons">Persons in the arm.</param>
/// <param name="Sum">Sum of the outcome over them; for a rate, the number of persons with the flag.</param>
/// <param name="SumOfSquares">Sum of its squares; for a rate, the same as <paramref name="Sum"/>.</param>
/// <param name="PersonsNoise">Variance of the privacy noise in <paramref name="Persons"/>; 0 for an exact count.</param>
/// <param name="SumNoise">Variance of the privacy noise in <paramref name="Sum"/>.</param>
/// <param name="Caution">The part of <see cref="Variance"/> that is there because noise hides the true variance.</param>
internal sealed record ArmTotal(
    long Persons, double Sum, double SumOfSquares, double PersonsNoise = 0, double SumNoise = 0, double Caution = 0)
{
    /// <summary>The totals of its clusters; null when each person was assigned alone.</summary>
    public IReadOnlyList<ClusterTotal>? Clusters { get; init; }

    /// <summary>The rate, or the mean per head.</summary>
    public double Mean => Sum / Persons;

    /// <summary>The variance that privacy noise adds to <see cref="Mean"/> (delta method).</summary>
    public double MeanNoise => (SumNoise + (Mean * Mean * PersonsNoise)) / ((double)Persons * Persons);

    /// <summary>Joins two arms to one.</summary>
    public static ArmTotal operator +(ArmTotal one, ArmTotal other) => Add(one, other);

    /// <summary>Joins two arms to one.</summary>
    public static ArmTotal Add(ArmTotal left, ArmTotal right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new ArmTotal(
            left.Persons + right.Persons, left.Sum + right.Sum, left.SumOfSquares + right.SumOfSquares,
            left.PersonsNoise + right.PersonsNoise, left.SumNoise + right.SumNoise,
            ((left.Persons * left.Caution) + (right.Persons * right.Caution)) / (left.Persons + right.Persons))
        {
            Clusters = left.Clusters is null || right.Clusters is null ? null : [.. left.Clusters, .. right.Clusters],
        };
    }

    /// <summary>The same arm read as a rate: noise may have carried the count below zero or above the number of persons.</summary>
    internal ArmTotal AsRate()
    {
        var sum = Math.Clamp(Sum, 0, Persons);
        return this with { Sum = sum, SumOfSquares = sum };
    }

    // Sample variance, n - 1.
    internal double Variance => Persons < 2 ? 0 : Math.Max(0, (SumOfSquares - (Sum * Sum / Persons)) / (Persons - 1));
}
