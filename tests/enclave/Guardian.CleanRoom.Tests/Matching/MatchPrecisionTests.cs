using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>
/// The distance at which two tags are taken for one person (docs/decisions/0070): it depends on the bits that the question's payload uses.
/// </summary>
public class MatchPrecisionTests
{
    private const int Bucket = 2;
    private const ulong Word = 0x0123_4567_89AB_0000;

    private static readonly RoomContract Contract = TestContract.Read();
    private static readonly RoomLayout Layout = RoomLayout.For(Contract);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(100, 8)]
    [InlineData(1_000, 11)]
    [InlineData(MatchEngine.MaxCells, 16)]
    public void Words_that_differ_above_the_payload_are_two_persons_and_below_it_one(int cells, int bits)
    {
        Assert.Equal((1UL << bits) - 1, new Payload(cells).Mask);
        foreach (var width in Enum.GetValues<LaneWidth>())
        {
            Assert.Equal(0, Count(Word + (1UL << bits), 0, cells, width));
            Assert.Equal(1, Count(Word + (1UL << bits) - 1, 0, cells, width));
            Assert.Equal(1, Count(Word, 1UL << 40, cells, width));
        }
    }

    [Fact]
    public void A_list_gives_every_bit_of_a_tag_back()
    {
        var tag = new Tag(Layout.FirstOf(Bucket) + 0x1357_9BDF_0246, 0xFEDC_BA98_7654_0000);
        var padding = new Tag(ulong.MaxValue, ulong.MaxValue);
        foreach (var width in Enum.GetValues<LaneWidth>())
        {
            var tags = new MatchEngine(Layout, 1, width: width).ListTags([Side("campaign", tag), Side("customers", tag)]);
            Assert.Equal([tag], tags.Where(each => each != padding));
        }
    }

    private static long Count(ulong other, ulong otherRest, int cells, LaneWidth width) =>
        new MatchEngine(Layout, 1, width: width).CountCells(
        [Side("campaign", Layout.TagOf(Bucket, Word, 0)), Side("customers", Layout.TagOf(Bucket, other, otherRest))], cells)[0];

    private static SidePlan Side(string dataSet, Tag tag) => new(new OneRow(Contract.FindDataSet(dataSet)!, tag), [], []);

    // A data set of one person, in the first group.
    private sealed class OneRow(DataSet dataSet, Tag tag) : IGroupSource
    {
        public DataSet DataSet => dataSet;

        public ReadOnlySpan<byte> Read(int group, Span<byte> scratch)
        {
            var writer = new GroupWriter(Layout, dataSet);
            if (group == 0)
            {
                writer.Write(Bucket, 0, tag, [.. dataSet.Columns.Select(_ => 1u)]);
            }
            return writer.Plaintext.Span;
        }
    }
}
