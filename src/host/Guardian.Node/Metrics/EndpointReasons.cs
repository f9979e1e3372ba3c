using Guardian.Refusals;

namespace Guardian.Node.Metrics;

/// <summary>The reasons for which the daemon does not serve monitoring.</summary>
internal static class EndpointReasons
{
    public static readonly RefusalReason BadToken = new(
        "bad-monitoring-token", RefusalKind.Invalid, "The file of the monitoring token has no token of a sufficient length.",
        "openssl rand -hex 32 > FILE; chmod 600 FILE");

    public static readonly RefusalReason BadCertificate = new(
        "bad-monitoring-certificate", RefusalKind.Invalid, "The certificate for monitoring, or its key, cannot be used.",
        "give the paths of two PEM files that belong together");
}
