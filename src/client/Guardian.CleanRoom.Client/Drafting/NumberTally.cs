namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Numbers of a column: how many, their range, their places, and how they are spread.</summary>
internal sealed class NumberTally
{
    private const int MostPlaces = 6;
    private static readonly long[] Powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    private readonly int[] steps = new int[RoundStep.Count];

    public int Count { get; private set; }

    public decimal Minimum { get; private set; } = decimal.MaxValue;

    public decimal Maximum { get; private set; } = decimal.MinValue;

    /// <summary>Decimal places, at most 6.</summary>
    public int Places { get; private set; }

    /// <summary>Adds a number.</summary>
    /// <param name="millionths">The number times 10^6.</param>
    public void Add(long millionths)
    {
        var number = (decimal)millionths / Powers[MostPlaces];
        Count++;
        (Minimum, Maximum) = (Math.Min(Minimum, number), Math.Max(Maximum, number));
        while (Places < MostPlaces && millionths % Powers[MostPlaces - Places] != 0)
        {
            Places++;
        }
        if (number > 0)
        {
            steps[RoundStep.IndexOf(number)]++;
        }
    }

    /// <summary>The tally of both.</summary>
    public NumberTally Join(NumberTally other)
    {
        var joined = new NumberTally
        {
            Count = Count + other.Count,
            Minimum = Math.Min(Minimum, other.Minimum),
            Maximum = Math.Max(Maximum, other.Maximum),
            Places = Math.Max(Places, other.Places),
        };
        for (var i = 0; i < steps.Length; i++)
        {
            joined.steps[i] = steps[i] + other.steps[i];
        }
        return joined;
    }

    /// <summary>The first step that 99 of 100 numbers do not exceed.</summary>
    public decimal FindCap()
    {
        var (left, index) = (Count - steps.Sum() - (long)Math.Ceiling(0.99 * Count), 0);
        while (left < 0 && index < steps.Length)
        {
            left += steps[index++];
        }
        return index == 0 ? 0 : RoundStep.At(index - 1);
    }
}
