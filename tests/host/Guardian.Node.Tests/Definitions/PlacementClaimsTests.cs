using Guardian.Libvirt.Domain;
using Guardian.Node.Definitions;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Definitions;

/// <summary>The chaos suite of lookups: whatever the control plane does, known servers start, and unknown ones are refused.</summary>
public sealed class PlacementClaimsTests : IDisposable
{
    private static readonly NovaMetadata Plain = TestCloud.Server(1, "m1.tiny");
    private static readonly NovaMetadata Sgx = TestCloud.Server(2, "sgx.small");
    private static readonly NovaMetadata New = TestCloud.Server(3, "m1.tiny");

    private readonly TestCloud cloud = new();

    public static TheoryData<string> Troubles => [.. TestCloud.Troubles.Keys];

    public static TheoryData<string> Silences => [.. TestCloud.Silences.Keys];

    private static string Unknown => RelayReasons.UnknownClaim.ToString();

    public void Dispose() => cloud.Dispose();

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Known_servers_start_in_every_trouble_also_after_a_restart_and_unknown_ones_do_not(string trouble)
    {
        await LearnAsync();
        cloud.Placement.Trouble = TestCloud.Troubles[trouble];
        for (var start = 0; start < 2; start++)
        {
            cloud.Restart();
            Assert.Equal("", await cloud.FindAsync(Plain));
            Assert.Equal("8@0 16@1", await cloud.FindAsync(Sgx));
            Assert.Equal(Unknown, await cloud.FindAsync(New));
            Assert.Equal(Unknown, await cloud.FindAsync(Plain with { Flavor = "sgx.small" }));
            Assert.Equal(Unknown, await cloud.FindAsync(Sgx with { Flavor = "sgx.large" }));
        }
        var counts = cloud.Statistics.ReadLookups().Results;
        Assert.Equal((4, 6), (counts[LookupResult.Remembered], counts[LookupResult.Refused]));
        cloud.Placement.Trouble = null;
        Assert.Equal("", await cloud.FindAsync(New));
    }

