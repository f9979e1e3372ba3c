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
public sealed record GuestOutcome(GuestEnd End, uint ExitCode, string Message, Exception? Failure = null);
