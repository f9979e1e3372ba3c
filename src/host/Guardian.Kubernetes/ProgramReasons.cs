using Guardian.Refusals;

namespace Guardian.Kubernetes;

/// <summary>The reasons for which a program for an enclave is not started with the settings that it has.</summary>
public static class ProgramReasons
{
    /// <summary>A program has no session.</summary>
    public static readonly RefusalReason NoSession = new(
        "no-session", RefusalKind.Invalid,
        "A process is a program for an enclave, and neither the container, the pod nor the node names its session and CAS.",
        "annotate the pod with org.guardian.session and org.guardian.cas, or set the variables GUARDIAN_SESSION and GUARDIAN_CAS");

    /// <summary>A setting is malformed.</summary>
    public static readonly RefusalReason BadSetting = new(
        "bad-setting", RefusalKind.Invalid, "An annotation or a variable of the container is malformed.");
}
