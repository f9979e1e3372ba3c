using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Reasons;

/// <summary>The reasons for which the client refuses. A room's own refusals pass through it with the room's code.</summary>
public static class RoomClientReasons
{
    /// <summary>A partner's file, or the contract for it, cannot be used. Nothing was sent.</summary>
    public static readonly RefusalReason BadData = new(
        "bad-data", RefusalKind.Invalid, "A partner's file cannot be read, or does not fit the contract. Nothing was sent.");

    /// <summary>The room does not answer, or the connection broke.</summary>
    public static readonly RefusalReason Unreachable = new(
        "unreachable", RefusalKind.Unavailable, "The room does not answer, or the connection broke.");

    /// <summary>The room's answer is not one that this release can read.</summary>
    public static readonly RefusalReason BadResponse = new(
        "bad-response", RefusalKind.Unavailable, "The room's answer is not one that this release of the client can read.");

    /// <summary>The room's evidence does not verify, or the contract does not accept its enclave. Nothing was sent.</summary>
    public static readonly RefusalReason NotTrusted = new(
        "not-trusted", RefusalKind.Unverified,
        "The room's evidence does not verify, or the contract does not accept its enclave. Nothing was sent.",
        "nothing was sent; ask the operator which code runs there, and compare its measurement with yours: guardian enclave measure");

    /// <summary>The room answered with an HTTP status and without a reason.</summary>
    public static readonly RefusalReason HttpStatus = new(
        "http-status", RefusalKind.Conflict, "The room answered with an HTTP status that reports a failure, and gave no reason.");

    /// <summary>Refuses a partner's file or contract.</summary>
    /// <param name="detail">The problem, for people.</param>
    /// <param name="problems">One line for each place, with row and column.</param>
    internal static RefusedException RefuseData(string detail, params IReadOnlyList<string> problems) =>
        new(BadData.Because(detail) with { Problems = problems });
}
