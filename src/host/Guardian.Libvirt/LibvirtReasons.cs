using Guardian.Refusals;

namespace Guardian.Libvirt;

/// <summary>The reasons for which libvirt gives no answer, or for which a definition is not read.</summary>
public static class LibvirtReasons
{
    private const string UseUpstream = "run this as root on a compute host; node.yaml's relay: upstream: names libvirt's socket";

    public static readonly RefusalReason Unusable = new(
        "libvirt", RefusalKind.Unavailable,
        "The libvirt daemon is unreachable, takes too long, or gives an answer that is not in its format.", UseUpstream);

    public static readonly RefusalReason Refused = new(
        "libvirt-refused", RefusalKind.Conflict, "The libvirt daemon answered a call with an error.", UseUpstream);

    public static readonly RefusalReason NoDomain = new(
        "libvirt-no-domain", RefusalKind.NotFound, "The libvirt daemon has no guest of this name.");

    public static readonly RefusalReason MalformedXml = new(
        "malformed-domain-xml", RefusalKind.Invalid, "A guest's definition is not well-formed XML that libvirt would read.");
}
