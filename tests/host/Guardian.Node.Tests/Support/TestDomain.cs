using System.Text;
using Guardian.Libvirt.Rpc;

namespace Guardian.Node.Tests.Support;

/// <summary>Definitions as Nova writes them.</summary>
internal static class TestDomain
{
    public const string Uuid = "5f9c3d6e-6f0c-4c4e-9f3f-2f5f5a3b7c11";

    /// <param name="metadata">Whether Nova wrote it, or another tool.</param>
    public static string Nova(
        string type = "kvm", string cpu = "", string memory = "<memory>524288</memory>", string devices = "", string specs = "",
        bool metadata = true, string more = "", string os = "") => $"""
        <domain type="{type}">
          <uuid>{Uuid}</uuid>
          <name>instance-00000001</name>
          {memory}
          <vcpu>2</vcpu>
          {(metadata ? Metadata(specs) : "")}
          <os>
            <type machine="q35">hvm</type>{os}
          </os>
          {cpu}{more}
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>{devices}
          </devices>
        </domain>

        """;

    public static string XmlOf(byte[] frame)
    {
        var reader = new XdrReader(frame.AsSpan(RpcHeader.Size));
        return reader.TryReadString(4_194_304, out var xml) ? xml : throw new InvalidDataException("no string in the frame");
    }

    private static string Metadata(string specs) => $"""
        <metadata>
            <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
              <nova:package version="26.2.2"/>
              <nova:name>a server &amp; "its" name</nova:name>
              <nova:creationTime>2026-11-24 20:00:00</nova:creationTime>
              <nova:flavor name="sgx.small">
                <nova:memory>512</nova:memory>
                <nova:vcpus>2</nova:vcpus>{specs}
              </nova:flavor>
              <nova:owner>
                <nova:user uuid="c0ffee">demo</nova:user>
                <nova:project uuid="decade">demo</nova:project>
              </nova:owner>
            </nova:instance>
          </metadata>
        """;
}
