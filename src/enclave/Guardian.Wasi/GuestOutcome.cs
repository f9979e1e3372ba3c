namespace Guardian.Wasi;

/// <summary>The ways in which a guest can end.</summary>
public enum GuestEnd
{
    /// <summary>It returned or called <c>proc_exit</c>; <see cref="GuestOutcome.ExitCode"/> is its own.</summary>
    Exited,

    /// <summary>It trapped, for example by an access outside its memory or by unreachable code (a C program's <c>abort</c>).</summary>
    Trapped,

    /// <summary>It used up its fuel.</summary>
    OutOfFuel,

    /// <summary>The caller ended it.</summary>
    Cancelled,

    /// <summary>It could not start: an import is unknown, <c>_start</c> is missing, or it asks for more memory than its limit.</summary>
    NotStarted,

    /// <summary>A host call failed, through no fault of the guest; see <see cref="GuestOutcome.Failure"/>.</summary>
    HostFailed,
}

/// <summary>How a guest ended.</summary>
/// <param name="End">The way in which it ended.</param>
/// <param name="ExitCode">The guest's own exit code, 0 when it returned; meaningful only when it exited.</param>
/// <param name="Message">For people: what happened and where; empty when it exited.</param>
/// <param name="Failure">The exception of a failed host call; null otherwise.</param>
public sealed record GuestOutcome(GuestEnd End, uint ExitCode, string Message, Exception? Failure = null)
{
    /// <summary>Exit status of a runner that failed before the program ended. Programs avoid this status and the ones that
    /// <see cref="ExitStatus"/> uses.</summary>
    public const int OwnFailure = 125;

    /// <summary>The exit status for the runner's own caller: the program's own, 126 when it could not start, 134 when it trapped, 137 when
    /// it was ended.</summary>
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
