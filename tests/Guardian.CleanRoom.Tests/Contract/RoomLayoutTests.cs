namespace Guardian.CleanRoom.Tests;

public class RoomLayoutTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(4_000)]
    [InlineData(1_000_000)]
    [InlineData(200_000_000)]
    public void Buckets_of_random_tags_do_not_overflow_and_padding_stays_small(int rows)
    {
        var layout = RoomLayout.For(TestContract.Read(("max_rows: 4000", $"max_rows: {rows}")));
        var capacity = layout.Capacities["campaign"];
        Assert.Equal(0, layout.BucketCount % RoomLayout.BucketsPerGroup);
        Assert.InRange(capacity, 1, 2048);

        var loads = new int[layout.BucketCount];
        var random = new Random(rows);
        for (var row = 0; row < Math.Min(rows, 1_000_000); row++)
        {
            loads[layout.BucketOf((ulong)random.NextInt64() << 1)]++;
        }
        Assert.True(loads.Max() <= capacity);
        if (rows >= 1_000_000)
        {
            Assert.InRange((double)capacity * layout.BucketCount / rows, 1, 1.25);
        }
    }

    [Fact]
    public void Buckets_ascend_with_tags()
    {
        var layout = RoomLayout.For(TestContract.Read(("max_rows: 4000", "max_rows: 1000000")));
        Assert.Equal((0, layout.BucketCount - 1), (layout.BucketOf(0), layout.BucketOf(ulong.MaxValue)));
        Assert.True(layout.BucketOf(1UL << 62) <= layout.BucketOf(1UL << 63));
    }

    [Fact]
    public void The_size_of_an_upload_follows_from_the_contract_alone()
    {
        var contract = TestContract.Read();
        var layout = RoomLayout.For(contract);
        var campaign = contract.FindDataSet("campaign")!;
        Assert.Equal(layout.Capacities["campaign"] * 8 * (16 + 1 + 1 + 4), layout.GroupSize(campaign));
        Assert.Equal(layout.Capacities, RoomLayout.For(contract).Capacities);
    }
}
