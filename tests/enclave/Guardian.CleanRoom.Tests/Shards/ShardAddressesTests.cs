using System.Net;
using System.Net.Sockets;
using Guardian.CleanRoom.Shards;

namespace Guardian.CleanRoom.Tests.Shards;

/// <summary>Shards are found by their addresses, which change while a room runs.</summary>
public sealed class ShardAddressesTests
{
    private readonly Dictionary<string, string[]> names = [];
    private readonly List<string> resolved = [];
    private readonly List<string> connected = [];
    private readonly Clock clock = new();

    [Fact]
    public void A_name_stands_for_each_of_its_addresses_and_an_address_for_itself()
    {
        names["shards"] = ["10.0.0.2", "10.0.0.1"];
        var addresses = Make("https://shards:8090", "https://10.0.0.9:1", "https://[fd00::1]:2");
        Assert.Equal(["https://10.0.0.1:8090/", "https://10.0.0.2:8090/", "https://10.0.0.9:1/", "https://[fd00::1]:2/"], Find(addresses));
        Assert.Equal(["shards"], resolved);
    }

    [Fact]
    public void Shards_come_and_go_with_their_addresses_and_those_that_stay_keep_their_connections()
    {
        names["shards"] = ["10.0.0.1"];
        var addresses = Make("https://shards:8090");
        var first = addresses.Find();
        names["shards"] = ["10.0.0.3", "10.0.0.1"];
        clock.Pass(TimeSpan.FromSeconds(1));
        var second = addresses.Find();
        Assert.Equal(["https://10.0.0.1:8090/", "https://10.0.0.3:8090/"], second.Select(shard => shard.Name));
        Assert.Same(first[0], second[0]);
        names["shards"] = ["10.0.0.3"];
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["https://10.0.0.3:8090/"], Find(addresses));
        Assert.Equal(2, connected.Count);
    }

    [Fact]
    public void A_name_that_is_not_known_now_stands_for_what_it_had()
    {
        var addresses = Make("https://shards:8090", "https://10.0.0.9:1");
        Assert.Equal(["https://10.0.0.9:1/"], Find(addresses));
        names["shards"] = ["10.0.0.1"];
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Find(addresses).Count);
        names.Clear();
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["https://10.0.0.1:8090/", "https://10.0.0.9:1/"], Find(addresses));
        names["shards"] = [];
        clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["https://10.0.0.9:1/"], Find(addresses));
    }

    [Fact]
    public void A_shard_with_an_address_of_each_family_is_one_shard()
    {
        names["shards"] = ["fd00::1", "10.0.0.1", "fd00::2"];
        Assert.Equal(["https://[fd00::1]:8090/", "https://[fd00::2]:8090/"], Find(Make("https://shards:8090")));
    }

    [Fact]
    public void Members_who_ask_often_do_not_cause_many_lookups()
    {
        names["shards"] = ["10.0.0.1"];
        var addresses = Make("https://shards:8090");
        for (var i = 0; i < 1_000; i++)
        {
            addresses.Find();
        }
        Assert.Single(resolved);
    }

    [Fact]
    public void A_host_that_names_everything_twice_and_too_much_gets_a_bounded_number_of_shards()
    {
        names["shards"] = [.. Enumerable.Range(0, 1_000).Select(i => $"10.0.{i / 250}.{i % 250}")];
        Assert.Equal(ShardAddresses.MaxShards, Find(Make("https://shards:8090", "https://shards:8090")).Distinct().Count());
    }

    private ShardAddresses Make(params string[] places) => new([.. places.Select(place => new Uri(place))], Resolve, Connect, clock);

    private static List<string> Find(ShardAddresses addresses) => [.. addresses.Find().Select(shard => shard.Name)];

    private IReadOnlyList<IPAddress> Resolve(string name)
    {
        resolved.Add(name);
        return names.TryGetValue(name, out var addresses)
            ? [.. addresses.Select(IPAddress.Parse)]
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    private Shard Connect(Uri address)
    {
        connected.Add(address.ToString());
        return new Shard(address.ToString());
    }

    private sealed record Shard(string Name) : IShard
    {
        public byte[] Run(byte[] request, TimeSpan patience) => [];
    }

    private sealed class Clock : TimeProvider
    {
        private long now;

        public void Pass(TimeSpan time) => now += time.Ticks;

        public override long GetTimestamp() => now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
