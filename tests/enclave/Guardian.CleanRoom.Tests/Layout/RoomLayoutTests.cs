using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Layout;

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

    [Theory]
    [InlineData(20)]
    [InlineData(1_000_000)]
    [InlineData(200_000_000)]
    public void A_tag_and_its_words_in_its_bucket_are_the_same_and_ascend_alike(int rows)
    {
        var layout = RoomLayout.For(TestContract.Read(("max_rows: 4000", $"max_rows: {rows}")));
        Assert.InRange(layout.CommonBits, 3, 16);
        var random = new Random(rows);
        for (var i = 0; i < 10_000; i++)
        {
            // Tags at and near the ends of buckets, and elsewhere.
            var bucket = random.Next(layout.BucketCount);
            Assert.Equal((bucket, bucket), (layout.BucketOf(layout.FirstOf(bucket)), layout.BucketOf(layout.LastOf(bucket))));
            Assert.Equal(bucket - 1, bucket == 0 ? -1 : layout.BucketOf(layout.FirstOf(bucket) - 1));
            var high = (i % 4) switch { 0 => layout.FirstOf(bucket), 1 =>
                layout.LastOf(bucket), 2 => layout.FirstOf(bucket) + (ulong)random.Next(1 << 20), _ => (ulong)random.NextInt64() << 1 };
            // The low word is not all ones: the next test covers that.
            var tag = new Tag(high, ((ulong)random.NextInt64() << 16) & (ulong.MaxValue >> 1));
            bucket = layout.BucketOf(high);
            var (word, rest) = layout.WordsOf(bucket, tag);
            Assert.Equal(tag, layout.TagOf(bucket, word, rest));
            Assert.True(word >> layout.CommonBits <= layout.LastOf(bucket) - layout.FirstOf(bucket));
            Assert.Equal(0UL, rest & ((0x10000UL << layout.CommonBits) - 1));
            var next = layout.WordsOf(bucket, tag with { Low = tag.Low + (1UL << 16) });
            Assert.True(tag.Low > tag.Low + (1UL << 16) || next.First > word || (next.First == word && next.Second > rest));
        }
        Assert.Equal(new Tag(ulong.MaxValue, ulong.MaxValue), layout.TagOf(3, ulong.MaxValue, ulong.MaxValue));
    }

    [Fact]
    public void No_row_looks_like_an_empty_slot()
    {
        // With a power of two of buckets, the last words would be all ones.
        var layout = new RoomLayout { BucketCount = 1 << 10, Capacities = new Dictionary<string, int>() };
        var (word, rest) = layout.WordsOf(5, new Tag(layout.LastOf(5), ulong.MaxValue << 16));
        Assert.Equal((ulong.MaxValue - 1, ulong.MaxValue << 26), (word, rest));
    }

    [Fact]
    public void Tags_are_of_one_person_when_their_words_agree_but_for_sixteen_bits()
    {
        var layout = RoomLayout.For(TestContract.Read(("max_rows: 4000", "max_rows: 1000000")));
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            var high = (ulong)random.NextInt64() << 1;
            var other = high + (1UL << random.Next(20));
            var (bucket, otherBucket) = (layout.BucketOf(high), layout.BucketOf(other));
            var same = bucket == otherBucket
                && layout.WordsOf(bucket, new Tag(high, 0)).First >> 16 == layout.WordsOf(bucket, new Tag(other, 0)).First >> 16;
            Assert.Equal((same, same), (layout.AreOnePerson(high, other), layout.AreOnePerson(other, high)));
        }
    }
}
