namespace Guardian.Metering;

/// <summary>One reading of the host's clocks.</summary>
/// <param name="Boot">The identifier of the host's present boot.</param>
/// <param name="Uptime">Milliseconds since the boot, suspended time included. It never steps.</param>
/// <param name="Wall">The host's calendar clock, in milliseconds since 1970, UTC. It steps.</param>
public readonly record struct ClockReading(Guid Boot, long Uptime, long Wall);
