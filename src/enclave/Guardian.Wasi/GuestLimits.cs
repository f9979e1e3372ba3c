namespace Guardian.Wasi;

/// <summary>What a guest may spend.</summary>
public sealed record GuestLimits
{
    /// <summary>Bytes of memory that a guest can grow to; beyond that growing fails, which a C program sees as <c>malloc</c> giving NULL. At most 4 GiB, the reach of its addresses.</summary>
    public long MemorySize { get; init; } = 4L << 30;

    /// <summary>About how many instructions it may execute; null for any number. Counting costs up to half of the speed.</summary>
    public ulong? Fuel { get; init; }
}
