namespace Guardian.Wasi;

/// <summary>The limits of a guest.</summary>
public sealed record GuestLimits
{
    /// <summary>Bytes that the guest can use for its own memory, its tables and its exceptions together. Growing further fails, which a C
    /// program sees as NULL from <c>malloc</c>. Null for 4 GiB of its own memory, the reach of its addresses.</summary>
    public long? MemorySize { get; init; }

    /// <summary>Roughly the number of instructions that the guest may execute; null for any number. Counting costs up to half of the
    /// speed.</summary>
    public ulong? Fuel { get; init; }
}
