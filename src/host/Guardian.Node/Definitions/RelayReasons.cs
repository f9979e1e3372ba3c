using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>The reasons for which the relay refuses a call or ends a connection.</summary>
internal static class RelayReasons
{
    public static readonly RefusalReason MalformedDefinition = new(
        "malformed-definition", RefusalKind.Invalid, "A guest's definition cannot be read, so nobody knows whether it needs EPC.");

    public static readonly RefusalReason NoInstance = new(
        "no-instance", RefusalKind.Invalid, "Nova's definition of a guest names no server.");

    public static readonly RefusalReason WrongNode = new(
        "wrong-epc-node", RefusalKind.Conflict, "A definition binds EPC to NUMA nodes that have none on this host.");

    public static readonly RefusalReason UnknownClaim = new(
        "unknown-epc-claim", RefusalKind.Unavailable,
        "Placement's claim for a server is not known, because Placement or Keystone gives no answer.");

    public static readonly RefusalReason NoClaim = new(
        "no-epc-claim", RefusalKind.Conflict, "A server asks for EPC or TDX, but Placement has no claim for it.");

    public static readonly RefusalReason LostClaim = new(
        "lost-epc-claim", RefusalKind.Conflict,
        "A server had EPC or TDX under the same flavor, and Placement has no claim for it any more.",
        "restore the claim with openstack resource provider allocation set (docs/how-to/operate.md), and hard-reboot the server");

    public static readonly RefusalReason DoesNotFit = new(
        "epc-does-not-fit", RefusalKind.Conflict, "The host's EPC sections, or the sections that a guest can read, cannot hold the claim.");

    public static readonly RefusalReason CannotAddEpc = new(
        "cannot-add-epc", RefusalKind.Conflict, "A definition has something that excludes EPC, or a size that cannot be read.");

    public static readonly RefusalReason CannotAddTdx = new(
        "cannot-add-tdx", RefusalKind.Conflict, "A definition has something that excludes TDX.",
        "give the image hw_machine_type=q35 and hw_firmware_type=uefi, and no SCSI disk to boot from");

    public static readonly RefusalReason CannotMoveTdx = new(
        "cannot-move-tdx", RefusalKind.Forbidden,
        "A TDX guest cannot be saved or migrated live, because its memory is encrypted with a key of its processor.");

    public static readonly RefusalReason CannotMoveEpc = new(
        "cannot-move-epc", RefusalKind.Forbidden,
        "A guest with EPC cannot be saved or migrated live, because EPC cannot leave its processor.");

    public static readonly RefusalReason UnknownGuest = new(
        "unknown-guest", RefusalKind.Unavailable,
        "The libvirt daemon does not answer whether a guest has EPC, or a call names no guest.", "try again");

    public static readonly RefusalReason TooManyCalls = new(
        "too-many-calls", RefusalKind.Unavailable, "A client has too many calls that wait for Placement or the libvirt daemon.",
        "try again");

    public static readonly RefusalReason Sasl = new(
        "sasl", RefusalKind.Forbidden, "A client asks for SASL, which would hide its calls from the relay.",
        "set auth_unix_rw to none or polkit in libvirtd.conf");

    public static readonly RefusalReason BrokenProtocol = new(
        "broken-protocol", RefusalKind.Invalid, "A peer sent a frame of a size that libvirt never sends.");

    public static readonly RefusalReason FileDescriptors = new(
        "file-descriptors", RefusalKind.Conflict, "A peer sent file descriptors, which cannot pass the relay.");
}
