using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt;
using Guardian.OpenStack.Compute;

namespace Guardian.ComputeHost.Tests.Checks;

public sealed class HostCheckTests : IDisposable
{
    private readonly CapturedHost host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void A_healthy_host_is_fit()
    {
        var report = host.Check();
        Assert.True(report.IsFit);
        Assert.All(report.Findings, finding => Assert.True(finding.Status is FindingStatus.Ok or FindingStatus.Note, finding.Id));
        Assert.Equal("node 0: 65504 MiB of EPC, node 1: 65504 MiB of EPC", Find(report, "epc-nodes").What);
    }

    [Theory]
    [InlineData("cpuid", "cpu-sgx", "is not Intel's")]
    [InlineData("dev/sgx_vepc", "vepc", "dmesg")]
    [InlineData("dev/kvm", "kvm", "VT-x")]
    [InlineData("etc/apparmor.d", "confinement", "/dev/sgx_vepc rw,")]
    [InlineData(CapturedHost.Relay, "relay", "guardian-node.socket")]
    public void What_is_missing_is_named_with_its_fix(string path, string id, string words)
    {
        host.Remove(path);
        Fails(id, words);
    }

    [Theory]
    [InlineData("proc/sys/kernel/osrelease", "5.10.0-33-amd64", "kernel", "5.13")]
    [InlineData("sys/module/kvm_intel/parameters/sgx", "N", "kvm-sgx", "modprobe")]
    [InlineData("etc/group", "sgx:x:106:\n", "qemu-user", "usermod -aG sgx libvirt-qemu")]
    [InlineData("etc/nova/nova.conf", "[libvirt]\nvirt_type = kvm\n", "nova", "connection_uri")]
    [InlineData(
        "etc/nova/nova.conf", "[DEFAULT]\nconnection_uri = qemu+unix:///system?socket=/run/guardian/libvirt.sock\n",
        "nova", "connection_uri")]
    public void What_is_wrong_is_named_with_its_fix(string path, string text, string id, string words)
    {
        host.Write(path, text);
        Fails(id, words);
    }

    [Fact]
    public void A_host_runs_as_many_TDX_guests_as_the_kernel_has_keys_if_libvirt_knows_TDX()
    {
        Assert.Equal(FindingStatus.Note, Find(host.Check(), "tdx").Status);
        host.Write("sys/module/kvm_intel/parameters/tdx", "Y");
        host.Write("sys/fs/cgroup/misc.capacity", "sev 0\ntdx 63\n");
        Assert.Equal(FindingStatus.Warning, Find(host.Check(), "tdx").Status);
        Assert.Equal(0, TdxCheck.CountKeys(host.Root, () => host.Libvirt));

        host.Libvirt = host.Libvirt with
        {
            Capabilities = host.Libvirt.Capabilities.Replace("<features>", "<features><tdx supported='yes'/>", StringComparison.Ordinal),
        };
        Assert.Equal("the host runs 63 TDX guests at a time", Find(host.Check(), "tdx").What);
        Assert.Equal(63, TdxCheck.CountKeys(host.Root, () => host.Libvirt));
        Assert.True(host.Check().IsFit);

        foreach (var capacity in new[] { "", "tdx", "tdx -1", "tdx 99999999999", "tdx 63 1", "sev 63" })
        {
            host.Write("sys/fs/cgroup/misc.capacity", capacity);
            Assert.Equal(FindingStatus.Warning, Find(host.Check(), "tdx").Status);
            Assert.Equal(0, TdxCheck.CountKeys(host.Root, () => host.Libvirt));
        }
        host.Remove("sys/module/kvm_intel/parameters/tdx");
        Assert.Equal(0, TdxCheck.CountKeys(host.Root, () => throw new InvalidOperationException("libvirt is not asked")));
    }

    [Fact]
    public void The_host_of_guests_with_vsock_needs_its_device()
    {
        Assert.DoesNotContain(host.Check().Findings, finding => finding.Id == "vsock");
        Assert.Equal(FindingStatus.Failed, Find(host.Check(guestVsock: true), "vsock").Status);
        host.Write("dev/vhost-vsock", "");
        Assert.True(host.Check(guestVsock: true).IsFit);
    }

    [Fact]
    public void A_plain_file_in_place_of_the_device_is_told_apart()
    {
        host.Write("owners", "f 660 root sgx ./dev/sgx_vepc");
        Fails("vepc", "nothing in it is protected");
    }

