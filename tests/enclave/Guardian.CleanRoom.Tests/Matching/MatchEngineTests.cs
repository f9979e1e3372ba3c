using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Matching.Lanes;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>The engine against a plain join with a dictionary, on random data of many shapes.</summary>
public class MatchEngineTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 4_000, 4_000)]
    [InlineData(4_000, 5_000, 5_000)]
    [InlineData(4_000, 1, 4_000)]
    [InlineData(37, 41, 60)]
    [InlineData(1_000, 2_000, 3_000)]
    [InlineData(500, 500, 1_000_000)]
    public void Counts_by_cell_equal_a_plain_join(int first, int second, int universe)
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            var data = new Data(seed, first, second, universe);
            var question = new Question
            {
                Kind = QuestionKind.Crosstab,
                By = ["campaign.arm", "customers.region"],
                Where = [new Predicate("campaign.score", ">=", ["-35000"]),
                new Predicate("customers.age", "in", [.. Enumerable.Range(20, 60).Select(age => $"{age}")])],
            };
            var expected =
                from pair in data.Pairs
                where pair.Campaign.Score >= -35_000 && pair.Customer.Age is >= 20 and < 80
                where pair.Campaign.Arm is not null && pair.Customer.Region is not null
                group pair by (pair.Campaign.Arm, pair.Customer.Region) into cell
                select (cell.Key, (long)cell.Count());
            foreach (var width in Enum.GetValues<LaneWidth>())
            {
                Assert.Equal(expected.ToHashSet(), data.Count(question, width).Where(cell => cell.Item2 > 0).ToHashSet());
            }
            Assert.Equal(data.Pairs.Count, data.CountPairs());
        }
    }

    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void Sums_by_cell_equal_a_plain_join(LaneWidth width)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var data = new Data(seed, 2_000, 3_000, 4_000);
            // Spend is capped at 30.00, which is 80.00 above its minimum of -50.00; the score is a covariate of the other side.
            var plan = new SumPlan([new Measure(1, 1), new Measure(1, 2), new Measure(1, 2, 8_000), new Measure(0, 2)], [(1, 3), (3, 3)]);
            var cells = data.Engine(2, width).SumCells(
                [data.Side(data.Campaign, [], new CellPart(0, 1)), data.Side(data.Customers, [])], 3, plan);
            for (var arm = 0; arm < 3; arm++)
            {
                var name = data.Contract.FindDataSet("campaign")!.Columns[0].Values[arm];
                var matched = data.Pairs.Where(pair => pair.Campaign.Arm == name).ToList();
                Assert.Equal(matched.Count, cells[arm].Persons);

                var visits = matched.Where(pair => pair.Customer.Visit is not null).Select(pair => pair.Customer.Visit!.Value ? 1L : 0)
                    .ToList();
                Assert.Equal(Sums(visits), cells[arm].Measures[0]);

                // Distances from the column's minimum, in hundredths.
                var spends = matched.Where(pair => pair.Customer.Spend is not null)
                    .Select(pair => (long)(pair.Customer.Spend!.Value * 100) + 5_000).ToList();
                Assert.Equal(Sums(spends), cells[arm].Measures[1]);
                Assert.Equal(Sums([.. spends.Select(spend => Math.Min(spend, 8_000))]), cells[arm].Measures[2]);

                var both = matched.Where(pair => pair.Customer.Spend is not null && pair.Campaign.Score is not null)
                    .Select(pair => (Spend: (long)(pair.Customer.Spend!.Value * 100) + 5_000, Score: pair.Campaign.Score!.Value + 70_000L))
                        .ToList();
                Assert.Equal(
                    new ProductSums(both.Count, both.Sum(row => row.Spend), both.Sum(row => row.Score),
                    both.Aggregate(Int128.Zero, (sum, row) => sum + (row.Spend * row.Score))),
                    cells[arm].Products[0]);
                Assert.Equal(cells[arm].Measures[3].SumOfSquares, cells[arm].Products[1].Sum);
            }
        }
    }

    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void Any_tree_of_conditions_counts_as_a_plain_filter_does(LaneWidth width)
    {
        var random = new Random(21);
        var data = new Data(4, 3_000, 4_000, 5_000);
        for (var i = 0; i < 30; i++)
        {
            var (where, holds) = RandomTree(random, 4);
            var count = data.Engine(1, width).CountCells([data.Side(data.Customers, [where])], 1)[0];
            Assert.Equal(data.CustomerRows.Count(row => holds(row)), count);
            var matched = data.Engine(1, width).CountCells([data.Side(data.Campaign, []), data.Side(data.Customers, [where])], 1)[0];
            Assert.Equal(data.Pairs.Count(pair => holds(pair.Customer)), matched);
        }
    }

    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void Any_tree_over_two_data_sets_counts_sums_sketches_and_lists_as_a_plain_filter_does(LaneWidth width)
    {
        var random = new Random(22);
        var data = new Data(5, 3_000, 4_000, 5_000);
        List<SidePlan> sides = [data.Side(data.Campaign, [], new CellPart(0, 1)), data.Side(data.Customers, [])];
        // Region, spend and age of a customer, then arm and score of the campaign.
        List<Measure> columns = [
            new Measure(1, 0), new Measure(1, 1), new Measure(1, 2), new Measure(1, 3), new Measure(0, 0), new Measure(0, 2)];
        for (var i = 0; i < 20; i++)
        {
            var (customer, isCustomer) = RandomTree(random, 3);
            var (arm, score) = (random.Next(3), random.Next(140_001));
            CodeCondition campaign = new CodeAll(
                [new CodeRanges(4, [((uint)arm + 1, (uint)arm + 1)]), new CodeRanges(5, [(1, (uint)score + 1)])]);
            bool IsOfCampaign(CampaignRow row) =>
                row.Arm == new[] { "Red", "Blue", "None" }[arm] && row.Score is { } value && value + 70_000 <= score;
            var isAny = i % 2 == 0;
            var engine = new MatchEngine(data.Layout, 2, width: width)
            {
                Across = new AcrossCondition(columns, isAny ? new CodeAny([campaign, customer]) : new CodeAll([customer, campaign])),
            };
            var expected = data.Pairs.Where(
                pair => isAny
                    ? IsOfCampaign(pair.Campaign) || isCustomer(pair.Customer)
                    : IsOfCampaign(pair.Campaign) && isCustomer(pair.Customer)).ToList();
            var byArm = new[] { "Red", "Blue", "None" }.Select(name => expected.Where(pair => pair.Campaign.Arm == name).ToList()).ToList();
            Assert.Equal(byArm.Select(arm => (long)arm.Count), engine.CountCells(sides, 3));
            Assert.Equal(byArm.Select(
                arm =>
                    Sums([.. arm.Where(pair => pair.Customer.Age is not null).Select(pair => (long)pair.Customer.Age!.Value)])),
                    engine.SumCells(sides, 3, new SumPlan([new Measure(1, 3)], [])).Select(cell => cell.Measures[0]));
            SidePlan[] without = [data.Side(data.Campaign, []), data.Side(data.Customers, [])];
            Assert.Equal(expected.Count, engine.ListTags(without).Count(tag => tag.High != ulong.MaxValue));
            var (layout, key) = (SketchLayout.For(20, false, data.Layout.GroupCount), new SketchKey(3, 5, 7));
            var nobody = new SetSketch(new ulong[layout.WordCount]);
            var sketch = engine.SketchCells(without, 1, layout, key)[0];
            Assert.Equal(expected.Count % 2, sketch.DifferenceTo(nobody) % 2);
            Assert.True(sketch.DifferenceTo(nobody) <= expected.Count);
        }
    }

    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void Up_to_eight_data_sets_are_matched_at_once(LaneWidth width)
    {
        var contract = TestContract.Read();
        var layout = RoomLayout.For(contract);
        for (var sides = 1; sides <= MatchEngine.MaxSides; sides++)
        {
            var random = new Random(sides);
            var sets = Enumerable.Range(0, sides).Select(_ => TestRows.Campaign(random, 2_500, 3_000)).ToList();
            var plans = sets.Select((rows, index) => new SidePlan(
                MemorySource.Of(contract, "campaign", TestRows.Csv(rows)), index == 1
                    ? [new CodeRanges(1, [(2, 2)])]
                    : [], index == sides - 1 ? [new CellPart(0, 1)] : [])).ToList();
            var everywhere = sets.Skip(1).Aggregate(
                sets[0].Select(row => row.Email).ToHashSet(), (known, rows) => [.. known.Intersect(rows.Select(row => row.Email))]);
            if (sides > 1)
            {
                everywhere.IntersectWith(sets[1].Where(row => row.Exposed == true).Select(row => row.Email));
            }
            var arms = contract.FindDataSet("campaign")!.Columns[0].Values;
            var expected = arms.Select(arm => (long)sets[^1].Count(row => row.Arm == arm && everywhere.Contains(row.Email)));
            Assert.Equal(expected, new MatchEngine(layout, 2, width: width).CountCells(plans, 3));
        }
    }

    [Theory]
    [InlineData(LaneWidth.Scalar)]
    [InlineData(LaneWidth.Bits256)]
    [InlineData(LaneWidth.Bits512)]
    internal void A_histogram_puts_numbers_into_bins(LaneWidth width)
    {
        var data = new Data(8, 1_000, 3_000, 4_000);
        // Ages 0-17, 18-34, 35-64, 65 and more: codes are the age plus one.
        var found = data.Engine(2, width).CountCells(
            [data.Side(data.Campaign, []), data.Side(data.Customers, [], new CellPart(3, 1, [19, 36, 66]))], 4);
        var ages = data.Pairs.Where(pair => pair.Customer.Age is not null).Select(pair => pair.Customer.Age!.Value).ToList();
        Assert.Equal([ages.Count(age => age < 18), ages.Count(age => age is >= 18 and < 35), ages.Count(age => age is >= 35 and < 65),
            ages.Count(age => age >= 65)], found);
    }

    [Fact]
    public void A_range_of_groups_counts_its_share()
    {
        var contract = TestContract.Read(("max_rows: 4000", "max_rows: 40000"), ("max_rows: 5000", "max_rows: 50000"));
        var layout = RoomLayout.For(contract);
        var random = new Random(3);
        var source = MemorySource.Of(contract, "campaign", TestRows.Csv(TestRows.Campaign(random, 20_000, 30_000)));
        Assert.True(layout.GroupCount >= 4);
        var side = new SidePlan(source, [], []);
        var parts = new GroupRange(0, layout.GroupCount).Split(4)
            .Select(range => new MatchEngine(layout, 1, range).CountCells([side, side], 1)[0]).ToList();
        Assert.All(parts, part => Assert.InRange(part, 1, 19_999));
        Assert.Equal(20_000, parts.Sum());
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_counts()
    {
        var data = new Data(9, 4_000, 5_000, 6_000);
        Assert.Single(new[] { 1, 2, 3, 64 }.SelectMany(
            threads => Enum.GetValues<LaneWidth>().Select(width => data.CountPairs(threads, width))).Distinct());
    }

    private static MeasureSums Sums(List<long> values) =>
        new(values.Count, values.Sum(), values.Aggregate(Int128.Zero, (sum, value) => sum + ((Int128)value * value)));

    // A tree over the customers' region, spend and age, and a function with the same meaning.
    private static (CodeCondition Where, Func<CustomerRow, bool> Holds) RandomTree(Random random, int depth)
    {
        switch (random.Next(depth == 0 ? 3 : 5))
        {
            case 0:
                var region = random.Next(4);
                return (new CodeRanges(0, [((uint)region + 1, (uint)region + 1)]), row =>
                    row.Region == new[] { "North", "South", "East", "West" }[region]);
            case 1:
                var spend = random.Next(1_000_000);
                return (new CodeRanges(2, [(1, (uint)spend + 1)]), row => row.Spend is { } value && ((long)(value * 100) + 5_000) <= spend);
            case 2:
                var (young, old) = (random.Next(50), random.Next(50, 120));
                return (new CodeRanges(3, [(1, (uint)young + 1), ((uint)old + 1, 121)]), row =>
                    row.Age is { } age && (age <= young || age >= old));
            case 3:
                var all = Parts();
                return (new CodeAll([.. all.Select(each => each.Where)]), row => all.TrueForAll(each => each.Holds(row)));
            default:
                var any = Parts();
                return (new CodeAny([.. any.Select(each => each.Where)]), row => any.Exists(each => each.Holds(row)));
        }

        List<(CodeCondition Where, Func<CustomerRow, bool> Holds)> Parts() =>
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomTree(random, depth - 1))];
    }

    private sealed class Data
    {
        public Data(int seed, int first, int second, int universe)
        {
            var random = new Random(seed);
            CampaignRows = TestRows.Campaign(random, first, universe);
            CustomerRows = TestRows.Customers(random, second, universe);
            var byEmail = CustomerRows.ToDictionary(row => row.Email);
            Pairs = [.. CampaignRows.Where(row => byEmail.ContainsKey(row.Email)).Select(row => (row, byEmail[row.Email]))];
            Campaign = MemorySource.Of(Contract, "campaign", TestRows.Csv(CampaignRows));
            Customers = MemorySource.Of(Contract, "customers", TestRows.Csv(CustomerRows));
            Layout = RoomLayout.For(Contract);
        }

        public RoomContract Contract { get; } = TestContract.Read();

        public RoomLayout Layout { get; }

        public List<CampaignRow> CampaignRows { get; }

        public List<CustomerRow> CustomerRows { get; }

        public List<(CampaignRow Campaign, CustomerRow Customer)> Pairs { get; }

        public MemorySource Campaign { get; }

        public MemorySource Customers { get; }

        public MatchEngine Engine(int threads, LaneWidth width) => new(Layout, threads, width: width);

        public SidePlan Side(IGroupSource source, IReadOnlyList<CodeCondition> where, params CellPart[] cells) => new(source, where, cells);

        public long CountPairs(int threads = 2, LaneWidth width = LaneWidth.Bits512) =>
            Engine(threads, width).CountCells([Side(Campaign, []), Side(Customers, [])], 1)[0];

        public List<((string?, string?), long)> Count(Question question, LaneWidth width)
        {
            var compiled = new QuestionCompiler(Contract).Compile(question).Value!;
            var counts = Engine(2, width).CountCells(
                [.. new[] { Campaign, Customers }.Select((source, index) => Side(
                    source, compiled.Filters.Of(source.DataSet),
                    new CellPart(compiled.Cells[index].Column, compiled.Cells[index].Stride)))], 12);
            var (arms, regions) = (Campaign.DataSet.Columns[0].Values, Customers.DataSet.Columns[0].Values);
            return [.. Enumerable.Range(0, 12).Select(cell => (((string?)arms[cell / 4], (string?)regions[cell % 4]), counts[cell]))];
        }
    }
}
