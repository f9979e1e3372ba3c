using System.Xml.Linq;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Domain;
using Guardian.Node.Definitions;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Definitions;

public sealed class GuestRewriterTests
{
    private static readonly GuestRules TwoSections = new() { Sections = [new EpcSection(0, 65_536), new EpcSection(1, 65_536)] };

    [Fact]
    public void A_guest_with_a_claim_gets_everything_libvirt_wants()
    {
        var domain = Rewrite(TestDomain.Nova(type: "qemu"), FixedClaims.Of(8));
        Assert.Equal("532480", (string?)domain.Element("maxMemory"));
        Assert.Equal("1", (string?)domain.Element("maxMemory")!.Attribute("slots"));
        Assert.Equal("532480", (string?)domain.Element("memory"));
        Assert.Equal("524288", (string?)domain.Element("currentMemory"));
        var cell = domain.Element("cpu")!.Element("numa")!.Element("cell")!;
        Assert.Equal(
            ("0", "0-1", "524288", "KiB"), (Value(cell, "id"), Value(cell, "cpus"), Value(cell, "memory"), Value(cell, "unit")));
        var device = Assert.Single(EpcDevice.FindAll(domain));
        Assert.Equal("8192@ in 0", Describe(device));
        Assert.Null(device.Element("source"));
    }

