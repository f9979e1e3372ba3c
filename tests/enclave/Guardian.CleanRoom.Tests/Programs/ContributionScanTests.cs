using System.Collections.Concurrent;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Programs;

/// <summary>The places of a program: each matched person once, with the codes of all data sets, among others that do not count.</summary>
public class ContributionScanTests
{
    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void Every_matched_person_is_given_once_with_all_codes(LaneWidth width)
    {
        var contract = TestContract.Read();
        var layout = RoomLayout.For(contract);
        for (var sides = 2; sides <= 5; sides++)
        {
            var random = new Random(sides);
            var sets = Enumerable.Range(0, sides).Select(_ => TestRows.Campaign(random, 2_900, 3_000)).ToList();
            var plans = sets.Select((rows, index) => new SidePlan(
                MemorySource.Of(contract, "campaign", TestRows.Csv(rows)), index == 0 ? [new CodeRanges(1, [(2, 2)])] : [], [])).ToList();
            // The exposure of the first, and the scores of all.
            List<Measure> columns = [new Measure(0, 1), .. Enumerable.Range(0, sides).Select(side => new Measure(side, 2))];
            var recorder = new Recorder(sides);
            var totals = new MatchEngine(layout, 2, width: width).SumContributions(plans, columns, recorder);
            var others = sets.Skip(1).Select(rows => rows.ToDictionary(row => row.Email)).ToList();
            var expected = sets[0].Where(row => row.Exposed == true && others.TrueForAll(rows => rows.ContainsKey(row.Email)))
                .Select(row => new[] { row.Score }.Concat(others.Select(rows => rows[row.Email].Score))
                    .Select(score => (ulong)(score + 70_001 ?? 0)).Prepend(2UL).ToList()).ToList();
            Assert.NotEmpty(expected);
            Assert.Equal(
                expected.Select(codes => string.Join(' ', codes)).Order(StringComparer.Ordinal),
                recorder.Persons.Select(codes => string.Join(' ', codes)).Order(StringComparer.Ordinal));
            Assert.Equal(Enumerable.Range(0, sides).Select(side => expected.Sum(codes => (long)codes[1 + side])), totals);
        }
    }

    [Fact]
    public void The_number_of_places_tells_nothing_about_the_rows()
    {
        var contract = TestContract.Read();
        var places = new[] { (1, 1), (3_000, 3_000), (4_000, 0), (2_000, 50) }.Select(rows =>
        {
            var (count, common) = rows;
            var campaign = Enumerable.Range(0, count).Select(i => new CampaignRow($"p{i}@x.org", "Red", true, i));
            var customers = Enumerable.Range(count - common, count).Select(i => new CustomerRow($"p{i}@x.org", "North", true, i, 30));
            var recorder = new Recorder(1);
            new MatchEngine(RoomLayout.For(contract), 2).SumContributions(
                [
                    new SidePlan(MemorySource.Of(contract, "campaign", TestRows.Csv(campaign)), [], []),
                    new SidePlan(MemorySource.Of(contract, "customers", TestRows.Csv(customers)), [], []),
                ],
                [new Measure(0, 2), new Measure(1, 3)], recorder);
            Assert.Equal(common, recorder.Persons.Count);
            return recorder.Places;
        }).ToList();
        Assert.Single(places.Distinct());
        Assert.True(places[0] >= 4_000);
    }

    // Adds the codes after the first.
    private sealed class Recorder(int count) : IContributions
    {
        private int places;

        public ConcurrentBag<ulong[]> Persons { get; } = [];

        public int Places => places;

        public int Count => count;

        public void Add(ReadOnlySpan<ulong> codes, long mask, Span<long> totals)
        {
            Interlocked.Increment(ref places);
            Assert.True(mask is 0 or -1);
            if (mask == 0)
            {
                // Nothing of a person who does not count is given away.
                Assert.All(codes.ToArray(), code => Assert.Equal(0UL, code));
                return;
            }
            Persons.Add(codes.ToArray());
            for (var i = 0; i < totals.Length; i++)
            {
                totals[i] += (long)codes[1 + i];
            }
        }
    }
}
