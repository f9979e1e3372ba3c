using System.Collections.Concurrent;
using Guardian.Node.Libvirt;
using Guardian.Node.Metering;
using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Relay;

/// <summary>Tells whether a guest has EPC.</summary>
internal interface IGuestKinds
{
    /// <summary>Whether the guest has EPC, or null when libvirt does not say. Blocks for a limited time and never throws.</summary>
    bool? HasEpc(GuestName guest, string connectionUri);
}

/// <summary>Looks at the calls of one client. One per connection, used by one thread; another one tells it of replies.</summary>
internal sealed class GuestCalls(GuestRewriter rewriter, IGuestKinds kinds, PassedDefinitions passed, Action<string> log) : IFrameInspector
{
    private const uint MaxString = 4_194_304;
    private const uint MaxName = 4096;
    private const uint FeatureFdPassing = 8;
    private const uint SnapshotDiskOnly = 1 << 4;

    // By the call's serial: definitions that libvirtd has not answered yet.
    private readonly ConcurrentDictionary<uint, PassedDefinition> underWay = [];

    // What the client opened; libvirt's own default until then.
    private string connectionUri = "qemu:///system";

    public bool Holds(RpcHeader header)
    {
        if (header.Type == RpcType.CallWithFds)
        {
            throw new RelayException("file descriptors, which cannot pass here; libvirt was told not to");
        }
        var procedure = (RemoteProcedure)header.Procedure;
        return header.IsRemoteCall && (MigrationPrepare.Is(procedure) || procedure is
            RemoteProcedure.ConnectOpen or RemoteProcedure.ConnectSupportsFeature or RemoteProcedure.AuthSaslInit
            or RemoteProcedure.DomainCreateXml or RemoteProcedure.DomainDefineXml or RemoteProcedure.DomainCreateXmlWithFiles or RemoteProcedure.DomainDefineXmlFlags
            or RemoteProcedure.DomainSave or RemoteProcedure.DomainSaveFlags or RemoteProcedure.DomainSaveParams or RemoteProcedure.DomainManagedSave
            or RemoteProcedure.DomainSnapshotCreateXml
            or RemoteProcedure.DomainMigratePerform or RemoteProcedure.DomainMigrateBegin3 or RemoteProcedure.DomainMigratePerform3
            or RemoteProcedure.DomainMigrateBegin3Params or RemoteProcedure.DomainMigratePerform3Params);
    }

    public FrameVerdict? Inspect(RpcHeader header, ReadOnlySpan<byte> frame)
    {
        var payload = frame[RpcHeader.Size..];
        switch ((RemoteProcedure)header.Procedure)
        {
            case RemoteProcedure.ConnectOpen:
                NoteConnection(payload);
                return null;
            case RemoteProcedure.ConnectSupportsFeature:
                // .NET cannot pass descriptors on, so the client is told that the daemon takes none.
                return new XdrReader(payload).TryReadUInt32(out var feature) && feature == FeatureFdPassing
                    ? FrameVerdict.Reply(header.Reply(RpcStatus.Ok).Frame(new XdrWriter().Int32(0).ToArray()))
                    : null;
            case RemoteProcedure.AuthSaslInit:
                return Refuse(header, new RpcError(RpcErrorCode.AuthFailed, "guardian: SASL would hide the calls from the relay; set auth_unix_rw to none or polkit in libvirtd.conf"));
            case RemoteProcedure.DomainCreateXml or RemoteProcedure.DomainDefineXml or RemoteProcedure.DomainCreateXmlWithFiles or RemoteProcedure.DomainDefineXmlFlags:
                return Define(header, payload);
            case RemoteProcedure.DomainSnapshotCreateXml:
                return Snapshot(header, payload);
            case RemoteProcedure.DomainSave or RemoteProcedure.DomainSaveFlags or RemoteProcedure.DomainSaveParams or RemoteProcedure.DomainManagedSave:
                return Stay(header, payload, "be saved or suspended to disk", "stop it instead");
            case var procedure when MigrationPrepare.Is(procedure):
                return Arrive(header, payload);
            default:
                return Stay(header, payload, "be migrated live", "resize or cold-migrate it, which starts it anew");
        }
    }

