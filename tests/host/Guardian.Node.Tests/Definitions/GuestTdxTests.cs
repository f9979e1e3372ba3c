using System.Xml.Linq;
using Guardian.Libvirt.Domain;
using Guardian.Node.Definitions;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Definitions;

public sealed class GuestTdxTests
{
    /// <summary>The firmware and the features that Nova gives a guest of an image with hw_firmware_type=uefi.</summary>
    internal const string Uefi = """
        <loader type='pflash' readonly='yes'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
        <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'/>
        """;

    private const string AsksTdx =
        "<nova:extraSpecs><nova:extraSpec name='resources:CUSTOM_TDX_KEY'>1</nova:extraSpec></nova:extraSpecs>";

    private const string Plain = "<nova:extraSpecs><nova:extraSpec name='hw:cpu_policy'>shared</nova:extraSpec></nova:extraSpecs>";

    private static readonly GuestRules Rules = new() { HidesSgx = true };

    private static FixedClaims Key => new([new EpcClaim(Guid.Empty, null, 0) { TdxKey = true }]);

    [Fact]
    public void A_guest_with_a_key_gets_everything_libvirt_wants()
    {
        var domain = Rewrite(TestDomain.Nova(
            os: Uefi, cpu: "<cpu mode='host-model' match='exact'><topology sockets='2' cores='1' threads='1'/></cpu>",
            more: "<features><acpi/><smm state='on'><tseg unit='MiB'>8</tseg></smm></features>"));
        var security = domain.Element("launchSecurity")!;
        Assert.Equal(
            ("tdx", "0x10000000", "/var/run/tdx-qgs/qgs.socket"),
            (Value(security, "type"), (string?)security.Element("policy"), Value(security.Element("quoteGenerationService")!, "path")));
        Assert.Equal(["policy", "quoteGenerationService"], security.Elements().Select(element => element.Name.LocalName));
        var os = domain.Element("os")!;
        Assert.Equal(("efi", (XElement?)null, (XElement?)null), (Value(os, "firmware"), os.Element("loader"), os.Element("nvram")));
        var features = domain.Element("features")!;
        Assert.Equal(
            ("qemu", "off", "off", ""),
            (Value(features.Element("ioapic")!, "driver"), Value(features.Element("smm")!, "state"),
                Value(features.Element("pmu")!, "state"), features.Element("smm")!.Value));
        Assert.NotNull(features.Element("acpi"));
        var cpu = domain.Element("cpu")!;
        Assert.Equal(("host-passthrough", "none", null), (Value(cpu, "mode"), Value(cpu, "check"), Value(cpu, "match")));
        Assert.NotNull(cpu.Element("topology"));
    }

    [Fact]
    public void What_was_rewritten_is_left_alone_when_it_comes_back()
    {
        foreach (var cpu in new[] { "", "<cpu mode='host-passthrough' check='none' migratable='on'/>" })
        {
            var rewriter = new GuestRewriter(Key, Rules);
            var first = rewriter.Rewrite(TestDomain.Nova(os: Uefi, cpu: cpu)).Value!.Xml!;
            PassesUnchanged(rewriter, first);
            // libvirt adds the firmware that it selected.
            var selected = first.Replace(
                "</os>", "<loader readonly='yes' type='rom' format='raw'>/usr/share/ovmf/OVMF.inteltdx.fd</loader></os>",
                StringComparison.Ordinal);
            PassesUnchanged(rewriter, selected);
        }
    }

    [Fact]
    public void Values_of_the_guests_owner_stay_and_a_debug_policy_does_not()
    {
        const string Security = """
            <launchSecurity type='tdx'><policy>0x1</policy><mrConfigId>AAAA</mrConfigId>
            <quoteGenerationService path='/run/qgs'/></launchSecurity>
            """;
        var security = Rewrite(TestDomain.Nova(os: Uefi, more: Security)).Element("launchSecurity")!;
        Assert.Equal(
            ("0x10000000", "AAAA", "/run/qgs"),
            ((string?)security.Element("policy"), (string?)security.Element("mrConfigId"),
                Value(security.Element("quoteGenerationService")!, "path")));
    }

    [Theory]
    [InlineData("pc-q35-7.2", true)]
    [InlineData("q35", true)]
    [InlineData("pc", false)]
    [InlineData("pc-i440fx-7.2", false)]
    [InlineData("microvm", false)]
    public void The_machine_type_is_q35_or_the_guest_is_refused(string machine, bool isTdx)
    {
        var xml = TestDomain.Nova(os: Uefi).Replace("machine=\"q35\"", $"machine=\"{machine}\"", StringComparison.Ordinal);
        Assert.Equal(isTdx, new GuestRewriter(Key, Rules).Rewrite(xml).Refusal is null);
    }

