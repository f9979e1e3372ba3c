using System.Text;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Guests;
using Guardian.ComputeHost.Machine;
using Guardian.Documents;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Metering;
using Guardian.Node.Definitions;
using Guardian.Node.Metering;
using Guardian.Node.Relay;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Fuzz;

/// <summary>Inputs of the host daemon: calls of libvirt's clients, definitions of guests, libvirt's answers, its own
/// configuration.</summary>
internal static class NodeTargets
{
    private const string Nova = """
        <domain type="kvm"><uuid>5f9c3d6e-6f0c-4c4e-9f3f-2f5f5a3b7c11</uuid><name>instance-00000001</name>
        <memory unit="MiB">512</memory><vcpu>2</vcpu>
        <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"><nova:name>a</nova:name>
        <nova:flavor name="sgx.small"><nova:extraSpecs><nova:extraSpec name="resources:CUSTOM_SGX_EPC_MB">8</nova:extraSpec>
        </nova:extraSpecs></nova:flavor></nova:instance></metadata>
        <cpu mode="host-model"><numa><cell id="0" cpus="0-1" memory="524288" unit="KiB"/></numa></cpu>
        <devices><memory model="sgx-epc"><source><nodemask>0-1,^0</nodemask></source>
        <target><size unit="KiB">4096</size><node>0</node></target></memory></devices></domain>
        """;

    private const string TdxNova = """
        <domain type="kvm"><uuid>5f9c3d6e-6f0c-4c4e-9f3f-2f5f5a3b7c11</uuid><name>instance-00000002</name>
        <memory unit="MiB">512</memory><vcpu>2</vcpu>
        <metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1"><nova:flavor name="tdx.small"/>
        </nova:instance></metadata>
        <os><type machine="q35">hvm</type><loader type="pflash" readonly="yes">/code.fd</loader><nvram template="/vars.fd"/></os>
        <features><smm state="on"><tseg unit="MiB">8</tseg></smm></features>
        <cpu mode="host-model" match="exact"><feature policy="disable" name="sgx"/></cpu>
        <devices><disk type="file" device="disk"><target dev="vda" bus="virtio"/></disk></devices>
        <launchSecurity type="tdx"><policy>0x1</policy></launchSecurity></domain>
        """;

    private static readonly GuestRules Rules = new() { Sections = [new EpcSection(0, 4096), new EpcSection(1, 65_536)], HidesSgx = true };
    private static readonly GuestRewriter Rewriter = new(new Claims(new(Guid.Empty, 0, 2), new(Guid.Empty, 1, 8)), Rules);
    private static readonly GuestRewriter TdxRewriter = new(new Claims(new EpcClaim(Guid.Empty, null, 0) { TdxKey = true }), Rules);
    private static readonly GuestName Guest = new("instance-00000001", new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]), 1);

    public static IReadOnlyList<Target> All { get; } =
    [
        new("libvirt-call", SeedCalls, ReadCall),
        new("domain-xml", () => [Encoding.UTF8.GetBytes(Nova)], input => Rewrite(Rewriter, Encoding.UTF8.GetString(input))),
        new("tdx-domain-xml", () => [Encoding.UTF8.GetBytes(TdxNova)], input => Rewrite(TdxRewriter, Encoding.UTF8.GetString(input))),
        new(
            "libvirt-error",
            () => [new RpcError(RpcErrorCode.NoDomain, "no domain").MakeReply(default)[RpcHeader.Size..]],
            input => RpcError.Read(input).Code == RpcErrorCode.NoDomain),
        new(
            "node-configuration",
            () => ["relay:\n  users: [root, 64055]\nsgx:\n  sections:\n    - node: 0\n      mib: 64\n"u8.ToArray()],
            input => NodeConfiguration.Read(input, "root:x:0:0", new DocumentProblems()) is not null),
        new(
            "known-claim",
            () => [new KnownClaim(Guid.Empty, "sgx.small", [new(Guid.Empty, 1, 8), new(Guid.Empty, null, 16)]).ToLine()[..^1]],
            input => KnownClaim.TryParse(Encoding.UTF8.GetString(input)) is not null),
        new(
            "maps",
            () => ["7fb530bb9000-7fb5313b9000 rw-s 00000000 00:06 115    /dev/sgx_vepc\n"u8.ToArray()],
            input => EpcMappings.SumBytes(Encoding.UTF8.GetString(input).Split('\n')) > 0),
    ];

    private static List<byte[]> SeedCalls() =>
    [
        Call(RemoteProcedure.DomainDefineXmlFlags, new XdrWriter().WriteString(Nova).WriteUInt32(1)),
        Call(RemoteProcedure.DomainManagedSave, Guest.WriteTo(new XdrWriter()).WriteUInt32(0)),
        Call(RemoteProcedure.DomainSnapshotCreateXml, Guest.WriteTo(new XdrWriter()).WriteString("<domainsnapshot/>").WriteUInt32(16)),
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().WriteOptionalString("qemu:///system").WriteUInt32(0)),
        Call(RemoteProcedure.ConnectSupportsFeature, new XdrWriter().WriteUInt32(15)),
        Call(
            RemoteProcedure.DomainMigratePrepareTunnel3,
            new XdrWriter().WriteString("cookie").WriteUInt32(0).WriteUInt32(1).WriteOptionalString(null).WriteUInt32(0).WriteUInt32(0)
                .WriteString("<domain/>")),
        Call(
            RemoteProcedure.DomainMigratePrepare3Params,
            new XdrWriter().WriteUInt32(2).WriteString("bandwidth").WriteInt32(4).WriteUInt32(0).WriteUInt32(9)
                .WriteString("destination_xml").WriteInt32(7).WriteString("<domain/>").WriteUInt32(0).WriteUInt32(1)),
    ];

    private static byte[] Call(RemoteProcedure procedure, XdrWriter arguments) =>
        new RpcHeader(0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, 7, RpcStatus.Ok)
            .MakeFrame(arguments.ToArray());

    // Handles a frame as the relay does, which reads exactly the length in the header.
    private static bool ReadCall(byte[] input)
    {
        if (!RpcHeader.TryRead(input, out var header) || header.Length != input.Length || header.Type == RpcType.CallWithFds)
        {
            return false;
        }
        var calls = new GuestCalls(Rewriter, new Guests(), new PassedDefinitions().Observe(), new RelayStatistics(), _ => { });
        return calls.MustHold(header)
            && calls.InspectAsync(header, input, mayWait: true).GetAwaiter().GetResult() is null or { Forward.Length: > 0 };
    }

    // A rewritten definition that comes back must stay unchanged.
    private static bool Rewrite(GuestRewriter rewriter, string xml)
    {
        var first = rewriter.RewriteAsync(xml).GetAwaiter().GetResult();
        return first.Value?.Xml is not { } rewritten
            || rewriter.RewriteAsync(rewritten).GetAwaiter().GetResult() is { Value.Xml: null, Refusal: null }
            ? first.Refusal is null
            : throw new InvalidOperationException("a second rewriting changed the first's result");
    }

    private sealed class Claims(params EpcClaim[] claims) : IEpcClaims
    {
        public Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova) => Task.FromResult<Outcome<EpcClaim[]>>(claims);
    }

    private sealed class Guests : IGuestLookup
    {
        public Task<GuestKind?> FindKindAsync(GuestName guest, string connectionUri) =>
            Task.FromResult<GuestKind?>(guest.Id == 2 ? GuestKind.Tdx : GuestKind.Plain);
    }
}
