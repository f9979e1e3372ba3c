namespace Guardian.Bench.Relay;

/// <summary>A definition as nova-compute writes it for a small server with 8 MiB of EPC.</summary>
internal static class Definition
{
    public static string Name(Guid instance) => $"instance-{instance.ToString()[..8]}";

    /// <summary>A server without EPC, as Nova before 2025.2 writes it: the definition does not say what the flavor asks for.</summary>
    public static string Plain(Guid instance) => Nova(instance)
        .Replace(
            "<nova:extraSpecs><nova:extraSpec name=\"resources:CUSTOM_SGX_EPC_MB\">8</nova:extraSpec></nova:extraSpecs>", "",
            StringComparison.Ordinal)
        .Replace("sgx.small", "m1.tiny", StringComparison.Ordinal);

    public static string Nova(Guid instance) => $"""
        <domain type="qemu">
          <uuid>{instance}</uuid>
          <name>{Name(instance)}</name>
          <memory>524288</memory>
          <vcpu>2</vcpu>
          <metadata>
            <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
              <nova:package version="32.0.0"/>
              <nova:name>a server</nova:name>
              <nova:creationTime>2026-11-24 20:00:00</nova:creationTime>
              <nova:flavor name="sgx.small">
                <nova:memory>512</nova:memory>
                <nova:disk>0</nova:disk>
                <nova:vcpus>2</nova:vcpus>
                <nova:extraSpecs><nova:extraSpec name="resources:CUSTOM_SGX_EPC_MB">8</nova:extraSpec></nova:extraSpecs>
              </nova:flavor>
              <nova:owner>
                <nova:user uuid="7e4dc2a0a5b14fb4a3a5a5a3e4c9a3b1">demo</nova:user>
                <nova:project uuid="1f7d2b0c6e0c4d5aa9a9a1f0b6a9c7d2">demo</nova:project>
              </nova:owner>
            </nova:instance>
          </metadata>
          <sysinfo type="smbios">
            <system>
              <entry name="manufacturer">OpenStack Foundation</entry>
              <entry name="product">OpenStack Nova</entry>
              <entry name="uuid">{instance}</entry>
              <entry name="family">Virtual Machine</entry>
            </system>
          </sysinfo>
          <os>
            <type machine="q35">hvm</type>
            <boot dev="hd"/>
            <smbios mode="sysinfo"/>
          </os>
          <features><acpi/><apic/></features>
          <clock offset="utc">
            <timer name="pit" tickpolicy="delay"/>
            <timer name="rtc" tickpolicy="catchup"/>
            <timer name="hpet" present="no"/>
          </clock>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <disk type="file" device="disk">
              <driver name="qemu" type="qcow2" cache="none"/>
              <source file="/var/lib/nova/instances/{instance}/disk"/>
              <target bus="virtio" dev="vda"/>
            </disk>
            <serial type="pty"/>
            <input type="tablet" bus="usb"/>
            <video><model type="virtio"/></video>
            <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
            <memballoon model="virtio"><stats period="10"/></memballoon>
          </devices>
        </domain>

        """;
}
