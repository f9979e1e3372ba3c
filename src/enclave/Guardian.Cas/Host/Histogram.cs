using System.Globalization;
using System.Text;

namespace Guardian.Cas.Host;

/// <summary>Counts durations by size, for Prometheus. Thread-safe.</summary>
internal sealed class Histogram
{
    // Seconds. A read takes less than the first, a change in a database far away up to the middle ones.
    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly long[] counts = new long[Bounds.Length + 1];
    private long ticks;

    /// <summary>Counts a duration.</summary>
    public void Add(TimeSpan duration)
    {
        var bucket = Array.FindIndex(Bounds, bound => duration.TotalSeconds <= bound);
        Interlocked.Increment(ref counts[bucket < 0 ? Bounds.Length : bucket]);
        Interlocked.Add(ref ticks, duration.Ticks);
    }

    /// <summary>Writes the lines of the text format.</summary>
    /// <param name="name">The metric's whole name.</param>
    /// <param name="label">A label as <c>name="value"</c>.</param>
    public void Write(StringBuilder text, string name, string label)
    {
        var total = 0L;
        for (var i = 0; i <= Bounds.Length; i++)
        {
            total += Interlocked.Read(ref counts[i]);
            var bound = i < Bounds.Length ? Bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{label},le=\"{bound}\"}} {total}\n");
        }
        text.Append(
            CultureInfo.InvariantCulture, $"{name}_sum{{{label}}} {TimeSpan.FromTicks(Interlocked.Read(ref ticks)).TotalSeconds}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{{{label}}} {total}\n");
    }
}
