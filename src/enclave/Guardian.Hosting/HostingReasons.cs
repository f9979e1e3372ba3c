using Guardian.Refusals;

namespace Guardian.Hosting;

/// <summary>The reasons for which an enclave program does not start.</summary>
public static class HostingReasons
{
    /// <summary>An option of the program, or a file that an option names, is invalid.</summary>
    public static readonly RefusalReason BadInput = new(
        "bad-input", RefusalKind.Invalid, "An option of the program, or a file that an option names, is invalid.");

    /// <summary>The program refuses to start with what it was given.</summary>
    public static readonly RefusalReason StartRefused = new(
        "start-refused", RefusalKind.Unverified,
        "The program was given something that is not signed, not agreed on, or not for this machine.");

    /// <summary>A file, a socket, a service or the platform failed the program.</summary>
    public static readonly RefusalReason MachineFailed = new(
        "machine-failed", RefusalKind.Unavailable, "A file, a socket, a service or the platform that the program needs does not work.");

    /// <summary>Refuses an option, or a file that an option names.</summary>
    /// <param name="detail">The problem, for people: lower case, no full stop.</param>
    /// <param name="remedy">The step that fixes it; null when there is none.</param>
    /// <returns>The exception to throw.</returns>
    public static RefusedException RefuseInput(string detail, string? remedy = null) =>
        new(BadInput.Because(detail) with { Remedy = remedy });

    /// <summary>Refuses to start.</summary>
    /// <param name="detail">The problem, for people: lower case, no full stop.</param>
    /// <param name="remedy">The step that fixes it; null when there is none.</param>
    /// <returns>The exception to throw.</returns>
    public static RefusedException RefuseStart(string detail, string? remedy = null) =>
        new(StartRefused.Because(detail) with { Remedy = remedy });
}
