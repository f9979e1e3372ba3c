using System.Xml.Linq;
using Guardian.Node.Libvirt;
using Guardian.Node.Metering;
using Guardian.Node.Metrics;
using Guardian.Node.Processes;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;
using Guardian.Node.Tests.Support;
using Guardian.Node.Verification;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Libvirt;

/// <summary>The relay between the stock client and a real libvirtd with its QEMU driver.</summary>
public sealed class RealLibvirtTests(RealLibvirt libvirt) : IClassFixture<RealLibvirt>
{
    private static readonly GuestRules OneSection = new() { Sections = [new EpcSection(0, 65_536)] };
    private static readonly GuestRules TwoSections = new() { Sections = [new EpcSection(0, 65_536), new EpcSection(1, 65_536)], HidesSgx = true };
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public void A_guest_is_defined_dumped_and_defined_again_without_change()
    {
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu"));
        var first = guest.Virsh("dumpxml", guest.Name).Ends(0).Output;
        guest.Define(first).Ends(0);
        Assert.Equal(first, guest.Virsh("dumpxml", guest.Name).Output);
        Assert.Equal(("139264", "131072"), (Value(first, "memory"), Value(first, "currentMemory")));
        guest.Validate(first);
        var arguments = guest.Virsh("domxml-to-native", "qemu-argv", "--domain", guest.Name).Ends(0).Output;
        Assert.Contains("sgx-epc.0.memdev=memepc0,sgx-epc.0.node=0", arguments, StringComparison.Ordinal);
        Assert.Contains("""{"qom-type":"memory-backend-epc","id":"memepc0","prealloc":true,"size":8388608}""", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_guest_maps_its_EPC_and_is_neither_saved_nor_migrated()
    {
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu"));
        guest.Virsh("start", guest.Name).Ends(0);
        Assert.Contains("sgx_vepc\nSize:               8192 kB", await File.ReadAllTextAsync($"/proc/{libvirt.ProcessOf(guest.Name)}/smaps"), StringComparison.Ordinal);
        var instance = guest.Uuid;
        Assert.Equal(
            new GuestEpcState(instance, guest.Name, libvirt.ProcessOf(guest.Name), 8192, 8192, 8192),
            Assert.Single(await GuestVerifier.ReadAsync(libvirt.SocketPath, _ => Task.FromResult<IReadOnlyList<EpcClaim>>([new EpcClaim(Guid.Empty, 0, 8)]), instance: null)));
        Assert.Null(Assert.Single(await GuestVerifier.ReadAsync(libvirt.SocketPath, claimsOf: null, instance)).Problem);
        Assert.Empty(await GuestVerifier.ReadAsync(libvirt.SocketPath, claimsOf: null, Guid.Empty));
        var running = guest.Virsh("dumpxml", guest.Name).Output;
        guest.Define(running).Ends(0);
        guest.Virsh("managedsave", guest.Name).Ends(1).Says("cannot leave its processor");
        guest.Virsh("save", guest.Name, "/dev/null").Ends(1).Says("cannot leave its processor");
        guest.Virsh("migrate", "--live", "--p2p", guest.Name, "qemu+unix:///system?socket=/nowhere").Ends(1).Says("cannot leave its processor");
        guest.Virsh("snapshot-create-as", guest.Name, "one").Ends(1).Says("disks only");
        Assert.Contains("running", guest.Virsh("domstate", guest.Name).Output, StringComparison.Ordinal);
        guest.Virsh("reboot", guest.Name);
        guest.Virsh("destroy", guest.Name).Ends(0);
    }

    [Fact]
    public void A_plain_guest_is_saved_and_restored_as_ever()
    {
        using var guest = Begin(0, OneSection, TestDomain.Nova(type: "qemu"));
        Assert.DoesNotContain("sgx-epc", guest.Virsh("dumpxml", guest.Name).Output, StringComparison.Ordinal);
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Virsh("managedsave", guest.Name).Ends(0);
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Virsh("destroy", guest.Name).Ends(0);
    }

    [Fact]
    public void EPC_larger_than_a_section_is_accepted_in_parts()
    {
        using var guest = Begin(100, TwoSections, TestDomain.Nova(type: "qemu"));
        var xml = guest.Virsh("dumpxml", guest.Name).Output;
        Assert.Equal(["65536", "36864"], GuestEpc.Devices(XElement.Parse(xml)).Select(device => device.Element("target")!.Element("size")!.Value));
        guest.Validate(xml);
        guest.Define(xml).Ends(0);
        Assert.Equal(xml, guest.Virsh("dumpxml", guest.Name).Output);
    }

    [Fact]
    public void Novas_own_cells_are_kept()
    {
        const string Cells = "<cpu><topology sockets='2' cores='1' threads='1'/><numa><cell id='0' cpus='0' memory='65536' unit='KiB'/><cell id='1' cpus='1' memory='65536' unit='KiB'/></numa></cpu>";
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu", cpu: Cells));
        var xml = guest.Virsh("dumpxml", guest.Name).Output;
        Assert.Equal(("139264", 2), (Value(xml, "memory"), XElement.Parse(xml).Element("cpu")!.Element("numa")!.Elements("cell").Count()));
        guest.Validate(xml);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<cpu mode='host-passthrough'/>")]
    [InlineData("<cpu mode='host-model'><feature policy='disable' name='sgx'/></cpu>")]
    [InlineData("<cpu mode='custom' match='exact'><model>qemu64</model></cpu>")]
    public void A_hardware_guests_processor_is_one_that_libvirt_accepts(string cpu)
    {
        Assert.SkipWhen(libvirt.Missing is not null, libvirt.Missing ?? "");
        Assert.SkipUnless(RealLibvirt.RunVirsh(libvirt.SocketPath, "domcapabilities", "--virttype", "kvm", "--machine", "q35").ExitCode == 0, "needs /dev/kvm");
        foreach (var mebibytes in new[] { 8, 0 })
        {
            using var guest = Begin(mebibytes, TwoSections, TestDomain.Nova(cpu: cpu));
            var xml = guest.Virsh("dumpxml", guest.Name).Output;
            guest.Validate(xml);
            guest.Define(xml).Ends(0);
            Assert.Equal(xml, guest.Virsh("dumpxml", guest.Name).Output);
        }
    }

    [Fact]
    public void A_refusal_reads_well_in_the_stock_client()
    {
        Assert.SkipWhen(libvirt.Missing is not null, libvirt.Missing ?? "");
        using var relay = new TestRelay(new FixedClaims(null), upstream: libvirt.SocketPath);
        using var folder = new TemporaryFolder();
        RealLibvirt.RunVirsh(relay.Path, "define", folder.Write("guest.xml", TestDomain.Nova(type: "qemu"))).Ends(1).Says("error: guardian: the EPC of instance 5f9c3d6e");
    }

    [Fact]
    public void Guardians_own_client_reads_what_libvirt_says()
    {
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu"));
        using var client = LibvirtClient.Connect(libvirt.SocketPath, "qemu:///system", Limit);
        Assert.True(client.GetLibraryVersion() >= new Version(8, 10));
        Assert.True(client.GetHypervisorVersion() >= new Version(7, 0));
        Assert.Contains("sgx supported='yes'", client.GetDomainCapabilities("qemu"), StringComparison.Ordinal);
        client.Subscribe();
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Virsh("destroy", guest.Name).Ends(0);
        var kinds = new List<GuestEventKind>();
        while (!kinds.Contains(GuestEventKind.Stopped))
        {
            var next = client.WaitForEvent();
            Assert.Equal(guest.Uuid, next.Guest.Uuid);
            kinds.Add(next.Kind);
        }
        Assert.Contains(GuestEventKind.Started, kinds);
        var listed = Assert.Single(client.ListGuests(activeOnly: false));
        Assert.Equal((guest.Name, false), (listed.Name, listed.IsActive));
        Assert.Equal(8192, GuestEpc.Kibibytes(XElement.Parse(client.GetXml(listed))));
        var unknown = Assert.Throws<LibvirtException>(() => client.GetXml(new GuestName("nobody", Guid.Empty, -1)));
        Assert.Equal(RpcErrorCode.NoDomain, unknown.Code);
        Assert.True(new LibvirtGuestKinds(libvirt.SocketPath).HasEpc(listed, "qemu:///system"));
        Assert.False(new LibvirtGuestKinds(libvirt.SocketPath).HasEpc(new GuestName("nobody", Guid.Empty, -1), "qemu:///system"));
    }

    [Fact]
    public void The_meter_knows_what_was_defined_last_through_the_relay_or_around_it()
    {
        var novas = TestDomain.Nova(type: "qemu");
        using var guest = Begin(8, OneSection, novas);
        using var folder = new TemporaryFolder();
        var around = folder.Write("around.xml", guest.Virsh("dumpxml", guest.Name).Output.Replace("139264", "143360", StringComparison.Ordinal).Replace("8192", "12288", StringComparison.Ordinal));
        var clock = new HostClock(TimeProvider.System);
        // It looks on until the process ends. A folder without processes shows it events alone.
        var meter = new Meter(folder.File("journal"), clock.Read, _ => { });
        new GuestWatch(meter, new GuestProcesses("/usr"), guest.Passed, clock.Read, libvirt.SocketPath, _ => { }).Start();
        void Expect(long mebibytes) => Assert.True(
            SpinWait.SpinUntil(() => meter.Guests() is [var only] && only == new GuestMetrics(guest.Uuid, "decade", "sgx.small", mebibytes, 0), Limit), string.Join(' ', meter.Guests()));

        Expect(8);
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        Expect(12);
        guest.Define(guest.Own(novas)).Ends(0);
        Expect(8);
        // What libvirt refuses is not what it has.
        guest.Define(guest.Own(novas).Replace("<name>", "<name>/", StringComparison.Ordinal)).Ends(1);
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        Expect(12);
        // Both at once: the last one counts, whoever it was.
        for (var i = 0; i < 5; i++)
        {
            Parallel.Invoke(() => guest.Define(guest.Own(novas)).Ends(0), () => RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0));
            Expect(GuestEpc.Kibibytes(XElement.Parse(guest.Virsh("dumpxml", guest.Name).Output))!.Value / 1024);
        }
        // A running guest has what it was started with, whatever it is defined to have next time.
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Define(guest.Own(novas)).Ends(0);
        Expect(12);
        guest.Virsh("destroy", guest.Name).Ends(0);
    }

    private DefinedGuest Begin(long mebibytes, GuestRules rules, string xml)
    {
        Assert.SkipWhen(libvirt.Missing is not null, libvirt.Missing ?? "");
        var guest = new DefinedGuest(libvirt, mebibytes == 0 ? FixedClaims.None : FixedClaims.Of(mebibytes), rules);
        guest.Define(guest.Own(xml)).Ends(0);
        return guest;
    }

    private static string? Value(string xml, string name) => (string?)XElement.Parse(xml).Element(name);

    /// <summary>A guest that is defined through a relay of its own, and gone afterwards.</summary>
    private sealed class DefinedGuest(RealLibvirt libvirt, IEpcClaims claims, GuestRules rules) : IDisposable
    {
        private readonly TestRelay relay = new(claims, rules, new LibvirtGuestKinds(libvirt.SocketPath), upstream: libvirt.SocketPath);
        private readonly TemporaryFolder folder = new();

        public string Name => "instance-00000001";

        /// <summary>Another one each time: QEMU is found among the machine's processes by it, where another run of these tests may have its own.</summary>
        public Guid Uuid { get; } = Guid.NewGuid();

        public PassedDefinitions Passed => relay.Passed;

        /// <summary>A definition of this guest, with little memory.</summary>
        public string Own(string xml) => xml.Replace("524288", "131072", StringComparison.Ordinal).Replace(TestDomain.Uuid, Uuid.ToString(), StringComparison.Ordinal);

        public Result Virsh(params string[] arguments) => RealLibvirt.RunVirsh(relay.Path, arguments);

        public Result Define(string xml) => Virsh("define", folder.Write("guest.xml", xml));

        public void Validate(string xml) => RealLibvirt.Run("virt-xml-validate", folder.Write("guest.xml", xml), "domain").Ends(0);

        public void Dispose()
        {
            RealLibvirt.RunVirsh(libvirt.SocketPath, "destroy", Name);
            RealLibvirt.RunVirsh(libvirt.SocketPath, "undefine", "--managed-save", Name);
            relay.Dispose();
            folder.Dispose();
        }
    }
}
