namespace Guardian.Wasi;

/// <summary>The limits of a guest.</summary>
public sealed record GuestLimits
{
    /// <summary>Bytes of memory that the guest can grow to; at most 4 GiB, the reach of its addresses. Growing further fails, which a C
    /// program sees as NULL from <c>malloc</c>.</summary>
    public long MemorySize { get; init; } = 4L << 30;

    /// <summary>Roughly the number of instructions that the guest may execute; null for any number. Counting costs up to half of the
    /// speed.</summary>
    public ulong? Fuel { get; init; }
}