    [Fact]
    public void What_excludes_TDX_is_named()
    {
        IsRefused(RelayReasons.CannotAddTdx, "UEFI", TestDomain.Nova());
        IsRefused(RelayReasons.CannotAddTdx, "KVM", TestDomain.Nova(type: "qemu", os: Uefi));
        IsRefused(RelayReasons.CannotAddTdx, "secure boot", TestDomain.Nova(os: "<loader secure='yes' type='pflash'>/x</loader>"));
        IsRefused(RelayReasons.CannotAddTdx, "'sev'", TestDomain.Nova(os: Uefi, more: "<launchSecurity type='sev'/>"));
        const string Scsi = "<disk type='network' device='disk'><target dev='sda' bus='scsi'/></disk>";
        const string Virtio = "<disk type='network' device='disk'><target dev='vda' bus='virtio'/></disk>";
        IsRefused(RelayReasons.CannotAddTdx, "SCSI", TestDomain.Nova(os: Uefi, devices: Scsi + Virtio));
        Assert.NotNull(Rewrite(TestDomain.Nova(os: Uefi, devices: Virtio + Scsi)));
        var both = new FixedClaims([new EpcClaim(Guid.Empty, 0, 8), new EpcClaim(Guid.Empty, null, 0) { TdxKey = true }]);
        IsRefused(RelayReasons.CannotAddTdx, "has no EPC", TestDomain.Nova(os: Uefi), both);
        const string Device = "<memory model='sgx-epc'><target><size unit='KiB'>8192</size></target></memory>";
        IsRefused(RelayReasons.CannotAddTdx, "has no EPC", TestDomain.Nova(os: Uefi, devices: Device));
    }

    [Fact]
    public void A_flavor_without_a_key_never_gets_TDX_and_one_that_asks_without_a_claim_is_refused()
    {
        foreach (var claims in new[] { FixedClaims.None, FixedClaims.Of(8) })
        {
            Assert.DoesNotContain("launchSecurity", Write(claims, TestDomain.Nova(os: Uefi)), StringComparison.Ordinal);
        }
        IsRefused(RelayReasons.NoClaim, "no TDX key", TestDomain.Nova(os: Uefi, specs: AsksTdx), FixedClaims.None);
        // A definition that the relay wrote, of a server whose claim was deleted.
        var written = new GuestRewriter(Key, Rules).Rewrite(TestDomain.Nova(os: Uefi)).Value!.Xml!;
        IsRefused(RelayReasons.NoClaim, "no TDX key", written, FixedClaims.None);
        IsRefused(RelayReasons.NoClaim, "no TDX key", written, FixedClaims.Of(8));
    }

    [Fact]
    public void An_owner_cannot_ask_for_TDX_by_names_or_properties_of_the_image()
    {
        const string Property = "<nova:property name='resources:CUSTOM_TDX_KEY'>1</nova:property>"
            + "<nova:extraSpec name='resources:CUSTOM_TDX_KEY'>1</nova:extraSpec>";
        var xml = TestDomain.Nova(os: Uefi, specs: Plain)
            .Replace("<nova:owner>", $"<nova:image uuid='1'><nova:properties>{Property}</nova:properties></nova:image><nova:owner>",
                StringComparison.Ordinal)
            .Replace("a server", "&lt;launchSecurity type='tdx'/&gt;", StringComparison.Ordinal);
        // The naive relay reads the request wherever it stands.
        Assert.Contains(
            XElement.Parse(xml).Descendants(), element => Value(element, "name") == "resources:CUSTOM_TDX_KEY" && element.Value == "1");
        var away = new FixedClaims(null);
        PassesUnchanged(new GuestRewriter(away, new GuestRules()), xml);
        Assert.Equal(0, away.Questions);
    }

    [Fact]
    public void When_Placement_is_away_the_flavor_in_the_definition_or_the_definition_itself_decides()
    {
        var away = new FixedClaims(null);
        Assert.Contains("type=\"tdx\"", Write(away, TestDomain.Nova(os: Uefi, specs: AsksTdx)), StringComparison.Ordinal);
        var written = new GuestRewriter(Key, Rules).Rewrite(TestDomain.Nova(os: Uefi)).Value!.Xml!;
        PassesUnchanged(new GuestRewriter(away, Rules), written);
        IsRefused(RelayReasons.UnknownClaim, "is not known", TestDomain.Nova(os: Uefi), away);
    }

    [Fact]
    public void A_TDX_guest_that_Nova_itself_makes_passes_unchanged()
    {
        const string Specs = "<nova:extraSpecs><nova:extraSpec name='hw:mem_encryption_model'>intel-tdx</nova:extraSpec></nova:extraSpecs>";
        const string Security = "<launchSecurity type='tdx'><policy>0x10000000</policy><quoteGenerationService/></launchSecurity>";
        PassesUnchanged(
            new GuestRewriter(FixedClaims.None, Rules),
            TestDomain.Nova(specs: Specs, cpu: "<cpu mode='host-passthrough'/>", more: Security));
    }

    private static XElement Rewrite(string xml) => XElement.Parse(Write(Key, xml), LoadOptions.PreserveWhitespace);

    private static string Write(FixedClaims claims, string xml)
    {
        var rewriting = new GuestRewriter(claims, Rules).Rewrite(xml);
        Assert.Null(rewriting.Refusal);
        return rewriting.Value!.Xml ?? xml;
    }

    private static void PassesUnchanged(GuestRewriter rewriter, string xml) =>
        Assert.True(rewriter.Rewrite(xml) is { Refusal: null, Value.Xml: null });

    private static void IsRefused(RefusalReason reason, string words, string xml, FixedClaims? claims = null)
    {
        var refusal = new GuestRewriter(claims ?? Key, Rules).Rewrite(xml).Refusal!;
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(words, refusal.Detail, StringComparison.Ordinal);
    }

    private static string? Value(XElement element, string attribute) => (string?)element.Attribute(attribute);
}
