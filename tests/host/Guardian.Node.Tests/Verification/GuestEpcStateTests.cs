using System.Globalization;
using System.Xml.Linq;
using Guardian.Node.Relay.Domain;
using Guardian.Node.Tests.Support;
using Guardian.Node.Verification;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Verification;

public sealed class GuestEpcStateTests
{
    [Theory]
    [InlineData(8192L, 8192L, 8192L, true)]
    [InlineData(null, 8192L, 8192L, true)]
    [InlineData(8192L, 8192L, 4096L, false)]
    [InlineData(8192L, 4096L, 4096L, false)]
    [InlineData(0L, 8192L, 8192L, false)]
    [InlineData(8192L, 0L, 0L, false)]
    [InlineData(8192L, 8192L, null, false)]
    public void A_guest_is_verified_when_claim_definition_and_mapping_agree(long? claimed, long defined, long? mapped, bool isVerified) =>
        Assert.Equal(isVerified, new GuestEpcState(Guid.Empty, "instance-00000001", 1, claimed, defined, mapped).Problem is null);

    [Theory]
    [InlineData("0:8 1:16", "0:8 1:16", true)]
    [InlineData("0:8 1:16", "1:16 0:4 0:4", true)]
    [InlineData("0:8 1:16", "0:16 1:8", false)]
    [InlineData("0:8", "1:8", false)]
    [InlineData("0:8", "", false)]
    [InlineData("", "0:8", false)]
    // Nobody says where.
    [InlineData("1:8", "-:8", true)]
    [InlineData("-:24", "0:8 1:16", true)]
    public void Devices_are_on_the_nodes_that_were_claimed(string claimed, string defined, bool isSo)
    {
        var claims = Parts(claimed).Select(part => new EpcClaim(Guid.Empty, part.Node, part.Mebibytes)).ToList();
        var devices = Parts(defined).Select(part => $"<memory model='sgx-epc'>{(part.Node is { } node ? $"<source><nodemask>{node}</nodemask></source>" : "")}<target><size unit='MiB'>{part.Mebibytes}</size></target></memory>");
        Assert.Equal(isSo, GuestEpc.IsOnNodesOf(XElement.Parse(TestDomain.Nova(devices: string.Concat(devices))), claims));
        Assert.Equal(isSo, new GuestEpcState(Guid.Empty, "instance-00000001", 1, 8192, 8192, 8192) { IsOnClaimedNodes = isSo }.Problem is null);
    }

    private static IEnumerable<(int? Node, int Mebibytes)> Parts(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split(':'))
        .Select(part => (part[0] == "-" ? (int?)null : int.Parse(part[0], CultureInfo.InvariantCulture), int.Parse(part[1], CultureInfo.InvariantCulture)));
}