    [Fact]
    public void Firmware_that_has_SGX_off_is_told_from_a_processor_without_it()
    {
        host.WriteMsr(0x5);
        Fails("bios-lock", "PRMRR");
        host.WriteMsr(0x4_0005);
        Assert.Equal(FindingStatus.Warning, Find(host.Check(), "bios-lock").Status);
        host.Remove("dev/cpu");
        Assert.Equal(FindingStatus.Unknown, Find(host.Check(), "bios-lock").Status);
        host.Write("cpuid", """
               0x00000000 0x00: eax=0x0000001b ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69
               0x00000007 0x00: eax=0x00000000 ebx=0x00000004 ecx=0x40000000 edx=0x00000000
            """);
        Fails("cpu-sgx1", "PRMRR");
    }

    [Fact]
    public void What_libvirt_believes_counts()
    {
        host.Libvirt = host.Libvirt with { Capabilities = CapturedHost.Capabilities("no") };
        Fails("libvirt-sgx", "rm /var/cache/libvirt/qemu/capabilities/*.xml");
        host.Libvirt = host.Libvirt with { Capabilities = CapturedHost.Capabilities("yes") };
        Fails("libvirt-sgx", "QEMU");
        host.Libvirt = host.Libvirt with { Capabilities = CapturedHost.Capabilities("yes", 67_076_096) };
        Assert.Equal(FindingStatus.Warning, Find(host.Check(), "libvirt-sgx").Status);
        host.Libvirt = new LibvirtFacts(new Version(8, 0), new Version(6, 2), "not even XML");
        Fails("libvirt", "8.10");
        Fails("qemu", "7.0");
    }

