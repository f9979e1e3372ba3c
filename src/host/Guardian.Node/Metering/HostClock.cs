using System.Globalization;

namespace Guardian.Node.Metering;

/// <summary>One look at the host's clocks.</summary>
/// <param name="Boot">Which start of the host this is.</param>
/// <param name="Uptime">Milliseconds since then, suspended time included. It never steps.</param>
/// <param name="Wall">What the host's calendar clock showed, milliseconds since 1970, UTC. It steps.</param>
public readonly record struct ClockReading(Guid Boot, long Uptime, long Wall);

/// <summary>The clocks by which intervals are measured: one that is even, and one that people read.</summary>
public sealed class HostClock(TimeProvider time)
{
    private readonly Guid boot = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    /// <summary>Reads both clocks.</summary>
    public ClockReading Read() => new(boot, ReadUptime(), time.GetUtcNow().ToUnixTimeMilliseconds());

    // proc(5): seconds since boot with two decimals, a blank, and more.
    private static long ReadUptime()
    {
        var text = File.ReadAllText("/proc/uptime");
        return (long)(decimal.Parse(text.AsSpan(0, text.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture) * 1000);
    }
}
