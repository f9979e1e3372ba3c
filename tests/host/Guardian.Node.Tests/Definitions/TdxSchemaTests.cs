using Guardian.Node.Definitions;
using Guardian.Node.Tests.Relay;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Definitions;

/// <summary>Definitions of TDX guests against the schema of a libvirt that knows TDX; ./test libvirt fetches it.</summary>
[Trait("Starts", "processes")]
public sealed class TdxSchemaTests
{
    private static readonly string? Schema = Environment.GetEnvironmentVariable("GUARDIAN_LIBVIRT_SCHEMA");

    [Fact]
    public void A_TDX_guest_is_valid_in_the_schema_and_a_wrong_one_is_not()
    {
        Assert.SkipWhen(Schema is null, "needs the schema of libvirt 11.6 or later: ./test libvirt fetches it");
        using var folder = new TemporaryFolder();
        Result Validate(string xml) =>
            RealLibvirt.Run("xmllint", "--noout", "--relaxng", Schema!, folder.Write("guest.xml", xml));
        var key = new FixedClaims([new EpcClaim(Guid.Empty, null, 0) { TdxKey = true }]);
        foreach (var cpu in new[] { "", "<cpu mode='host-model' match='exact'><topology sockets='2' cores='1' threads='1'/></cpu>" })
        {
            var plain = TestDomain.Nova(os: GuestTdxTests.Uefi, cpu: cpu, more: "<features><acpi/><smm state='on'/></features>");
            Validate(plain).Ends(0);
            var xml = new GuestRewriter(key, new GuestRules()).Rewrite(plain).Value!.Xml!;
            Assert.Contains("launchSecurity type=\"tdx\"", xml, StringComparison.Ordinal);
            Validate(xml).Ends(0);
            Assert.NotEqual(0, Validate(xml.Replace("quoteGenerationService", "quoteGenerationSocket", StringComparison.Ordinal)).ExitCode);
        }
    }
}
