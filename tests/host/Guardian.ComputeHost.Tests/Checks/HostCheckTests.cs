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
        Assert.False(HostCheck.Run(new HostRoot(folder.Path), LibvirtReasons.Unusable.Because("none"), CapturedHost.Relay, []).IsFit);
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
