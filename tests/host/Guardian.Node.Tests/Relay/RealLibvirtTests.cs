using System.Xml.Linq;
using Guardian.ComputeHost.Guests;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Metering;
using Guardian.Node.Definitions;
using Guardian.Node.Metering;
using Guardian.Node.Metrics;
using Guardian.Node.Relay;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Relay;

/// <summary>The relay between the stock client and a real libvirtd with its QEMU driver.</summary>
[Trait("Starts", "processes")]
public sealed class RealLibvirtTests(RealLibvirt libvirt) : IClassFixture<RealLibvirt>
{
    private static readonly GuestRules OneSection = new() { Sections = [new EpcSection(0, 65_536)] };
    private static readonly GuestRules TwoSections =
        new() { Sections = [new EpcSection(0, 65_536), new EpcSection(1, 65_536)], HidesSgx = true };
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
        Assert.Contains(
            """{"qom-type":"memory-backend-epc","id":"memepc0","prealloc":true,"size":8388608}""", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public void The_vsock_device_is_one_that_libvirt_accepts_and_keeps()
    {
        using var guest = Begin(8, OneSection with { AddsVsock = true }, TestDomain.Nova(type: "qemu"));
        var first = guest.Virsh("dumpxml", guest.Name).Ends(0).Output;
        var device = Assert.Single(XElement.Parse(first).Element("devices")!.Elements("vsock"));
        Assert.Equal("yes", (string?)device.Element("cid")!.Attribute("auto"));
        guest.Validate(first);
        guest.Define(first).Ends(0);
        Assert.Equal(first, guest.Virsh("dumpxml", guest.Name).Output);
    }

    [Fact]
    public async Task A_running_guest_maps_its_EPC_and_is_neither_saved_nor_migrated()
    {
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu"));
        guest.Virsh("start", guest.Name).Ends(0);
        var process = libvirt.ProcessOf(guest.Name);
        var maps = await File.ReadAllTextAsync($"/proc/{process}/smaps");
        Assert.Contains("sgx_vepc\nSize:               8192 kB", maps, StringComparison.Ordinal);
        var instance = guest.Uuid;
        static Task<IReadOnlyList<EpcClaim>> FindClaims(Guid server) =>
            Task.FromResult<IReadOnlyList<EpcClaim>>([new EpcClaim(Guid.Empty, 0, 8)]);
        Assert.Equal(
            new GuestEpcState(instance, guest.Name, process, 8192, 8192, 8192)
            {
                Tdx = new GuestTdxState(Claimed: false, Defined: false, Running: false),
            },
            Assert.Single(await GuestVerifier.ReadAsync(libvirt.SocketPath, FindClaims, findKnown: null, instance: null)));
        Assert.Null(Assert.Single(await GuestVerifier.ReadAsync(libvirt.SocketPath, findClaims: null, (_, _) => 8, instance)).Problem);
        Assert.Contains("had 16384 KiB", Assert.Single(
            await GuestVerifier.ReadAsync(libvirt.SocketPath, findClaims: null, (_, _) => 16, instance)).Problem, StringComparison.Ordinal);
        Assert.Empty(await GuestVerifier.ReadAsync(libvirt.SocketPath, findClaims: null, findKnown: null, Guid.Empty));
        var running = guest.Virsh("dumpxml", guest.Name).Output;
        guest.Define(running).Ends(0);
        guest.Virsh("managedsave", guest.Name).Ends(1).Says("cannot leave its processor");
        guest.Virsh("save", guest.Name, "/dev/null").Ends(1).Says("cannot leave its processor");
        guest.Virsh("migrate", "--live", "--p2p", guest.Name, "qemu+unix:///system?socket=/nowhere")
            .Ends(1).Says("cannot leave its processor");
        guest.Virsh("snapshot-create-as", guest.Name, "one").Ends(1).Says("disks only");
        using var folder = new TemporaryFolder();
        folder.Write("more.xml", "<memory model='sgx-epc'><target><size unit='KiB'>8192</size><node>0</node></target></memory>");
        guest.Virsh("attach-device", guest.Name, folder.File("more.xml"), "--config").Ends(1).Says("cannot be attached");
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
        Assert.Equal(
            ["65536", "36864"],
            EpcDevice.FindAll(XElement.Parse(xml)).Select(device => device.Element("target")!.Element("size")!.Value));
        guest.Validate(xml);
        guest.Define(xml).Ends(0);
        Assert.Equal(xml, guest.Virsh("dumpxml", guest.Name).Output);
    }

    [Fact]
    public void Novas_own_cells_are_kept()
    {
        const string Cells = """
            <cpu><topology sockets='2' cores='1' threads='1'/><numa>
              <cell id='0' cpus='0' memory='65536' unit='KiB'/><cell id='1' cpus='1' memory='65536' unit='KiB'/>
            </numa></cpu>
            """;
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
        var kvm = RealLibvirt.RunVirsh(libvirt.SocketPath, "domcapabilities", "--virttype", "kvm", "--machine", "q35");
        Assert.SkipUnless(kvm.ExitCode == 0, "needs /dev/kvm");
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
        RealLibvirt.RunVirsh(relay.Path, "define", folder.Write("guest.xml", TestDomain.Nova(type: "qemu")))
            .Ends(1).Says("error: guardian: the EPC of instance 5f9c3d6e");
    }

    [Fact]
    public async Task Guardians_own_client_reads_what_libvirt_says()
    {
        using var guest = Begin(8, OneSection, TestDomain.Nova(type: "qemu"));
        using var client = LibvirtClient.Connect(libvirt.SocketPath, "qemu:///system", Limit);
        Assert.True(client.GetLibraryVersion() >= new Version(8, 10));
        Assert.True(client.GetHypervisorVersion() >= new Version(7, 0));
        Assert.Equal(guest.Virsh("hostname").Output.Trim(), client.GetHostName());
        Assert.Equal(client.GetHostName(), new HostName(null, libvirt.SocketPath).Refresh());
        Assert.Contains("sgx supported='yes'", client.GetDomainCapabilities("qemu"), StringComparison.Ordinal);
        client.Subscribe();
        var lookup = new LibvirtGuestLookup(libvirt.SocketPath);
        guest.Virsh("start", guest.Name).Ends(0);
        Assert.Equal(GuestKind.Epc, await lookup.FindKindAsync(new GuestName(guest.Name, guest.Uuid, -1), "qemu:///system"));
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
        Assert.Equal(8192, ReadEpc(client.GetXml(listed)));
        var unknown = Assert.Throws<RefusedException>(() => client.GetXml(new GuestName("nobody", Guid.Empty, -1)));
        Assert.Equal(LibvirtReasons.NoDomain, unknown.Refusal.Reason);
        Assert.Equal(GuestKind.Plain, await lookup.FindKindAsync(listed, "qemu:///system"));
        Assert.Equal(GuestKind.Plain, await lookup.FindKindAsync(new GuestName("nobody", Guid.Empty, -1), "qemu:///system"));
    }

    [Fact]
    public void The_meter_knows_what_was_defined_last_through_the_relay_or_around_it()
    {
        var novas = TestDomain.Nova(type: "qemu");
        using var guest = Begin(8, OneSection, novas);
        using var folder = new TemporaryFolder();
        var larger = guest.Virsh("dumpxml", guest.Name).Output
            .Replace("139264", "143360", StringComparison.Ordinal).Replace("8192", "12288", StringComparison.Ordinal);
        var around = folder.Write("around.xml", larger);
        var clock = new HostClock(TimeProvider.System);
        // The meter runs until the process ends. In a folder without processes, it sees only events.
        var meter = new Meter(folder.File("journal"), clock.Read, _ => { });
        var known = KnownClaims.Open(folder.File("claims"));
        new GuestWatch(meter, new GuestProcesses("/usr"), guest.Passed, known, clock.Read, libvirt.SocketPath, _ => { }).Start();
        void Expect(long mebibytes)
        {
            var expected = new GuestMetrics(guest.Uuid, "decade", "sgx.small", mebibytes, 0);
            Assert.True(
                SpinWait.SpinUntil(() => meter.ListGuests() is [var only] && only == expected, Limit),
                string.Join(' ', meter.ListGuests()));
        }

        Expect(8);
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        Expect(12);
        guest.Define(guest.Own(novas)).Ends(0);
        Expect(8);
        // libvirt refuses this definition and keeps the last one.
        guest.Define(guest.Own(novas).Replace("<name>", "<name>/", StringComparison.Ordinal)).Ends(1);
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        Expect(12);
        // Two clients define the guest at once: the last definition counts.
        for (var i = 0; i < 5; i++)
        {
            Parallel.Invoke(
                () => guest.Define(guest.Own(novas)).Ends(0),
                () => RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0));
            Expect(ReadEpc(guest.Virsh("dumpxml", guest.Name).Output) / 1024);
        }
        // A running guest keeps the EPC that it was started with; a new definition applies to the next start.
        RealLibvirt.RunVirsh(libvirt.SocketPath, "define", around).Ends(0);
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Define(guest.Own(novas)).Ends(0);
        Expect(12);
        guest.Virsh("destroy", guest.Name).Ends(0);
        Expect(8);
        // A guest without a definition goes when it stops, and libvirt has no event for that.
        guest.Virsh("start", guest.Name).Ends(0);
        guest.Virsh("undefine", guest.Name).Ends(0);
        Expect(8);
        guest.Virsh("destroy", guest.Name).Ends(0);
        Assert.True(SpinWait.SpinUntil(() => meter.ListGuests() is [], Limit));
    }

