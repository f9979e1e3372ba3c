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

    /// <summary>A service has no such call.</summary>
    public static readonly RefusalReason NoSuchCall = new(
        "no-such-call", RefusalKind.NotFound, "The service has no call of this path and method.");

    /// <summary>A request is not as HTTP demands.</summary>
    public static readonly RefusalReason BadHttp = new(
        "bad-http", RefusalKind.Invalid, "The request breaks off, is late or too large, or is not as HTTP demands.");

    /// <summary>A fault of the program ended a request.</summary>
    public static readonly RefusalReason Internal = new(
        "internal", RefusalKind.Unavailable, "A fault of the program ended the request; its error output names the place.");

    /// <summary>Explains the status of a request that no call answered.</summary>
    internal static Refusal NotAnswered(int status) => status switch
    {
        404 => NoSuchCall.Because("no call has this path"),
        405 => NoSuchCall.Because("the call of this path has other methods, which the header 'Allow' names"),
        408 => BadHttp.Because("the body did not arrive in time; send it again"),
        413 => BadHttp.Because("the body is too large"),
        >= 500 => Internal.Because("a fault of the program ended the request; its error output names the place"),
        _ => BadHttp.Because("the request breaks off, or is not as HTTP demands"),
    };

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
