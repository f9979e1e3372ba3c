using System.Xml.Linq;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Relay.Domain;

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
        Assert.Equal(("0", "0-1", "524288", "KiB"), (Value(cell, "id"), Value(cell, "cpus"), Value(cell, "memory"), Value(cell, "unit")));
        var device = Assert.Single(GuestEpc.Devices(domain));
        Assert.Equal(("8192", "0"), ((string?)device.Element("target")!.Element("size"), (string?)device.Element("target")!.Element("node")));
        Assert.Null(device.Element("source"));
    }

    [Fact]
    public void What_was_rewritten_is_left_alone_when_it_comes_back()
    {
        foreach (var xml in new[] { TestDomain.Nova(), TestDomain.Nova(type: "qemu"), TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>") })
        {
            var rewriter = new GuestRewriter(FixedClaims.Of(8), new GuestRules { HidesSgx = true });
            var first = rewriter.Rewrite(xml).Xml;
            Assert.NotNull(first);
            Assert.Equal(Rewriting.Unchanged, rewriter.Rewrite(first));
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
        var domain = Rewrite(
            TestDomain.Nova(cpu: "<cpu><numa><cell id='0' cpus='0' memory='262144' unit='KiB'/><cell id='1' cpus='1' memory='262144' unit='KiB'/></numa></cpu><numatune><memnode cellid='0' mode='strict' nodeset='1'/><memnode cellid='1' mode='strict' nodeset='0'/></numatune>"),
            FixedClaims.Of((1, 16), (0, 8)), TwoSections);
        Assert.Equal(2, domain.Element("cpu")!.Element("numa")!.Elements("cell").Count());
        Assert.Equal(
            [("8192", "0", "1"), ("16384", "1", "0")],
            GuestEpc.Devices(domain).Select(device => (device.Element("target")!.Element("size")!.Value, device.Element("source")!.Element("nodemask")!.Value, device.Element("target")!.Element("node")!.Value)));
        Assert.Equal(("548864", "2"), ((string?)domain.Element("memory"), Value(domain.Element("maxMemory")!, "slots")));
    }

    [Theory]
    [InlineData(64, "65536@0")]
    [InlineData(65, "65536@0 1024@1")]
    [InlineData(128, "65536@0 65536@1")]
    public void A_claim_on_the_whole_host_is_split_only_where_one_section_is_too_small(long mebibytes, string expected)
    {
        var domain = Rewrite(TestDomain.Nova(), FixedClaims.Of(mebibytes), TwoSections);
        Assert.Equal(expected, string.Join(' ', GuestEpc.Devices(domain).Select(device => $"{device.Element("target")!.Element("size")!.Value}@{device.Element("source")!.Element("nodemask")!.Value}")));
    }

    [Fact]
    public void A_claim_beyond_the_host_is_refused() =>
        Assert.Contains("do not fit", Refusal(TestDomain.Nova(), FixedClaims.Of(129), TwoSections), StringComparison.Ordinal);

    [Fact]
    public void A_node_that_libvirt_would_look_up_past_its_list_gets_no_nodemask()
    {
        // Sockets 0 and 2 have EPC, socket 1 has none: libvirt would read the third of two sections.
        var rules = new GuestRules { Sections = [new EpcSection(0, 65_536), new EpcSection(2, 32_768)] };
        Assert.Null(Assert.Single(GuestEpc.Devices(Rewrite(TestDomain.Nova(), FixedClaims.Of((2, 8)), rules))).Element("source"));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("0-9")]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("4294967296")]
    public void A_nodemask_without_section_is_refused_whoever_wrote_it(string nodes)
    {
        var device = $"<memory model='sgx-epc'><source><nodemask>{nodes}</nodemask></source><target><size unit='KiB'>8192</size></target></memory>";
        Assert.Contains("bound to nodes", Refusal(TestDomain.Nova(devices: device), FixedClaims.Of(8), TwoSections), StringComparison.Ordinal);
        Assert.Contains("bound to nodes", Refusal(TestDomain.Nova(devices: device, metadata: false), FixedClaims.Of(8), TwoSections), StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_claim_changes_the_size_and_counts_memory_once()
    {
        var first = Rewrite(TestDomain.Nova(), FixedClaims.Of(8));
        var second = Rewrite(first.ToString(), FixedClaims.Of(4));
        Assert.Equal("4096", Assert.Single(GuestEpc.Devices(second)).Element("target")!.Element("size")!.Value);
        Assert.Equal(("528384", "524288"), ((string?)second.Element("memory"), (string?)second.Element("currentMemory")));
    }

    [Fact]
    public void When_Placement_is_away_a_flavor_in_the_definition_decides()
    {
        const string Asks = "<nova:extraSpecs><nova:extraSpec name='resources:CUSTOM_SGX_EPC_MB'>8</nova:extraSpec></nova:extraSpecs>";
        const string Plain = "<nova:extraSpecs><nova:extraSpec name='hw:cpu_policy'>shared</nova:extraSpec></nova:extraSpecs>";
        Assert.Equal("8192", Assert.Single(GuestEpc.Devices(Rewrite(TestDomain.Nova(specs: Asks), new FixedClaims(null)))).Element("target")!.Element("size")!.Value);
        Assert.Equal(Rewriting.Unchanged, new GuestRewriter(new FixedClaims(null), new GuestRules()).Rewrite(TestDomain.Nova(specs: Plain)));
        Assert.Contains("is not known", Refusal(TestDomain.Nova(), new FixedClaims(null)), StringComparison.Ordinal);
    }

    [Fact]
    public void When_Placement_is_away_a_guest_that_has_EPC_keeps_it()
    {
        var first = new GuestRewriter(FixedClaims.Of(8), new GuestRules()).Rewrite(TestDomain.Nova()).Xml!;
        Assert.Equal(Rewriting.Unchanged, new GuestRewriter(new FixedClaims(null), new GuestRules()).Rewrite(first));
    }

    [Fact]
    public void EPC_without_a_claim_is_refused()
    {
        var withEpc = new GuestRewriter(FixedClaims.Of(8), new GuestRules()).Rewrite(TestDomain.Nova()).Xml!;
        Assert.Contains("claimed none", Refusal(withEpc, FixedClaims.None), StringComparison.Ordinal);
    }

    [Fact]
    public void Persistent_memory_and_EPC_do_not_go_together() =>
        Assert.Contains("persistent memory", Refusal(TestDomain.Nova(devices: "<memory model='nvdimm'><target><size unit='KiB'>1024</size></target></memory>"), FixedClaims.Of(8)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("<domain")]
    [InlineData("<!DOCTYPE domain [<!ENTITY e 'x'>]><domain>&e;</domain>")]
    public void What_is_no_XML_is_refused(string xml) =>
        Assert.Contains("no XML", Refusal(xml, FixedClaims.Of(8)), StringComparison.Ordinal);

    [Fact]
    public void A_plain_guest_of_an_SGX_host_does_not_see_SGX()
    {
        var rules = new GuestRules { HidesSgx = true };
        foreach (var mode in new[] { "host-passthrough", "host-model", "maximum" })
        {
            var domain = Rewrite(TestDomain.Nova(cpu: $"<cpu mode='{mode}'><topology sockets='2' cores='1' threads='1'/></cpu>"), FixedClaims.None, rules);
            Assert.Equal("disable", Policy(domain, "sgx"));
            Assert.Equal(Rewriting.Unchanged, new GuestRewriter(FixedClaims.None, rules).Rewrite(domain.ToString()));
        }
        foreach (var cpu in new[] { "", "<cpu mode='custom'><model>Icelake-Server</model></cpu>", "<cpu><topology sockets='2' cores='1' threads='1'/></cpu>" })
        {
            Assert.Equal(Rewriting.Unchanged, new GuestRewriter(FixedClaims.None, rules).Rewrite(TestDomain.Nova(cpu: cpu)));
        }
    }

    [Fact]
    public void A_guest_with_EPC_sees_SGX_whatever_its_processor()
    {
        Assert.Equal("require", Policy(Rewrite(TestDomain.Nova(cpu: "<cpu mode='custom'><model>Icelake-Server</model></cpu>"), FixedClaims.Of(8)), "sgx"));
        Assert.Equal("require", Policy(Rewrite(TestDomain.Nova(cpu: "<cpu mode='host-model'><feature policy='disable' name='sgx'/></cpu>"), FixedClaims.Of(8)), "sgx"));
        Assert.Null(Policy(Rewrite(TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>"), FixedClaims.Of(8)), "sgx"));
        Assert.Equal("host-model", Value(Rewrite(TestDomain.Nova(), FixedClaims.Of(8)).Element("cpu")!, "mode"));
        Assert.Empty(Rewrite(TestDomain.Nova(type: "qemu"), FixedClaims.Of(8)).Element("cpu")!.Elements("feature"));
    }

    [Theory]
    [InlineData(false, "disable")]
    [InlineData(true, "optional")]
    public void The_provisioning_key_is_the_operators_decision(bool allowed, string policy) =>
        Assert.Equal(policy, Policy(Rewrite(TestDomain.Nova(cpu: "<cpu mode='host-passthrough'/>"), FixedClaims.Of(8), new GuestRules { ProvisionKey = allowed }), "sgx-provisionkey"));

    [Fact]
    public void A_guest_of_another_tool_is_left_alone()
    {
        var claims = FixedClaims.Of(8);
        Assert.Equal(Rewriting.Unchanged, new GuestRewriter(claims, new GuestRules { HidesSgx = true }).Rewrite(TestDomain.Nova(metadata: false)));
        Assert.Equal(Rewriting.Unchanged, new GuestRewriter(claims, new GuestRules { HidesSgx = true }).Rewrite("<domainsnapshot/>"));
        Assert.Equal(0, claims.Questions);
    }

    private static XElement Rewrite(string xml, IEpcClaims claims, GuestRules? rules = null)
    {
        var rewriting = new GuestRewriter(claims, rules ?? new GuestRules()).Rewrite(xml);
        Assert.Null(rewriting.Refusal);
        return XElement.Parse(rewriting.Xml!, LoadOptions.PreserveWhitespace);
    }

    private static string Refusal(string xml, IEpcClaims claims, GuestRules? rules = null) =>
        new GuestRewriter(claims, rules ?? new GuestRules()).Rewrite(xml).Refusal!.Message;

    private static string? Policy(XElement domain, string feature) =>
        (string?)domain.Element("cpu")!.Elements("feature").SingleOrDefault(element => (string?)element.Attribute("name") == feature)?.Attribute("policy");

    private static string? Value(XElement element, string attribute) => (string?)element.Attribute(attribute);
}