    [Theory]
    [MemberData(nameof(Silences))]
    public async Task After_the_first_time_out_no_lookup_waits_until_Placement_answers_again(string silence)
    {
        await LearnAsync();
        cloud.Restart();
        cloud.Placement.Trouble = TestCloud.Silences[silence];
        // Fifty servers at once, known and new.
        var waiting = Enumerable.Range(100, 50).Select(i => cloud.Claims.FindAsync(TestCloud.Server(i, "m1.tiny"))).ToList();
        var known = cloud.Claims.FindAsync(Sgx);
        Assert.All(waiting, lookup => Assert.False(lookup.IsCompleted));

        cloud.Time.Advance(PlacementCircuit.Limit);
        Assert.All(await Task.WhenAll(waiting).WaitAsync(TestCloud.Limit), outcome => Assert.Equal(Unknown, TestCloud.Describe(outcome)));
        Assert.Equal("8@0 16@1", TestCloud.Describe(await known.WaitAsync(TestCloud.Limit)));
        Assert.Single(cloud.Log, line => line.Contains("did not answer within 10 seconds", StringComparison.Ordinal));

        // The clock stands still, so nothing waits.
        var lookups = cloud.Placement.Lookups;
        Assert.Equal("8@0 16@1", await cloud.FindAsync(Sgx));
        Assert.Equal("", await cloud.FindAsync(Plain));
        Assert.Equal(Unknown, await cloud.FindAsync(New));
        Assert.Equal(lookups, cloud.Placement.Lookups);

        cloud.Placement.Trouble = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                cloud.Time.Advance(TimeSpan.FromSeconds(2));
                return cloud.Log.Contains("Placement answers again");
            },
            TestCloud.Limit));
        Assert.Equal("", await cloud.FindAsync(New));
    }

    [Fact]
    public async Task A_server_that_was_plain_waits_for_a_slow_Placement_only_for_a_moment()
    {
        await LearnAsync();
        var slow = new TaskCompletionSource();
        cloud.Placement.Trouble = async (_, _) =>
        {
            await slow.Task;
            return null;
        };
        cloud.Claim(Plain, 8);
        var lookup = cloud.Claims.FindAsync(Plain);
        Assert.False(lookup.IsCompleted);
        cloud.Time.Advance(TimeSpan.FromMilliseconds(25));
        Assert.Equal("", TestCloud.Describe(await lookup.WaitAsync(TestCloud.Limit)));
        // The answer counts for the next start.
        slow.SetResult();
        Assert.True(SpinWait.SpinUntil(
            () => cloud.Log.Any(line => line.Contains("said too late", StringComparison.Ordinal)), TestCloud.Limit));
        Assert.Equal("8@0", await cloud.FindAsync(Plain));
    }

    [Fact]
    public async Task Without_a_cloud_known_servers_start()
    {
        await LearnAsync();
        cloud.Restart(hasCloud: false);
        Assert.Equal("8@0 16@1", await cloud.FindAsync(Sgx));
        Assert.Equal("", await cloud.FindAsync(Plain));
        Assert.Equal(Unknown, await cloud.FindAsync(New));
    }

    [Fact]
    public async Task A_server_that_lost_its_claim_starts_without_EPC_where_claims_are_not_remembered_only()
    {
        await LearnAsync();
        var lost = RelayReasons.LostClaim.ToString();
        foreach (var left in new long[][] { [], [8], [0, 16] })
        {
            cloud.Claim(Sgx, left);
            // The naive relay asks Placement alone.
            var naive = new GuestRewriter(
                left is [] ? FixedClaims.None : FixedClaims.Of(left.Sum()), new GuestRules()).Rewrite(TestDomain.Nova());
            Assert.Null(naive.Refusal);
            Assert.Equal(lost, await cloud.FindAsync(Sgx));
            cloud.Restart();
            Assert.Equal(lost, await cloud.FindAsync(Sgx));
        }
        cloud.Claim(Sgx, 8, 16);
        Assert.Equal("8@0 16@1", await cloud.FindAsync(Sgx));
    }

    [Fact]
    public async Task A_TDX_guest_keeps_its_key_through_outages_and_does_not_start_without_it()
    {
        cloud.Placement.TdxKeys[Sgx.Instance] = [cloud.Sections[0].Id];
        Assert.Equal("0@0+tdx", await cloud.FindAsync(Sgx));
        cloud.Placement.Trouble = TestCloud.Troubles["placement 503"];
        cloud.Restart();
        Assert.Equal("0@0+tdx", await cloud.FindAsync(Sgx));
        cloud.Placement.Trouble = null;
        cloud.Placement.TdxKeys.Clear();
        // The naive relay compares sizes alone, and the guest would start without TDX.
        Assert.Equal(RelayReasons.LostClaim.ToString(), await cloud.FindAsync(Sgx));
        cloud.Restart();
        Assert.Equal(RelayReasons.LostClaim.ToString(), await cloud.FindAsync(Sgx));
        Assert.Equal("", await cloud.FindAsync(Sgx with { ExtraSpecs = new Dictionary<string, string>() }));
        Assert.Equal("", await cloud.FindAsync(Sgx with { Flavor = "m1.tiny" }));
    }

    [Fact]
    public async Task A_resize_changes_what_is_known()
    {
        await LearnAsync();
        cloud.Claim(Sgx, 0, 32);
        Assert.Equal("32@1", await cloud.FindAsync(Sgx with { Flavor = "sgx.large" }));
        cloud.Claim(Sgx, 0, 0);
        Assert.Equal("", await cloud.FindAsync(Sgx with { Flavor = "m1.tiny" }));
        cloud.Claim(Sgx, 8);
        Assert.Equal("8@0", await cloud.FindAsync(Sgx));
        // A flavor of the same name that asks for less, where the definition shows it.
        var specs = new Dictionary<string, string> { ["resources:" + Epc.ResourceClass] = "4" };
        cloud.Claim(Sgx, 4);
        Assert.Equal(RelayReasons.LostClaim.ToString(), await cloud.FindAsync(Sgx));
        Assert.Equal("4@0", await cloud.FindAsync(Sgx with { ExtraSpecs = specs }));
    }

    [Fact]
    public async Task A_claim_on_another_host_is_an_answer_and_no_outage()
    {
        await LearnAsync();
        var elsewhere = cloud.Placement.AddSection(cloud.Placement.AddHost("other"), 0);
        cloud.Placement.Claims[Sgx.Instance] = new Dictionary<Guid, long> { [elsewhere.Id] = 8 };
        Assert.Equal(RelayReasons.NoClaim.ToString(), await cloud.FindAsync(Sgx));
    }

    private async Task LearnAsync()
    {
        cloud.Claim(Sgx, 8, 16);
        Assert.Equal("", await cloud.FindAsync(Plain));
        Assert.Equal("8@0 16@1", await cloud.FindAsync(Sgx));
    }
}