    [Theory]
    [InlineData("etc/nova/nova-cpu.conf")]
    [InlineData("etc/nova/nova-compute.conf")]
    [InlineData("etc/nova/nova.conf.d/guardian.conf")]
    [InlineData("etc/kolla/nova-compute/nova.conf")]
    public void The_file_of_each_deployment_counts(string path)
    {
        host.Write("etc/nova/nova.conf", "[DEFAULT]\ndebug = True\n");
        Fails("nova", "[libvirt] connection_uri");
        host.Write(path, $"[libvirt]\nconnection_uri = qemu+unix:///system?socket={CapturedHost.Relay}\n");
        Assert.True(host.Check().IsFit);
        host.Remove("etc/nova/nova.conf");
        Assert.Equal(FindingStatus.Ok, Find(host.Check(), "nova").Status);
        host.Write(path, "[libvirt]\nconnection_uri = qemu:///system\n");
        var found = Find(host.Check(), "nova");
        Assert.Equal(FindingStatus.Failed, found.Status);
        Assert.Contains(path.Contains("cpu", StringComparison.Ordinal) || path.Contains("kolla", StringComparison.Ordinal)
            ? "/" + path : "/etc/nova/nova.conf", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void SELinux_is_judged_by_what_libvirt_sees_under_it()
    {
        host.Remove("sys/module/apparmor");
        host.Remove("etc/apparmor.d");
        Assert.DoesNotContain(host.Check().Findings, finding => finding.Id == "confinement");
        host.Write("sys/fs/selinux/enforce", "1");
        Assert.Equal(FindingStatus.Ok, Find(host.Check(), "confinement").Status);
        host.Libvirt = host.Libvirt with { Capabilities = CapturedHost.Capabilities("no") };
        var denied = Find(host.Check(), "confinement");
        Assert.Equal(FindingStatus.Warning, denied.Status);
        Assert.Contains("audit2allow", denied.Remedy, StringComparison.Ordinal);
        Assert.Equal(FindingStatus.Warning, Find(host.CheckWithoutLibvirt(), "confinement").Status);
        host.Write("sys/fs/selinux/enforce", "0");
        Assert.Contains("permissive", Find(host.Check(), "confinement").What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ID=debian\n", "apt-get install libvirt-daemon-system")]
    [InlineData("ID=ubuntu\nID_LIKE=debian\n", "apt-get install libvirt-daemon-system")]
    [InlineData("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install libvirt-daemon-kvm")]
    [InlineData("ID=fedora\n", "dnf install libvirt-daemon-kvm")]
    [InlineData("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install libvirt-daemon-kvm")]
    [InlineData("", "apt-get install libvirt-daemon-system (Debian, Ubuntu), or dnf install libvirt-daemon-kvm")]
    public void Packages_have_the_names_and_the_tool_of_the_distribution(string release, string command)
    {
        host.Write("etc/os-release", release);
        Assert.StartsWith(command, Find(host.CheckWithoutLibvirt(), "libvirt").Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Modular_daemons_without_virtproxyd_are_told()
    {
        host.Write("run/libvirt/virtqemud-sock", "");
        Assert.Contains("virtproxyd.socket", Find(host.CheckWithoutLibvirt(), "libvirt").Remedy, StringComparison.Ordinal);
        Assert.StartsWith("systemctl enable", Find(host.CheckWithoutLibvirt(), "libvirt").Remedy, StringComparison.Ordinal);
        host.Write("run/libvirt/libvirt-sock", "");
        Assert.DoesNotContain("modular", Find(host.CheckWithoutLibvirt(), "libvirt").Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capture_can_hold_what_libvirt_says()
    {
        Assert.Contains("not among the captured files", LibvirtFacts.ReadCaptured(host.Root).Refusal!.Detail, StringComparison.Ordinal);
        host.Write("domcapabilities.xml", CapturedHost.Capabilities("yes", 67_076_096, 67_076_096));
        Assert.Contains("virsh-version", LibvirtFacts.ReadCaptured(host.Root).Refusal!.Detail, StringComparison.Ordinal);
        host.Write("virsh-version", """
            Compiled against library: libvirt 9.0.0
            Using library: libvirt 9.0.0
            Using API: QEMU 9.0.0
            Running hypervisor: QEMU 7.2.22
            """);
        var facts = LibvirtFacts.ReadCaptured(host.Root);
        Assert.Equal((new Version(9, 0, 0), new Version(7, 2, 22)), (facts.Value!.Library, facts.Value.Hypervisor));
        Assert.True(HostCheck.Run(host.Root, facts, CapturedHost.Relay, guestVsock: false, []).IsFit);
        host.Write("virsh-version", "Using library: libvirt nine\nRunning hypervisor: QEMU 7.2.22\n");
        Assert.NotNull(LibvirtFacts.ReadCaptured(host.Root).Refusal);
    }

    [Fact]
    public void Known_exposures_are_told()
    {
        host.Write(
            "sys/devices/system/cpu/vulnerabilities/mmio_stale_data",
            "Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable");
        var report = host.Check();
        Assert.True(report.IsFit);
        Assert.Contains("no microcode", Find(report, "exposure-mmio_stale_data").What, StringComparison.Ordinal);
        Assert.Equal("microcode 0xd0003d1", Find(report, "microcode").What);
    }

    [Fact]
    public void An_aggregate_counts_when_it_has_the_host_and_requires_the_trait()
    {
        static FindingStatus Check(string member, Dictionary<string, string> metadata) =>
            NovaCheck.CheckAggregates([new Aggregate(1, "sgx", [member], metadata)], "host-a").Status;
        var required = new Dictionary<string, string> { ["trait:HW_CPU_X86_SGX"] = "required" };
        Assert.Equal(FindingStatus.Ok, Check("host-a", required));
        Assert.Equal(FindingStatus.Warning, Check("host-b", required));
        Assert.Equal(FindingStatus.Warning, Check("host-a", []));
    }

    [Fact]
    public void An_empty_folder_is_a_machine_that_is_not_fit()
    {
        using var folder = new TemporaryFolder();
        var report = HostCheck.Run(
            new HostRoot(folder.Path), LibvirtReasons.Unusable.Because("none"), CapturedHost.Relay, guestVsock: false, more: []);
        Assert.False(report.IsFit);
    }

    [Fact]
    public void A_guest_with_everything_can_run_enclaves()
    {
        host.Write("run/aesmd/aesm.socket", "");
        Assert.True(host.CheckGuest().IsFit);
        Assert.DoesNotContain(host.CheckGuest().Findings, finding => finding.Status != FindingStatus.Ok);
        host.Remove("dev/sgx_enclave");
        Assert.False(host.CheckGuest().IsFit);
    }

    [Fact]
    public void The_counters_of_the_old_driver_are_shown()
    {
        host.Remove("dev/sgx_enclave");
        host.Write("dev/isgx", "");
        host.Write("sys/module/isgx/parameters/sgx_nr_total_epc_pages", "24064");
        host.Write("sys/module/isgx/parameters/sgx_nr_enclaves", "3");
        var report = host.CheckGuest();
        Assert.Equal("sgx_nr_total_epc_pages = 24064 (94 MiB)", Find(report, "sgx_nr_total_epc_pages").What);
        Assert.Equal("sgx_nr_enclaves = 3", Find(report, "sgx_nr_enclaves").What);
        Assert.Equal(FindingStatus.Warning, Find(report, "driver").Status);
    }

    private void Fails(string id, string words)
    {
        var report = host.Check();
        Assert.False(report.IsFit);
        var finding = Find(report, id);
        Assert.Equal(FindingStatus.Failed, finding.Status);
        Assert.NotNull(finding.Why);
        Assert.Contains(words, $"{finding.What} {finding.Why} {finding.Remedy}", StringComparison.Ordinal);
    }

    private static Finding Find(CheckReport report, string id) => Assert.Single(report.Findings, finding => finding.Id == id);
}
