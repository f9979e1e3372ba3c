using Guardian.Refusals;

namespace Guardian.ComputeHost.Quoting;

/// <summary>The reasons for which a quoting service gives no quote.</summary>
public static class QuotingReasons
{
#pragma warning disable CS1591 // Each reason carries its meaning.
    public static readonly RefusalReason Unreachable = new(
        "no-quoting-service", RefusalKind.Unavailable, "The quoting service does not answer.",
        "ask the operator whether guardian-node quoting runs on the host, and whether this machine has a vsock device");
    public static readonly RefusalReason Refused = new(
        "quote-refused", RefusalKind.Unavailable, "The quoting service answers with an error.",
        "the log of the service on the host names the reason");
    public static readonly RefusalReason BadAnswer = new(
        "bad-quoting-answer", RefusalKind.Unavailable, "The quoting service gave something else than an answer to the question.");
#pragma warning restore CS1591
}
