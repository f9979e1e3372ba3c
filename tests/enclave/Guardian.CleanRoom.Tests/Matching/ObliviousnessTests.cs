using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>
/// The engine's kernels, compiled with recording lanes, over data of equal public size and otherwise different: no overlap or a complete
/// one, conditions that hold everywhere or nowhere, few rows or all that fit. The records must be equal in every operation and address; the
/// records of a leaky engine differ.
/// </summary>
public class ObliviousnessTests
{
    private static readonly RoomContract Contract = TestContract.Read();
    private static readonly RoomLayout Layout = RoomLayout.For(Contract);

    private static readonly IReadOnlyList<CodeCondition> Tree =
    [
        new CodeAny([new CodeRanges(0, [(1, 1), (3, 3)]),
        new CodeAll([new CodeRanges(1, [(2, 2)]), new CodeRanges(2, [(1, 70_000), (100_000, 140_001)])])]),
        new CodeRanges(2, [(1, 140_001)]),
    ];

    [Fact]
    public void Counting_touches_the_same_addresses_whatever_the_data() =>
        AssertSame(sides => Run(sides, 1, [], new CellScan<TraceLanes, Traced>(sides.Count, 1)));

    [Fact]
    public void Filters_touch_the_same_addresses_whatever_they_select() =>
        AssertSame(sides => Run([sides[0] with { Where = Tree }, sides[1]], 1, [], new CellScan<TraceLanes, Traced>(2, 1)));

    [Theory]
    [InlineData(12)]
    [InlineData(1_000)]
    public void Crosstabs_touch_every_cell_for_every_row(int cells) => AssertSame(sides => Run(
        [sides[0] with { Where = Tree, Cells = [new CellPart(0, 4)] }, sides[1] with { Cells = [new CellPart(0, 1)] }], cells, [],
        new CellScan<TraceLanes, Traced>(2, cells)));

    [Fact]
    public void Histograms_touch_every_bin_for_every_row() => AssertSame(sides => Run(
        [sides[0], sides[1] with { Cells = [new CellPart(3, 1, [19, 36, 66])] }], 4, [], new CellScan<TraceLanes, Traced>(2, 4)));

    [Fact]
    public void Lift_sums_touch_every_arm_and_measure_for_every_row() => AssertSame(sides =>
    {
        var plan = new SumPlan([new Measure(1, 1), new Measure(1, 2, 8_000), new Measure(0, 2)], [(1, 2)]);
        SidePlan[] arms = [sides[0] with { Where = Tree, Cells = [new CellPart(0, 1)] }, sides[1]];
        var fields = ValueField.Pack(arms, plan.Measures);
        return Run(arms, 3, fields, new SumScan<TraceLanes, Traced>(2, 3, plan, fields));
    });

    [Fact]
    public void Matching_several_data_sets_touches_the_same_addresses() =>
        AssertSame(sides => Run([sides[0], sides[1], sides[0]], 1, [], new CellScan<TraceLanes, Traced>(3, 1)));

    [Fact]
    public void Conditions_over_several_data_sets_touch_the_same_addresses_whoever_satisfies_them() => AssertSame(sides =>
    {
        var fields = ValueField.Pack(sides, [new Measure(0, 0), new Measure(1, 3), new Measure(0, 2)]);
        var condition = new CodeAny(
            [new CodeAll([new CodeRanges(0, [(1, 1), (3, 3)]), new CodeRanges(1, [(20, 60)])]), new CodeRanges(2, [(1, 70_000)])]);
        return Run(
            sides, 1, fields, new AcrossScan<TraceLanes, Traced, long[]>(2, condition, fields, new CellScan<TraceLanes, Traced>(2, 1)));
    });

