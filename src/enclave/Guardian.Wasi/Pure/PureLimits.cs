namespace Guardian.Wasi.Pure;

/// <summary>The limits of a program that is run again and again.</summary>
/// <param name="Fuel">Roughly the instructions of one run. Each run takes the time of so many.</param>
/// <param name="MemorySize">The most bytes of memory with which the program may begin; it never gets more.</param>
/// <param name="Threads">The most runs at one time; others wait.</param>
public sealed record PureLimits(ulong Fuel, long MemorySize, int Threads);

/// <summary>The ways in which a run can end.</summary>
public enum PureEnd
{
    /// <summary>It returned, or exited with 0, and wrote exactly the output.</summary>
    Done,

    /// <summary>It exited with another code.</summary>
    Exited,

    /// <summary>It trapped.</summary>
    Trapped,

    /// <summary>It used up its fuel.</summary>
    OutOfFuel,

    /// <summary>It wrote more or fewer bytes than the output has.</summary>
    WrongOutput,
}

/// <summary>How a run ended.</summary>
/// <param name="End">The way in which it ended.</param>
/// <param name="Fuel">The fuel that the program used.</param>
/// <param name="Burned">The fuel that was spent in its place afterwards.</param>
public readonly record struct PureOutcome(PureEnd End, ulong Fuel, ulong Burned);
