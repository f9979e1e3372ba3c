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
        var shards = new RoomShards(RoomLayout.For(contract), () => present, TimeProvider.System);
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

    [Fact]
    public void A_shard_that_kept_the_room_waiting_is_left_out_for_a_while_and_a_lost_one_is_not()
    {
        var clock = new Clock();
        var contract = TestContract.Read([("max_rows: 4000", "max_rows: 40000"), ("max_rows: 5000", "max_rows: 50000")]);
        var shards = new RoomShards(RoomLayout.For(contract), () => present, clock);
        Shard slow = new("slow"), quick = new("quick");
        present = [slow, quick];
        slow.Begin = () =>
        {
            clock.Pass(slow.Patience);
            throw new IOException("no reply in time");
        };
        Assert.Equal(2, Compute(shards));
        Assert.Equal((1, 2), (slow.Runs, quick.Runs));
        Assert.InRange(slow.Patience, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(30));
        Assert.Equal(2, Compute(shards));
        Assert.Equal((1, 4), (slow.Runs, quick.Runs));

        clock.Pass(TimeSpan.FromMinutes(5));
        slow.Begin = () => throw new IOException("refused at once");
        Assert.Equal(2, Compute(shards));
        Assert.Equal(2, Compute(shards));
        Assert.Equal((3, 8), (slow.Runs, quick.Runs));
        Assert.Equal([3, 0], shards.States.Select(state => state.RangesFailed));
    }

    private static int Compute(RoomShards shards) => shards.ComputeRanges(
        range => new ShardRequest([], null, 1, new SumPlan([], []), IsSketch: false, range), _ => true,
        _ => throw new InvalidOperationException("here")).Count;

    private sealed class Shard(string name) : IShard
    {
        public Action? Begin { get; set; }

        public int Runs { get; private set; }

        public TimeSpan Patience { get; private set; }

        public string Name => name;

        public byte[] Run(byte[] request, TimeSpan patience)
        {
            Runs++;
            Patience = patience;
            Begin?.Invoke();
            return JsonSerializer.SerializeToUtf8Bytes(new ShardReply([], []), ShardJson.Default.ShardReply);
        }
    }

    private sealed class Clock : TimeProvider
    {
        private long now;

        public void Pass(TimeSpan time) => Interlocked.Add(ref now, time.Ticks);

        public override long GetTimestamp() => Interlocked.Read(ref now);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
