using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt;

namespace Guardian.ComputeHost.Tests.Checks;

/// <summary>The captured files of a healthy two-socket host under Debian 12; each test breaks one thing.</summary>
internal sealed class CapturedHost : IDisposable
{
    public const string Relay = "/run/guardian/libvirt.sock";

    private readonly TemporaryFolder folder = new();

    public CapturedHost()
    {
        Write("cpuid", """
            CPU:
               0x00000000 0x00: eax=0x0000001b ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69
               0x00000001 0x00: eax=0x000606a6 ebx=0x00400800 ecx=0x7ffefbff edx=0xbfebfbff
               0x00000007 0x00: eax=0x00000000 ebx=0xf3bfbfef ecx=0x40417f5e edx=0xbc040412
               0x00000012 0x00: eax=0x00000003 ebx=0x00000001 ecx=0x00000000 edx=0x0000381f
               0x00000012 0x01: eax=0x000000f6 ebx=0x00000000 ecx=0x000002e7 edx=0x00000000
               0x00000012 0x02: eax=0x00c00001 ebx=0x00000010 ecx=0xfe000002 edx=0x0000000f
               0x00000012 0x03: eax=0x00400001 ebx=0x00000020 ecx=0xfe000002 edx=0x0000000f
            """);
        Write("owners", """
            c 660 root sgx ./dev/sgx_vepc
            c 660 root sgx ./dev/sgx_enclave
            c 600 root root ./dev/sgx_provision
            """);
        foreach (var device in new[] { "sgx_vepc", "sgx_enclave", "sgx_provision", "kvm" })
        {
            Write($"dev/{device}", "");
        }
        WriteMsr(0x6_0005);
        Write(
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Platinum 8352Y CPU @ 2.20GHz\nmicrocode\t: 0xd0003d1\n");
        Write("proc/sys/kernel/osrelease", "6.1.0-27-amd64");
        Write("sys/devices/system/node/node0/x86/sgx_total_bytes", "68685922304");
        Write("sys/devices/system/node/node1/x86/sgx_total_bytes", "68685922304");
        Write("sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected");
        Write("sys/devices/system/cpu/vulnerabilities/spectre_v2", "Mitigation: Enhanced / Automatic IBRS");
        Write("sys/module/kvm_intel/parameters/sgx", "Y");
        Write("sys/module/apparmor/parameters/enabled", "Y");
        Write("etc/apparmor.d/local/abstractions/libvirt-qemu", "/dev/sgx_vepc rw,\n/dev/sgx_provision r,\n");
        Write(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\nlibvirt-qemu:x:64055:108:Libvirt Qemu,,,:/var/lib/libvirt:/usr/sbin/nologin\n");
        Write("etc/group", "kvm:x:108:\nsgx:x:106:libvirt-qemu\n");
        Write("etc/nova/nova.conf", $"""
            [DEFAULT]
            debug = false
            # [libvirt]
            [libvirt]
            virt_type = kvm
            connection_uri = qemu+unix:///system?socket={Relay}

            """);
        Write(Relay, "");
    }

    public LibvirtFacts Libvirt { get; set; } =
        new(new Version(9, 0, 0), new Version(7, 2, 22), Capabilities("yes", 67_076_096, 67_076_096));

    public static string Capabilities(string supported, params long[] sections)
    {
        var list = string.Concat(sections.Select((size, node) => $"<section node='{node}' size='{size}' unit='KiB'/>"));
        return $"""
            <domainCapabilities><features><sgx supported='{supported}'><sections>{list}</sections></sgx></features></domainCapabilities>
            """;
    }

    public void Write(string path, string text)
    {
        var full = Path.Combine(folder.Path, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    public void WriteMsr(ulong featureControl)
    {
        Write("dev/cpu/0/msr", "");
        File.WriteAllBytes(Path.Combine(folder.Path, "dev/cpu/0/msr"), [.. new byte[0x3A], .. BitConverter.GetBytes(featureControl)]);
    }

    public void Remove(string path)
    {
        var full = Path.Combine(folder.Path, path.TrimStart('/'));
        if (Directory.Exists(full))
        {
            Directory.Delete(full, recursive: true);
        }
        File.Delete(full);
    }

    public HostRoot Root => new(folder.Path);

    public CheckReport Check(bool guestVsock = false) => HostCheck.Run(Root, Libvirt, Relay, guestVsock, []);

    public CheckReport CheckWithoutLibvirt() =>
        HostCheck.Run(Root, LibvirtReasons.Unusable.Because("there is no such socket"), Relay, guestVsock: false, []);

    public CheckReport CheckGuest() => GuestCheck.Run(Root);

    public void Dispose() => folder.Dispose();
}
