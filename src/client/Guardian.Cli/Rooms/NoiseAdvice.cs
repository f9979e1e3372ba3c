using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Statistics;

namespace Guardian.Cli.Rooms;

/// <summary>Separates the sampling error of a lift measurement from its privacy noise, and says how each becomes smaller.</summary>
internal static class NoiseAdvice
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Writes a line for each outcome; for exact figures it says that all error is sampling error.</summary>
    public static IEnumerable<string> Of(LiftResult lift)
    {
        foreach (var outcome in lift.Outcomes.Where(each => each.Comparisons.Count > 0))
        {
            // The comparison that noise disturbs most.
            var worst = outcome.Comparisons.MaxBy(each => NoiseShare(each.Result))!;
            var name = outcome.Column[(outcome.Column.IndexOf('.', StringComparison.Ordinal) + 1)..];
            yield return worst.Result.NoiseError is null
                ? $"{name}: exact figures, so the intervals show sampling error alone"
                : Describe(name, outcome, worst.Result);
        }
    }

    private static string Describe(string name, LiftOutcome outcome, Comparison result)
    {
        var (sampling, noise) = (SamplingError(result), result.NoiseError ?? 0);
        // Noise is in proportion to the cap; sampling error goes with the root of the persons, and noise with their number.
        var (half, twice) = (
            Math.Sqrt((sampling * sampling) + (noise * noise / 4)) / result.StandardError,
            Math.Sqrt((sampling * sampling / 2) + (noise * noise / 4)) / result.StandardError);
        var cap = outcome.Cap is { } most
            ? string.Create(Culture, $"; a cap of {most / 2:0.####} instead of {most:0.####} would make the interval {Less(half)} narrower")
            : "";
        return string.Create(
            Culture,
            $"{name}: standard error {Error(result.StandardError, outcome.IsRate)}, of which sampling alone is "
            + $"{Error(sampling, outcome.IsRate)} and privacy noise alone {Error(noise, outcome.IsRate)} "
            + $"({100 * NoiseShare(result):0} % of the variance){cap}; twice the persons: {Less(twice)} narrower");
    }

    private static double SamplingError(Comparison result) =>
        result.StandardError * Math.Sqrt(1 - NoiseShare(result));

    private static double NoiseShare(Comparison result) =>
        result.NoiseError is { } noise ? Math.Min(1, Math.Pow(noise / result.StandardError, 2)) : 0;

    private static string Less(double factor) => string.Create(Culture, $"{100 * (1 - factor):0} %");

    private static string Error(double error, bool isRate) =>
        isRate ? (100 * error).ToString("0.000", Culture) + " pp" : error.ToString("0.0000", Culture);
}
