using System.Globalization;
using System.Xml.Linq;
using Guardian.ComputeHost.Guests;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Tests.Guests;

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
    [InlineData(0L, 0L, 8192L, false)]
    [InlineData(null, 0L, 8192L, false)]
    [InlineData(8192L, 8192L, 24_576L, false)]
    [InlineData(8192L, 8192L, 8192L, true)]
    [InlineData(16_384L, 16_384L, 8192L, true)]
    [InlineData(0L, 0L, 0L, true)]
    [InlineData(0L, 0L, null, true)]
    public void A_guest_without_the_EPC_that_it_had_is_not_verified(long? claimed, long defined, long? known, bool isVerified)
    {
        var state = new GuestEpcState(Guid.Empty, "instance-00000001", 1, claimed, defined, defined);
        // The naive verifier compares claim, definition and mapping only: a lost claim agrees with a guest without EPC.
        Assert.Null(state.Problem);
        Assert.Equal(isVerified, (state with { Known = known }).Problem is null);
    }

    [Theory]
    [InlineData(true, true, true, true)]
    [InlineData(true, false, false, false)]
    [InlineData(null, true, false, false)]
    [InlineData(null, true, true, true)]
    // Nova 2026.2 makes TDX guests by another claim.
    [InlineData(false, true, true, true)]
    [InlineData(false, false, false, true)]
    public void A_TDX_guest_is_verified_when_claim_definition_and_QEMU_agree(bool? claimed, bool defined, bool? running, bool isVerified)
    {
        var state = new GuestEpcState(Guid.Empty, "instance-00000001", 1, 0, 0, 0);
        // The naive verifier compares EPC alone.
        Assert.Null(state.Problem);
        Assert.Equal(isVerified, (state with { Tdx = new GuestTdxState(claimed, defined, running) }).Problem is null);
    }

    [Fact]
    public async Task A_server_whose_claims_are_on_other_hosts_is_wrong_and_hides_no_other()
    {
        var (claims, problem) = await GuestVerifier.FindClaimsAsync(
            _ => throw new RefusedException(CloudReasons.OtherHost.Because("it has claims on cmp02")), Guid.Empty);
        Assert.Empty(claims!);
        var state = new GuestEpcState(Guid.Empty, "instance-00000001", 1, 0, 0, 0) { ClaimProblem = problem };
        Assert.Equal("it has claims on cmp02", state.Problem);
        await Assert.ThrowsAsync<RefusedException>(() => GuestVerifier.FindClaimsAsync(
            _ => throw new RefusedException(CloudReasons.Unreachable.Because("no answer")), Guid.Empty));
    }

    [Theory]
    [InlineData("0:8 1:16", "0:8 1:16", true)]
    [InlineData("0:8 1:16", "1:16 0:4 0:4", true)]
    [InlineData("0:8 1:16", "0:16 1:8", false)]
    [InlineData("0:8", "1:8", false)]
    [InlineData("0:8", "", false)]
    [InlineData("", "0:8", false)]
    // No node is named on one side.
    [InlineData("1:8", "-:8", true)]
    [InlineData("-:24", "0:8 1:16", true)]
    public void Devices_are_on_the_nodes_that_were_claimed(string claimed, string defined, bool isSo)
    {
        var claims = Parts(claimed).Select(part => new EpcClaim(Guid.Empty, part.Node, part.Mebibytes)).ToList();
        var devices = Parts(defined).Select(part => MakeDevice(part.Node, part.Mebibytes));
        Assert.Equal(isSo, GuestVerifier.MatchNodes(new XElement("domain", new XElement("devices", devices)), claims));
        var state = new GuestEpcState(Guid.Empty, "instance-00000001", 1, 8192, 8192, 8192) { IsOnClaimedNodes = isSo };
        Assert.Equal(isSo, state.Problem is null);
    }

    private static XElement MakeDevice(int? node, int mebibytes) => new(
        "memory",
        new XAttribute("model", "sgx-epc"),
        node is null ? null : new XElement("source", new XElement("nodemask", node)),
        new XElement("target", new XElement("size", new XAttribute("unit", "MiB"), mebibytes)));

    private static IEnumerable<(int? Node, int Mebibytes)> Parts(string text) => text
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split(':'))
        .Select(part => (part[0] == "-" ? (int?)null : ParseNumber(part[0]), ParseNumber(part[1])));

    private static int ParseNumber(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