    private DefinedGuest Begin(long mebibytes, GuestRules rules, string xml)
    {
        Assert.SkipWhen(libvirt.Missing is not null, libvirt.Missing ?? "");
        var guest = new DefinedGuest(libvirt, mebibytes == 0 ? FixedClaims.None : FixedClaims.Of(mebibytes), rules);
        guest.Define(guest.Own(xml)).Ends(0);
        return guest;
    }

    private static string? Value(string xml, string name) => (string?)XElement.Parse(xml).Element(name);

    private static long ReadEpc(string xml) => EpcDevice.SumKibibytes(EpcDevice.FindAll(XElement.Parse(xml)))!.Value;

    /// <summary>A guest that is defined through a relay of its own, and removed afterwards.</summary>
    private sealed class DefinedGuest(RealLibvirt libvirt, IEpcClaims claims, GuestRules rules) : IDisposable
    {
        private readonly TestRelay relay = new(claims, rules, new LibvirtGuestLookup(libvirt.SocketPath), upstream: libvirt.SocketPath);
        private readonly TemporaryFolder folder = new();

        public string Name => "instance-00000001";

        /// <summary>A new UUID each time: the meter finds QEMU by it among the machine's processes, also those of other runs.</summary>
        public Guid Uuid { get; } = Guid.NewGuid();

        public PassedDefinitions Passed => relay.Passed;

        /// <summary>A definition of this guest, with little memory.</summary>
        public string Own(string xml) => xml
            .Replace("524288", "131072", StringComparison.Ordinal)
            .Replace(TestDomain.Uuid, Uuid.ToString(), StringComparison.Ordinal);

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
