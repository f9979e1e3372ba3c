namespace Guardian.Wasi;

/// <summary>How a guest ended.</summary>
public enum GuestEnd
{
    /// <summary>By itself: <see cref="GuestOutcome.ExitCode"/> is its own.</summary>
    Exited,

    /// <summary>By a trap, such as an access outside its memory, or unreachable code (a C program's <c>abort</c>).</summary>
    Trapped,

    /// <summary>It used up what it may spend.</summary>
    OutOfFuel,

    /// <summary>It was ended from outside.</summary>
    Cancelled,

    /// <summary>It could not be started: an import that there is not, no <c>_start</c>, or more memory than it may have.</summary>
    NotStarted,

    /// <summary>A host call failed in a way that is no guest's fault; see <see cref="GuestOutcome.Failure"/>.</summary>
    HostFailed,
}

/// <summary>How a guest ended.</summary>
/// <param name="End">In which way.</param>
/// <param name="ExitCode">What it gave to <c>proc_exit</c>, 0 when it returned; only when it exited.</param>
/// <param name="Message">For people: what happened and where; empty when it exited.</param>
/// <param name="Failure">What a host call failed with.</param>
public sealed record GuestOutcome(GuestEnd End, uint ExitCode, string Message, Exception? Failure = null)
{
    /// <summary>Exit status of a runner whose own work failed: the program was not run to its end. Programs avoid it, and those below.</summary>
    public const int OwnFailure = 125;

    /// <summary>The exit status that a runner of programs passes on: the program's own, 126 when it is no program, 134 when it trapped, 137 when it was ended.</summary>
    public int ExitStatus => End switch
    {
        // The system keeps 8 bits of it.
        GuestEnd.Exited => (int)(ExitCode & 0xFF),
        GuestEnd.NotStarted => 126,
        GuestEnd.Trapped => 134,
        GuestEnd.HostFailed => OwnFailure,
        _ => 137,
    };
}
