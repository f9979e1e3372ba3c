using Guardian.Refusals;

namespace Guardian.Attestation.Keeping;

/// <summary>The reasons for which collateral is not renewed.</summary>
public static class KeepingReasons
{
#pragma warning disable CS1591 // Each reason carries its meaning.
    public static readonly RefusalReason Unreachable = new(
        "unreachable", RefusalKind.Unavailable, "No collateral service answers.",
        "check the service's address; the collateral that was stored before stays in use");
    public static readonly RefusalReason BadAnswer = new(
        "bad-collateral-answer", RefusalKind.Unavailable,
        "A collateral service gave something else than valid collateral of the platform.");
#pragma warning restore CS1591
}
