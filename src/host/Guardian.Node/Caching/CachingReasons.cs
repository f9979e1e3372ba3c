using Guardian.Refusals;

namespace Guardian.Node.Caching;

/// <summary>The reasons for which the collateral cache does not start.</summary>
internal static class CachingReasons
{
    public static readonly RefusalReason BadAuthority = new(
        "bad-collateral-authority", RefusalKind.Invalid, "The file of the services' certificate authorities has no certificate in PEM.");

    public static readonly RefusalReason BadRoot = new(
        "bad-collateral-root", RefusalKind.Invalid, "The file of the root of trust has no certificate with a P-256 key.");

    public static readonly RefusalReason BadKey = new(
        "bad-subscription-key", RefusalKind.Invalid, "The file of the subscription key has no key.",
        "get one at Intel's portal for the Provisioning Certification Service, and write it into the file");
}
