using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.Cas;

/// <summary>Measures and prints.</summary>
internal static class Measurement
{
    /// <summary>Repeats work for a time.</summary>
    /// <returns>Processor time of each, in microseconds.</returns>
    public static async Task<double> MeasureAsync(TimeSpan duration, Func<int, Task> work)
    {
        var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var count = 0;
        for (; clock.Elapsed < duration || count == 0; count++)
        {
            await work(count).ConfigureAwait(false);
        }
        return (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / count;
    }

    /// <summary>Lets writers repeat work at once for a time.</summary>
    public static async Task<(double PerSecond, double Microseconds)> MeasureRateAsync(
        TimeSpan duration, int writers, Func<int, int, Task> work)
    {
        var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var counts = await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var count = 0;
            for (; clock.Elapsed < duration; count++)
            {
                await work(writer, (writer * 7919) + count).ConfigureAwait(false);
            }
            return count;
        }))).ConfigureAwait(false);
        return (counts.Sum() / clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / counts.Sum());
    }

    /// <summary>The median.</summary>
    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Prints a figure.</summary>
    public static void Row(string what, double value) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-60} {value,10:F1}"));

    /// <summary>Ends the bench when a measured call failed.</summary>
    public static void Expect(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("a measured call failed");
        }
    }

    /// <summary>Prints a figure and its goal.</summary>
    /// <returns>Whether the goal is met.</returns>
    public static bool Judge(string what, double value, double atMost = double.MaxValue, double atLeast = 0)
    {
        var isMet = value <= atMost && value >= atLeast;
        var goal = atLeast > 0 ? $"at least {atLeast}" : $"at most {atMost}";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  {what,-60} {value,10:F2}    {goal}: {(isMet ? "met" : "NOT MET")}"));
        return isMet;
    }

    /// <summary>The value below which a part of all values is.</summary>
    /// <param name="part">0 to 1.</param>
    public static double Percentile(IReadOnlyCollection<double> values, double part) =>
        values.Order().ElementAt(Math.Min(values.Count - 1, (int)(values.Count * part)));
}
