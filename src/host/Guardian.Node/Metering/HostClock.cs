using System.Globalization;
using Guardian.Metering;

namespace Guardian.Node.Metering;

/// <summary>Reads the clocks by which intervals are measured: one that never steps, and the calendar clock.</summary>
internal sealed class HostClock(TimeProvider time)
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