    [Fact]
    public void Programs_get_the_same_places_whoever_is_there() => AssertSame(sides =>
    {
        var fields = ValueField.Pack(sides, [new Measure(0, 0), new Measure(1, 3)]);
        return Run(sides, 1, fields, new ContributionScan<TraceLanes, Traced>(2, fields, new Ignoring()));
    });

    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(12, 1, 1)]
    [InlineData(12, 2, 4)]
    public void Sketches_touch_the_same_words_whoever_is_in_the_set(int cells, int slots, int words) => AssertSame(sides => Run(
        [sides[0] with { Where = Tree, Cells = cells == 1 ? [] : [new CellPart(0, 4)] }, sides[1]], cells, [],
        new SketchScan<TraceLanes, Traced>(2, cells, new SketchLayout(slots, words), new SketchKey(3, 5, 7))));

    [Fact]
    public void An_activation_list_is_copied_in_the_same_way_whoever_is_in_it() =>
        AssertSame(sides => Run([sides[0] with { Where = Tree }, sides[1]], 1, [], new ListScan<TraceLanes, Traced>(Layout, 2)));

    [Fact]
    public void The_check_of_an_upload_touches_the_same_addresses_whatever_arrives() => AssertSame(sides =>
    {
        var dataSet = Contract.FindDataSet("campaign")!;
        var scratch = new AlignedBytes(Layout.GroupSize(dataSet));
        return TraceLanes.Record(
            () =>
                Assert.Null(
                new GroupCheck<TraceLanes, Traced>(Layout, dataSet).FindProblem(0, sides[0].Source.Read(0, scratch.Span), out _)));
    });

    [Fact]
    public void An_engine_that_branches_by_a_match_is_caught() =>
        Assert.True(Records(sides => Run(sides, 1, [], new LeakyScan(addsOnlyMatches: true))).Distinct().Count() > 1);

    [Fact]
    public void An_engine_that_addresses_by_a_value_is_caught() =>
        Assert.True(Records(sides => Run(sides, 1, [], new LeakyScan(addsOnlyMatches: false))).Distinct().Count() > 1);

    private static void AssertSame(Func<IReadOnlyList<SidePlan>, Trace> run)
    {
        var records = Records(run);
        Assert.Single(records.Distinct());
        Assert.DoesNotContain(records, record => record.StartsWith("0 ", StringComparison.Ordinal));
    }

    private static List<string> Records(Func<IReadOnlyList<SidePlan>, Trace> run) => [.. Inputs().Select(input => run(input).ToString())];

    private static IEnumerable<IReadOnlyList<SidePlan>> Inputs()
    {
        foreach (var (seed, campaign, shift, customers) in new[] { (1, 3_000, 0, 4_000), (2, 3_000, 1_500, 4_000),
            (3, 3_000, 10_000, 4_000), (4, 1, 0, 1), (5, 4_000, 0, 5_000) })
        {
            var random = new Random(seed);
            // Odd seeds satisfy the filters everywhere, even ones nowhere.
            var arm = seed % 2 == 0 ? "Blue" : "Red";
            var rows = Enumerable.Range(0, campaign).Select(
                person => new CampaignRow($"person{person}@example.com", arm, seed % 2 != 0, random.Next(-70_000, 70_001)));
            var others = Enumerable.Range(shift, customers).Select(
                person =>
                    new CustomerRow($"person{person}@example.com", "North", random.Next(2) == 0, random.Next(1_000), random.Next(120)));
            yield return
            [
                new SidePlan(Source("campaign", TestRows.Csv(rows)), [], []),
                new SidePlan(Source("customers", TestRows.Csv(others)), [], []),
            ];
        }
    }

    private static PinnedSource Source(string dataSet, string csv) => new(MemorySource.Of(Contract, dataSet, csv));

    private static Trace Run<TResult>(IReadOnlyList<SidePlan> sides, int cells, IReadOnlyList<ValueField> fields, IScan<TResult> scan) =>
        TraceLanes.Record(() =>
        {
            MatchEngine.RunGroups<TraceLanes, Traced, TResult>(Layout, sides, cells, fields, Enumerable.Range(0, Layout.GroupCount), scan);
            scan.Total();
        });

    // Groups that the garbage collector does not move during the recording.
    private sealed class PinnedSource : IGroupSource
    {
        private readonly List<AlignedBytes> groups = [];

        public PinnedSource(IGroupSource source)
        {
            DataSet = source.DataSet;
            for (var group = 0; group < Layout.GroupCount; group++)
            {
                var bytes = new AlignedBytes(Layout.GroupSize(DataSet));
                source.Read(group, bytes.Span).CopyTo(bytes.Span);
                groups.Add(bytes);
            }
        }

        public DataSet DataSet { get; }

        public ReadOnlySpan<byte> Read(int group, Span<byte> scratch) => groups[group].Span;
    }

    private sealed class Ignoring : IContributions
    {
        public int Count => 1;

        public void Add(ReadOnlySpan<ulong> codes, long mask, Span<long> totals) => totals[0] += mask;
    }

    // A naive scan: it skips rows without a match, or keeps a counter for each number of matches in a row.
    private sealed class LeakyScan(bool addsOnlyMatches) : IScan<long>
    {
        private readonly AlignedBytes counters = new(16 * sizeof(ulong) * RoomLayout.BucketsPerGroup);
        private long total;

        public void Add(MergeBuffers merged)
        {
            for (var row = 1; row < merged.Rows; row++)
            {
                var matches = TraceLanes.And(Matches<TraceLanes, Traced>.Of(ref merged.Word(row), 0, 2, merged.Payload), TraceLanes.All(1));
                var count = TraceLanes.Sum(matches);
                if (!addsOnlyMatches)
                {
                    TraceLanes.Store(matches, ref counters.FirstWord, (nuint)count * RoomLayout.BucketsPerGroup);
                }
                else if (count > 0)
                {
                    total += (long)TraceLanes.Sum(TraceLanes.Add(matches, TraceLanes.All(0)));
                }
            }
        }

        public long Total() => total;
    }
}
