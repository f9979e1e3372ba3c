using Guardian.Node.Relay;

namespace Guardian.Node.Tests.Relay;

public class ConnectionSharesTests
{
    private const uint Nova = 64055;

    [Fact]
    public void A_user_who_holds_all_connections_gives_one_up_to_another_user()
    {
        var open = Enumerable.Range(0, ConnectionShares.MaxConnections).Select(i => (0u, TimeSpan.FromSeconds(i == 77 ? 5 : 1))).ToList();
        Assert.Equal(77, ConnectionShares.FindVictim(open, Nova));
        // nova-compute's own connection is never the victim while another user has more.
        open[0] = (Nova, TimeSpan.FromHours(1));
        Assert.Equal(77, ConnectionShares.FindVictim(open, Nova));
        Assert.Equal(77, ConnectionShares.FindVictim(open, 1000));
    }

    [Fact]
    public void A_user_closes_his_own_connections_only_when_they_are_idle()
    {
        var open = Enumerable.Repeat((Nova, TimeSpan.FromSeconds(59)), ConnectionShares.MaxConnections).ToList();
        Assert.Null(ConnectionShares.FindVictim(open, Nova));
        open[5] = (Nova, TimeSpan.FromSeconds(60));
        Assert.Equal(5, ConnectionShares.FindVictim(open, Nova));
    }
}
