using Guardian.Refusals;

namespace Guardian.Oci.Base;

/// <summary>
/// The reasons for which a container is not started. The engine shows them: <c>docker run</c> as its error, Kubernetes as the pod's event.
/// </summary>
public static class OciReasons
{
    /// <summary>Somebody executes a command in an enclave.</summary>
    public static readonly RefusalReason NoExec = new(
        "no-exec", RefusalKind.Forbidden, "A command cannot be executed in a container that is an enclave.",
        "its streams are read with 'guardian logs' and 'guardian attach'");

    /// <summary>The bundle cannot be used.</summary>
    public static readonly RefusalReason BadBundle = new(
        "bad-bundle", RefusalKind.Unavailable, "The container's bundle, its image or the settings of the node cannot be read or written.");
}
