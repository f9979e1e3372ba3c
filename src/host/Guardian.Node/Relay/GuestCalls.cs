using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Refusals;

namespace Guardian.Node.Relay;

/// <summary>
/// Inspects the calls of one client. Each connection has its own. One thread gives it frames; decisions that take time end on others.
/// </summary>
/// <param name="rewriter">Decides about definitions.</param>
/// <param name="guests">Looks up whether a guest can leave its processor.</param>
/// <param name="observer">Observes the definitions that pass.</param>
/// <param name="statistics">Counts refused calls.</param>
/// <param name="log">Receives a line for each refused call.</param>
internal sealed class GuestCalls(
    GuestRewriter rewriter, IGuestLookup guests, IDefinitionObserver observer, RelayStatistics statistics, Action<string> log)
    : IFrameInspector
{
    private const uint MaxString = 4_194_304;
    private const uint MaxName = 4096;
    private const uint FeatureFdPassing = 8;
    private const uint SnapshotDiskOnly = 1 << 4;

    // The driver that the client opened; libvirt's own default until then.
    private string connectionUri = LibvirtClient.SystemUri;

    public bool MustHold(RpcHeader header)
    {
        if (header.Type == RpcType.CallWithFds)
        {
            throw new RefusedException(RelayReasons.FileDescriptors.Because(
                "file descriptors, which cannot pass here; the relay had reported that the daemon takes none"));
        }
        var procedure = (RemoteProcedure)header.Procedure;
        return header.IsRemoteCall && (MigrationPrepare.IsPrepare(procedure) || procedure is
            RemoteProcedure.ConnectOpen or RemoteProcedure.ConnectSupportsFeature or RemoteProcedure.AuthSaslInit
            or RemoteProcedure.DomainCreateXml or RemoteProcedure.DomainDefineXml
            or RemoteProcedure.DomainCreateXmlWithFiles or RemoteProcedure.DomainDefineXmlFlags or RemoteProcedure.DomainAttachDeviceFlags
            or RemoteProcedure.DomainSave or RemoteProcedure.DomainSaveFlags
            or RemoteProcedure.DomainSaveParams or RemoteProcedure.DomainManagedSave
            or RemoteProcedure.DomainSnapshotCreateXml
            or RemoteProcedure.DomainMigratePerform or RemoteProcedure.DomainMigrateBegin3 or RemoteProcedure.DomainMigratePerform3
            or RemoteProcedure.DomainMigrateBegin3Params or RemoteProcedure.DomainMigratePerform3Params);
    }

    public Task<FrameVerdict?> InspectAsync(RpcHeader header, ReadOnlySpan<byte> frame, bool mayWait)
    {
        var payload = frame[RpcHeader.Size..];
        switch ((RemoteProcedure)header.Procedure)
        {
            case RemoteProcedure.ConnectOpen:
                NoteConnection(payload);
                return Pass;
            case RemoteProcedure.ConnectSupportsFeature:
                // .NET cannot pass descriptors on, so the relay answers that the daemon takes none.
                return new XdrReader(payload).TryReadUInt32(out var feature) && feature == FeatureFdPassing
                    ? Decide(FrameVerdict.Reply(header.MakeReply(RpcStatus.Ok).MakeFrame(new XdrWriter().WriteInt32(0).ToArray())))
                    : Pass;
            case RemoteProcedure.AuthSaslInit:
                return Decide(Refuse(header, RelayReasons.Sasl.Because(
                    "SASL would hide the calls from the relay; set auth_unix_rw to none or polkit in libvirtd.conf")));
            case RemoteProcedure.DomainAttachDeviceFlags:
                return Decide(InspectDevice(header, payload));
            case var procedure when MigrationPrepare.IsPrepare(procedure):
                return Decide(InspectMigrationTarget(header, payload));
            case var _ when !mayWait:
                return Decide(Refuse(header, RelayReasons.TooManyCalls.Because(
                    "too many calls of this client wait for Placement or libvirtd; try again")));
            case RemoteProcedure.DomainCreateXml or RemoteProcedure.DomainDefineXml
                or RemoteProcedure.DomainCreateXmlWithFiles or RemoteProcedure.DomainDefineXmlFlags:
                return InspectDefinition(header, payload);
            case RemoteProcedure.DomainSnapshotCreateXml:
                return InspectSnapshot(header, payload);
            case RemoteProcedure.DomainSave or RemoteProcedure.DomainSaveFlags
                or RemoteProcedure.DomainSaveParams or RemoteProcedure.DomainManagedSave:
                return RefuseIfBound(header, payload, "be saved or suspended to disk", "stop it instead");
            default:
                return RefuseIfBound(header, payload, "be migrated live", "resize or cold-migrate it, which starts it anew");
        }
    }

    private static Task<FrameVerdict?> Pass { get; } = Task.FromResult<FrameVerdict?>(null);

    private static Task<FrameVerdict?> Decide(FrameVerdict? verdict) => Task.FromResult(verdict);

    private void NoteConnection(ReadOnlySpan<byte> payload)
    {
        // remote_connect_open_args: optional string name | uint32 flags
        if (new XdrReader(payload).TryReadOptionalString(MaxName, out var name) && !string.IsNullOrEmpty(name))
        {
            connectionUri = name;
        }
    }

    // All four calls begin with the string xml_desc. Flags may follow; they pass unchanged.
    private Task<FrameVerdict?> InspectDefinition(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        return reader.TryReadString(MaxString, out var xml)
            ? RewriteAsync(header, xml, reader.Rest.ToArray(), connectionUri)
            : Decide(Refuse(header, RelayReasons.MalformedDefinition.Because("the guest's definition is not UTF-8 text")));
    }

    private async Task<FrameVerdict?> RewriteAsync(RpcHeader header, string xml, byte[] rest, string uri)
    {
        var outcome = await rewriter.RewriteAsync(xml).ConfigureAwait(false);
        if (outcome.Value is not { } rewriting)
        {
            return Refuse(header, outcome.Refusal!);
        }
        observer.OnDefinition(header, uri, rewriting.Domain);
        return rewriting.Xml is null
            ? null
            : FrameVerdict.Replace(header.MakeFrame(new XdrWriter().WriteString(rewriting.Xml).WriteBytes(rest).ToArray()));
    }

    // remote_domain_attach_device_flags_args: domain | string xml | uint32 flags. A guest has the EPC of its claim, which the relay adds.
    private FrameVerdict? InspectDevice(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        if (!GuestName.TryRead(ref reader, out var guest) || !reader.TryReadString(MaxString, out var xml)
            || DomainXml.Read(xml).Value?.Root is not { } device)
        {
            return Refuse(header, RelayReasons.MalformedDefinition.Because(
                "whether a device is EPC is not known, because it cannot be read"));
        }
        return EpcDevice.Is(device)
            ? Refuse(header, RelayReasons.NoClaim.Because(
                $"EPC cannot be attached to {guest.Name}: a guest has what Placement claims for it, from its definition on"))
            : null;
    }

    // remote_domain_snapshot_create_xml_args: domain | string xml_desc | uint32 flags
    private Task<FrameVerdict?> InspectSnapshot(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        return GuestName.TryRead(ref reader, out _) && IsOfDisks(reader)
            ? Pass
            : RefuseIfBound(header, payload, "have a snapshot of its memory", "take one of its disks only");
    }

    private static bool IsOfDisks(XdrReader reader) =>
        reader.TryReadOpaque(MaxString, out _) && reader.TryReadUInt32(out var flags) && (flags & SnapshotDiskOnly) != 0;

    // EPC cannot leave its processor: every enclave of a guest that is saved or moved is dead afterwards. A TDX guest's memory cannot
    // either. All these calls begin with the guest.
    private Task<FrameVerdict?> RefuseIfBound(RpcHeader header, ReadOnlySpan<byte> payload, string action, string remedy)
    {
        var reader = new XdrReader(payload);
        return GuestName.TryRead(ref reader, out var guest)
            ? RefuseIfBoundAsync(header, guest, connectionUri, action, remedy)
            : Decide(Refuse(header, RelayReasons.UnknownGuest.Because("the call names no guest that can be read")));
    }

    private async Task<FrameVerdict?> RefuseIfBoundAsync(RpcHeader header, GuestName guest, string uri, string action, string remedy) =>
        await guests.FindKindAsync(guest, uri).ConfigureAwait(false) switch
        {
            GuestKind.Plain => null,
            { } kind => Refuse(header, RefuseMove(kind, $"{guest.Name} has", $"so it cannot {action}; {remedy}")),
            null => Refuse(header, RelayReasons.UnknownGuest.Because(
                $"whether {guest.Name} has EPC is not known, because libvirt does not answer; try again")),
        };

    private static Refusal RefuseMove(GuestKind kind, string subject, string consequence) => kind == GuestKind.Epc
        ? RelayReasons.CannotMoveEpc.Because($"{subject} EPC, which cannot leave its processor, {consequence}")
        : RelayReasons.CannotMoveTdx.Because($"{subject} TDX memory, which cannot leave its processor, {consequence}");

    // Another host announces a guest that arrives while it runs.
    private FrameVerdict? InspectMigrationTarget(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        if (MigrationPrepare.TryReadXml((RemoteProcedure)header.Procedure, payload) is not { } xml
            || DomainXml.Read(xml).Value?.Root is not { } domain)
        {
            return Refuse(header, RelayReasons.MalformedDefinition.Because(
                "whether the arriving guest has EPC is not known, because its definition cannot be read"));
        }
        return LibvirtGuestLookup.ReadKind(domain) is var kind and not GuestKind.Plain
            ? Refuse(header, RefuseMove(kind, "the arriving guest has", "so resize or cold-migrate it, which starts it anew"))
            : null;
    }

    private FrameVerdict Refuse(RpcHeader header, Refusal refusal)
    {
        statistics.CountRefusal(refusal.Reason);
        var error = RelayErrors.Translate(refusal);
        log($"refused call {header.Procedure}: {error.Message}");
        return FrameVerdict.Reply(error.MakeReply(header));
    }
}
