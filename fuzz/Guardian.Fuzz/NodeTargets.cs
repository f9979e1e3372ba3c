using System.Text;
using Guardian.Documents;
using Guardian.Node;
using Guardian.Node.Libvirt;
using Guardian.Node.Processes;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;
using Guardian.OpenStack.Placement;

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

    private static readonly GuestRules Rules = new() { Sections = [new EpcSection(0, 4096), new EpcSection(1, 65_536)], HidesSgx = true };
    private static readonly GuestRewriter Rewriter = new(new Claims(), Rules);
    private static readonly GuestName Guest = new("instance-00000001", new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]), 1);

    public static IReadOnlyList<Target> All { get; } =
    [
        new("libvirt-call", SeedCalls, ReadCall),
        new("domain-xml", () => [Encoding.UTF8.GetBytes(Nova)], input => Rewrite(Encoding.UTF8.GetString(input))),
        new("libvirt-error", () => [new RpcError(RpcErrorCode.NoDomain, "no domain").Reply(default)[RpcHeader.Size..]], input => RpcError.Read(input).Code == RpcErrorCode.NoDomain),
        new("node-configuration", () => ["relay:\n  users: [root, 64055]\nsgx:\n  sections:\n    - node: 0\n      mib: 64\n"u8.ToArray()], input => NodeConfiguration.Read(input, "root:x:0:0", new DocumentProblems()) is not null),
        new("maps", () => ["7fb530bb9000-7fb5313b9000 rw-s 00000000 00:06 115    /dev/sgx_vepc\n"u8.ToArray()], input => EpcMappings.Read(Encoding.UTF8.GetString(input).Split('\n')) > 0),
    ];

    private static List<byte[]> SeedCalls() =>
    [
        Call(RemoteProcedure.DomainDefineXmlFlags, new XdrWriter().String(Nova).UInt32(1)),
        Call(RemoteProcedure.DomainManagedSave, Guest.Write(new XdrWriter()).UInt32(0)),
        Call(RemoteProcedure.DomainSnapshotCreateXml, Guest.Write(new XdrWriter()).String("<domainsnapshot/>").UInt32(16)),
        Call(RemoteProcedure.ConnectOpen, new XdrWriter().OptionalString("qemu:///system").UInt32(0)),
        Call(RemoteProcedure.ConnectSupportsFeature, new XdrWriter().UInt32(15)),
        Call(RemoteProcedure.DomainMigratePrepareTunnel3, new XdrWriter().String("cookie").UInt32(0).UInt32(1).OptionalString(null).UInt32(0).UInt32(0).String("<domain/>")),
        Call(RemoteProcedure.DomainMigratePrepare3Params, new XdrWriter().UInt32(2).String("bandwidth").Int32(4).UInt32(0).UInt32(9).String("destination_xml").Int32(7).String("<domain/>").UInt32(0).UInt32(1)),
    ];

    private static byte[] Call(RemoteProcedure procedure, XdrWriter arguments) =>
        new RpcHeader(0, RpcHeader.RemoteProgram, RpcHeader.ProgramVersion, (uint)procedure, RpcType.Call, 7, RpcStatus.Ok).Frame(arguments.ToArray());

    // Handles a frame as the relay does, which reads exactly the length in the header.
    private static bool ReadCall(byte[] input)
    {
        if (!RpcHeader.TryRead(input, out var header) || header.Length != input.Length || header.Type == RpcType.CallWithFds)
        {
            return false;
        }
        var calls = new GuestCalls(Rewriter, new Kinds(), new PassedDefinitions(), _ => { });
        return calls.Holds(header) && calls.Inspect(header, input) is null or { Forward.Length: > 0 };
    }

    // A rewritten definition that comes back must stay unchanged.
    private static bool Rewrite(string xml)
    {
        var first = Rewriter.Rewrite(xml);
        return first.Xml is null || Rewriter.Rewrite(first.Xml) == Rewriting.Unchanged
            ? first.Refusal is null
            : throw new InvalidOperationException("a second rewriting changed the first's result");
    }

    private sealed class Claims : IEpcClaims
    {
        public ClaimAnswer Find(NovaMetadata nova) => new([new EpcClaim(Guid.Empty, 0, 2), new EpcClaim(Guid.Empty, 1, 8)], null);
    }

    private sealed class Kinds : IGuestKinds
    {
        public bool? HasEpc(GuestName guest, string connectionUri) => guest.Id == 2;
    }
}