    /// <summary>Notes what libvirtd answers. May be called by another thread than the rest.</summary>
    public void Answered(RpcHeader reply)
    {
        if (reply is { Type: RpcType.Reply, Program: RpcHeader.RemoteProgram } && underWay.TryRemove(reply.Serial, out var definition))
        {
            definition.End(reply.Status == RpcStatus.Ok);
        }
    }

    /// <summary>Notes that libvirtd will answer no more.</summary>
    public void Close()
    {
        foreach (var definition in underWay.Values)
        {
            definition.End(isAccepted: false);
        }
    }

    private void NoteConnection(ReadOnlySpan<byte> payload)
    {
        // remote_connect_open_args: optional string name | uint32 flags
        if (new XdrReader(payload).TryReadOptionalString(MaxName, out var name) && !string.IsNullOrEmpty(name))
        {
            connectionUri = name;
        }
    }

    // All four begin with the string xml_desc; flags may follow, which are passed on as they came.
    private FrameVerdict? Define(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        if (!reader.TryReadString(MaxString, out var xml))
        {
            return Refuse(header, new RpcError(RpcErrorCode.XmlDetail, "guardian: the guest's definition is no UTF-8 text"));
        }
        var rewriting = rewriter.Rewrite(xml, out var definition);
        if (rewriting.Refusal is { } refusal)
        {
            return Refuse(header, refusal);
        }
        if (definition is not null && (RemoteProcedure)header.Procedure is RemoteProcedure.DomainDefineXml or RemoteProcedure.DomainDefineXmlFlags && connectionUri == GuestWatch.Driver)
        {
            underWay[header.Serial] = passed.Add(definition);
        }
        return rewriting.Xml is null ? null : FrameVerdict.Replace(header.Frame(new XdrWriter().String(rewriting.Xml).Bytes(reader.Rest).ToArray()));
    }

    // remote_domain_snapshot_create_xml_args: domain | string xml_desc | uint32 flags
    private FrameVerdict? Snapshot(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        var reader = new XdrReader(payload);
        return GuestName.TryRead(ref reader, out var guest) && (!guest.IsActive || (reader.TryReadOpaque(MaxString, out _) && reader.TryReadUInt32(out var flags) && (flags & SnapshotDiskOnly) != 0))
            ? null
            : Stay(header, payload, "have a snapshot of its memory", "take one of its disks only");
    }

    // EPC cannot leave its processor: what is saved or moved comes back with every enclave dead. All these calls begin with the guest.
    private FrameVerdict? Stay(RpcHeader header, ReadOnlySpan<byte> payload, string what, string instead)
    {
        var reader = new XdrReader(payload);
        if (!GuestName.TryRead(ref reader, out var guest))
        {
            return null;
        }
        return kinds.HasEpc(guest, connectionUri) switch
        {
            false => null,
            true => Refuse(header, new RpcError(RpcErrorCode.OperationUnsupported, $"guardian: {guest.Name} has EPC, which cannot leave its processor, so it cannot {what}; {instead}")),
            null => Refuse(header, new RpcError(RpcErrorCode.OperationFailed, $"guardian: whether {guest.Name} has EPC is not known, because libvirt does not answer; try again")),
        };
    }

    // A guest that comes from another host while it runs.
    private FrameVerdict? Arrive(RpcHeader header, ReadOnlySpan<byte> payload)
    {
        if (MigrationPrepare.TryReadXml((RemoteProcedure)header.Procedure, payload) is not { } xml || DomainXml.TryRead(xml, out _) is not { } definition)
        {
            return Refuse(header, new RpcError(RpcErrorCode.XmlDetail, "guardian: whether the guest that is to arrive has EPC is not known, for its definition cannot be read"));
        }
        return GuestEpc.Devices(definition.Root!).Any()
            ? Refuse(header, new RpcError(RpcErrorCode.OperationUnsupported, "guardian: the guest that is to arrive has EPC, which cannot leave its processor; resize or cold-migrate it, which starts it anew"))
            : null;
    }

    private FrameVerdict Refuse(RpcHeader header, RpcError error)
    {
        log($"refused call {header.Procedure}: {error.Message}");
        return FrameVerdict.Reply(error.Reply(header));
    }
}
