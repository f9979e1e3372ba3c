using System.Text.Json;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Shards;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Shards;

/// <summary>The ranges of one computation go to the shards that there are when it begins.</summary>
public sealed class RoomShardsTests
{
    private IReadOnlyList<Shard> present = [];

    [Fact]
    public void A_computation_ends_on_the_shards_that_it_began_with()
    {
        Shard first = new("first"), second = new("second"), third = new("third");
        // A room that is large enough for several ranges.
        var contract = TestContract.Read([("max_rows: 4000", "max_rows: 40000"), ("max_rows: 5000", "max_rows: 50000")]);
        var shards = new RoomShards(RoomLayout.For(contract), () => present);
        present = [first, second];
        first.Begin = () => present = [third];
        Assert.Equal(2, Compute(shards));
        Assert.Equal((1, 1, 0), (first.Runs, second.Runs, third.Runs));
        Assert.Equal(["third"], shards.States.Select(state => state.Address));

        Assert.Equal(1, Compute(shards));
        Assert.Equal((1, 1, 1), (first.Runs, second.Runs, third.Runs));
        Assert.Equal(1, Assert.Single(shards.States).RangesComputed);

        // The lead enclave computes where no shard is.
        present = [];
        Assert.Throws<InvalidOperationException>(() => Compute(shards));
    }

    private static int Compute(RoomShards shards) => shards.ComputeRanges(
        range => new ShardRequest([], null, 1, new SumPlan([], []), IsSketch: false, range), _ => true,
        _ => throw new InvalidOperationException("here")).Count;

    private sealed class Shard(string name) : IShard
    {
        public Action? Begin { get; set; }

        public int Runs { get; private set; }

        public string Name => name;

        public byte[] Run(byte[] request)
        {
            Runs++;
            Begin?.Invoke();
            return JsonSerializer.SerializeToUtf8Bytes(new ShardReply([], []), ShardJson.Default.ShardReply);
        }
    }
}