    [Fact]
    public void What_was_rewritten_is_left_alone_when_it_comes_back()
    {
        string[] domains = [TestDomain.Nova(), TestDomain.Nova(type: "qemu"), TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>")];
        foreach (var xml in domains)
        {
            var rewriter = new GuestRewriter(FixedClaims.Of(8), new GuestRules { HidesSgx = true });
            var first = rewriter.Rewrite(xml).Value!.Xml;
            Assert.NotNull(first);
            PassesUnchanged(rewriter, first);
        }
    }

    [Fact]
    public void Every_character_of_Novas_values_survives()
    {
        var xml = TestDomain.Nova(more: "<description>a&#13;&#10;b &lt;&amp;&gt; \"ä€😀\"</description><title x='&#10;&#9;&quot;'/>");
        var (before, after) = (XElement.Parse(xml, LoadOptions.PreserveWhitespace), Rewrite(xml, FixedClaims.Of(8)));
        Assert.Equal((string?)before.Element("description"), (string?)after.Element("description"));
        Assert.Equal(Value(before.Element("title")!, "x"), Value(after.Element("title")!, "x"));
        Assert.True(XNode.DeepEquals(before.Element("metadata"), after.Element("metadata")));
    }

    [Fact]
    public void Novas_own_cells_are_used()
    {
        const string Cells = """
            <cpu><numa>
              <cell id='0' cpus='0' memory='262144' unit='KiB'/>
              <cell id='1' cpus='1' memory='262144' unit='KiB'/>
            </numa></cpu>
            <numatune>
              <memnode cellid='0' mode='strict' nodeset='1'/>
              <memnode cellid='1' mode='strict' nodeset='0'/>
            </numatune>
            """;
        var domain = Rewrite(TestDomain.Nova(cpu: Cells), FixedClaims.Of((1, 16), (0, 8)), TwoSections);
        Assert.Equal(2, domain.Element("cpu")!.Element("numa")!.Elements("cell").Count());
        Assert.Equal(["8192@0 in 1", "16384@1 in 0"], EpcDevice.FindAll(domain).Select(Describe));
        Assert.Equal(("548864", "2"), ((string?)domain.Element("memory"), Value(domain.Element("maxMemory")!, "slots")));
    }

    [Theory]
    [InlineData(64, "65536@0 in 0")]
    [InlineData(65, "65536@0 in 0, 1024@1 in 0")]
    [InlineData(128, "65536@0 in 0, 65536@1 in 0")]
    public void A_claim_on_the_whole_host_is_split_only_where_one_section_is_too_small(long mebibytes, string expected)
    {
        var domain = Rewrite(TestDomain.Nova(), FixedClaims.Of(mebibytes), TwoSections);
        Assert.Equal(expected, string.Join(", ", EpcDevice.FindAll(domain).Select(Describe)));
    }

    [Fact]
    public void A_claim_beyond_the_host_is_refused() =>
        IsRefused(RelayReasons.DoesNotFit, "do not fit", TestDomain.Nova(), FixedClaims.Of(129), TwoSections);

    [Fact]
    public void A_node_that_libvirt_would_look_up_past_its_list_gets_no_nodemask()
    {
        // Sockets 0 and 2 have EPC, socket 1 has none: libvirt would read the third of two sections.
        var rules = new GuestRules { Sections = [new EpcSection(0, 65_536), new EpcSection(2, 32_768)] };
        var device = Assert.Single(EpcDevice.FindAll(Rewrite(TestDomain.Nova(), FixedClaims.Of((2, 8)), rules)));
        Assert.Null(device.Element("source"));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("0-9")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("4294967296")]
    public void A_nodemask_without_section_is_refused_whoever_wrote_it(string nodes)
    {
        var device = $"""
            <memory model='sgx-epc'><source><nodemask>{nodes}</nodemask></source><target><size unit='KiB'>8192</size></target></memory>
            """;
        foreach (var isNovas in new[] { true, false })
        {
            var xml = TestDomain.Nova(devices: device, metadata: isNovas);
            IsRefused(RelayReasons.WrongNode, "bound to nodes", xml, FixedClaims.Of(8), TwoSections);
        }
    }

    [Fact]
    public void A_changed_claim_changes_the_size_and_counts_memory_once()
    {
        var first = Rewrite(TestDomain.Nova(), FixedClaims.Of(8));
        var second = Rewrite(first.ToString(), FixedClaims.Of(4));
        Assert.Equal("4096@ in 0", Describe(Assert.Single(EpcDevice.FindAll(second))));
        Assert.Equal(("528384", "524288"), ((string?)second.Element("memory"), (string?)second.Element("currentMemory")));
    }

    [Fact]
    public void When_Placement_is_away_a_flavor_in_the_definition_decides()
    {
        const string Asks = "<nova:extraSpecs><nova:extraSpec name='resources:CUSTOM_SGX_EPC_MB'>8</nova:extraSpec></nova:extraSpecs>";
        const string Plain = "<nova:extraSpecs><nova:extraSpec name='hw:cpu_policy'>shared</nova:extraSpec></nova:extraSpecs>";
        var away = new FixedClaims(null);
        Assert.Equal("8192@ in 0", Describe(Assert.Single(EpcDevice.FindAll(Rewrite(TestDomain.Nova(specs: Asks), away)))));
        PassesUnchanged(new GuestRewriter(away, new GuestRules()), TestDomain.Nova(specs: Plain));
        IsRefused(RelayReasons.UnknownClaim, "is not known: Placement does not answer", TestDomain.Nova(), away);
    }

    [Fact]
    public void When_Placement_is_away_a_guest_that_has_EPC_keeps_it()
    {
        var first = new GuestRewriter(FixedClaims.Of(8), new GuestRules()).Rewrite(TestDomain.Nova()).Value!.Xml!;
        PassesUnchanged(new GuestRewriter(new FixedClaims(null), new GuestRules()), first);
    }

    [Fact]
    public void EPC_without_a_claim_is_refused()
    {
        var withEpc = new GuestRewriter(FixedClaims.Of(8), new GuestRules()).Rewrite(TestDomain.Nova()).Value!.Xml!;
        IsRefused(RelayReasons.NoClaim, "claimed none", withEpc, FixedClaims.None);
    }

    // Each size is possible, and all of them together are more than a number holds; the set has millions of nodes in all.
    [Theory]
    [InlineData("<cpu><numa>", "<cell memory='1' unit='EiB'/>", "</numa></cpu>")]
    [InlineData("<cpu><numa>", "<cell memory='1' unit='PiB'/>", "</numa></cpu>")]
    [InlineData("<devices>", "<memory model='dimm'><target><size unit='PiB'>1</size></target></memory>", "</devices>")]
    [InlineData("<devices><memory model='sgx-epc'><source><nodemask>0", ",0-1023", "</nodemask></source></memory></devices>")]
    public void Huge_definitions_are_decided_about_at_once(string start, string part, string end)
    {
        var parts = string.Concat(Enumerable.Repeat(part, 3_000_000 / part.Length));
        var rewriter = new GuestRewriter(FixedClaims.Of(8), TwoSections);
        Assert.True(rewriter.RewriteAsync(TestDomain.Nova(more: start + parts + end)).IsCompletedSuccessfully);
    }

    [Fact]
    public void Persistent_memory_and_EPC_do_not_go_together()
    {
        const string Device = "<memory model='nvdimm'><target><size unit='KiB'>1024</size></target></memory>";
        IsRefused(RelayReasons.CannotAddEpc, "persistent memory", TestDomain.Nova(devices: Device), FixedClaims.Of(8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<domain")]
    [InlineData("<!DOCTYPE domain [<!ENTITY e 'x'>]><domain>&e;</domain>")]
    public void What_is_no_XML_is_refused(string xml) =>
        IsRefused(RelayReasons.MalformedDefinition, "is not XML", xml, FixedClaims.Of(8));

    [Fact]
    public void A_plain_guest_of_an_SGX_host_does_not_see_SGX()
    {
        const string Topology = "<topology sockets='2' cores='1' threads='1'/>";
        var rules = new GuestRules { HidesSgx = true };
        foreach (var mode in new[] { "host-passthrough", "host-model", "maximum" })
        {
            var cpu = $"<cpu mode='{mode}'>{Topology}</cpu>";
            var domain = Rewrite(TestDomain.Nova(cpu: cpu), FixedClaims.None, rules);
            Assert.Equal("disable", Policy(domain, "sgx"));
            PassesUnchanged(new GuestRewriter(FixedClaims.None, rules), domain.ToString());
        }
        foreach (var cpu in new[] { "", "<cpu mode='custom'><model>Icelake-Server</model></cpu>", $"<cpu>{Topology}</cpu>" })
        {
            PassesUnchanged(new GuestRewriter(FixedClaims.None, rules), TestDomain.Nova(cpu: cpu));
        }
    }

    [Fact]
    public void A_guest_with_EPC_sees_SGX_whatever_its_processor()
    {
        static string? PolicyFor(string cpu) => Policy(Rewrite(TestDomain.Nova(cpu: cpu), FixedClaims.Of(8)), "sgx");
        Assert.Equal("require", PolicyFor("<cpu mode='custom'><model>Icelake-Server</model></cpu>"));
        Assert.Equal("require", PolicyFor("<cpu mode='host-model'><feature policy='disable' name='sgx'/></cpu>"));
        Assert.Null(PolicyFor("<cpu mode='host-passthrough'/>"));
        Assert.Equal("host-model", Value(Rewrite(TestDomain.Nova(), FixedClaims.Of(8)).Element("cpu")!, "mode"));
        Assert.Empty(Rewrite(TestDomain.Nova(type: "qemu"), FixedClaims.Of(8)).Element("cpu")!.Elements("feature"));
    }

    [Theory]
    [InlineData(ProvisionKeyRule.Nobody, false, "disable")]
    [InlineData(ProvisionKeyRule.Nobody, true, "disable")]
    [InlineData(ProvisionKeyRule.Everybody, false, "optional")]
    [InlineData(ProvisionKeyRule.ByFlavor, false, "disable")]
    [InlineData(ProvisionKeyRule.ByFlavor, true, "optional")]
    public void The_provisioning_key_is_the_operators_decision(ProvisionKeyRule rule, bool isClaimed, string policy)
    {
        var claims = new FixedClaims([new EpcClaim(Guid.Empty, null, 8) { ProvisionKey = isClaimed }]);
        var domain = Rewrite(
            TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>"), claims, new GuestRules { ProvisionKey = rule });
        Assert.Equal(policy, Policy(domain, "sgx-provisionkey"));
    }

    [Fact]
    public void A_guest_with_EPC_gets_a_vsock_device_once_and_a_plain_guest_gets_none()
    {
        var rules = new GuestRules { AddsVsock = true, HidesSgx = true };
        var first = Rewrite(TestDomain.Nova(), FixedClaims.Of(8), rules);
        var device = Assert.Single(first.Element("devices")!.Elements("vsock"));
        Assert.Equal(("virtio", "yes"), (Value(device, "model"), Value(device.Element("cid")!, "auto")));
        PassesUnchanged(new GuestRewriter(FixedClaims.Of(8), rules), first.ToString(SaveOptions.DisableFormatting));

        // A device that the definition has already stays the only one.
        var own = TestDomain.Nova(devices: "<vsock model='virtio'><cid auto='no' address='7'/></vsock>");
        Assert.Equal("7", Value(Assert.Single(
            Rewrite(own, FixedClaims.Of(8), rules).Element("devices")!.Elements("vsock")).Element("cid")!, "address"));
        Assert.DoesNotContain("vsock", Rewrite(TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>"), FixedClaims.None, rules).ToString(),
            StringComparison.Ordinal);
        Assert.Empty(Rewrite(TestDomain.Nova(), FixedClaims.Of(8)).Element("devices")!.Elements("vsock"));
    }

    [Fact]
    public void A_guest_of_another_tool_is_left_alone()
    {
        var claims = FixedClaims.Of(8);
        PassesUnchanged(new GuestRewriter(claims, new GuestRules { HidesSgx = true }), TestDomain.Nova(metadata: false));
        PassesUnchanged(new GuestRewriter(claims, new GuestRules { HidesSgx = true }), "<domainsnapshot/>");
        Assert.Equal(0, claims.Questions);
    }

    private static XElement Rewrite(string xml, IEpcClaims claims, GuestRules? rules = null)
    {
        var rewriting = new GuestRewriter(claims, rules ?? new GuestRules()).Rewrite(xml);
        Assert.Null(rewriting.Refusal);
        return XElement.Parse(rewriting.Value!.Xml!, LoadOptions.PreserveWhitespace);
    }

    private static void PassesUnchanged(GuestRewriter rewriter, string xml) =>
        Assert.True(rewriter.Rewrite(xml) is { Refusal: null, Value.Xml: null });

    private static void IsRefused(RefusalReason reason, string words, string xml, IEpcClaims claims, GuestRules? rules = null)
    {
        var refusal = new GuestRewriter(claims, rules ?? new GuestRules()).Rewrite(xml).Refusal!;
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(words, refusal.Detail, StringComparison.Ordinal);
    }

    // KiB@host's node in guest's cell
    private static string Describe(XElement device)
    {
        var target = device.Element("target")!;
        var hostNode = (string?)device.Element("source")?.Element("nodemask");
        return $"{target.Element("size")!.Value}@{hostNode} in {target.Element("node")!.Value}";
    }

    private static string? Policy(XElement domain, string feature) =>
        (string?)domain.Element("cpu")!.Elements("feature")
            .SingleOrDefault(element => (string?)element.Attribute("name") == feature)?.Attribute("policy");

    private static string? Value(XElement element, string attribute) => (string?)element.Attribute(attribute);
}
