namespace Guardian.CleanRoom.Tests;

/// <summary>The engine against a plain join with a dictionary, on random data of many shapes.</summary>
public class MatchEngineTests
{
    private static readonly Question Everyone = new() { Kind = QuestionKind.Overlap };

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
                Where = [new Predicate("campaign.score", ">=", ["-35000"]), new Predicate("customers.age", "in", [.. Enumerable.Range(20, 60).Select(age => $"{age}")])],
            };
            var expected =
                from pair in data.Pairs
                where pair.Campaign.Score >= -35_000 && pair.Customer.Age is >= 20 and < 80
                where pair.Campaign.Arm is not null && pair.Customer.Region is not null
                group pair by (pair.Campaign.Arm, pair.Customer.Region) into cell
                select (cell.Key, (long)cell.Count());
            var found = data.Count(question);
            Assert.Equal(expected.ToHashSet(), found.Where(cell => cell.Item2 > 0).ToHashSet());
            Assert.Equal(data.Pairs.Count, data.CountPairs());
        }
    }

    [Theory]
    [InlineData(LiftPopulation.Matched)]
    [InlineData(LiftPopulation.Assigned)]
    internal void Sums_by_arm_equal_a_plain_join(LiftPopulation population)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var data = new Data(seed, 2_000, 3_000, 4_000);
            var outcomes = PackedValue.Pack(data.Customers.DataSet, [1, 2]);
            var scans = MatchEngine.Run(
                data.Layout, data.Side(data.Campaign, Everyone, [(0, 1)]), data.Side(data.Customers, Everyone, [], outcomes), 2, () => new ArmScan(3, outcomes, population));
            for (var arm = 0; arm < 3; arm++)
            {
                var name = data.Contract.FindDataSet("campaign")!.Columns[0].Values[arm];
                var matched = data.Pairs.Where(pair => pair.Campaign.Arm == name).ToList();
                var persons = population == LiftPopulation.Matched ? matched.Count : data.CampaignRows.Count(row => row.Arm == name);
                Assert.Equal(persons, scans.Sum(scan => scan.Persons[arm]));

                var visits = matched.Where(pair => pair.Customer.Visit is not null).Select(pair => pair.Customer.Visit!.Value ? 1L : 0).ToList();
                Assert.Equal((visits.Count, visits.Sum()), (scans.Sum(scan => scan.Sums[arm * 2].Count), scans.Sum(scan => scan.Sums[arm * 2].Sum)));

                // Distances from the column's minimum, in hundredths.
                var spends = matched.Where(pair => pair.Customer.Spend is not null).Select(pair => (long)(pair.Customer.Spend!.Value * 100) + 5_000).ToList();
                Assert.Equal(spends.Sum(), scans.Sum(scan => scan.Sums[(arm * 2) + 1].Sum));
                Assert.Equal(spends.Aggregate(Int128.Zero, (sum, spend) => sum + ((Int128)spend * spend)), scans.Aggregate(Int128.Zero, (sum, scan) => sum + scan.Sums[(arm * 2) + 1].SumOfSquares));
            }
            Assert.Equal(data.Pairs.Count(pair => pair.Campaign.Arm is not null), scans.Sum(scan => scan.Matched));
        }
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_counts()
    {
        var data = new Data(9, 4_000, 5_000, 6_000);
        Assert.Single(new[] { 1, 2, 3, 64 }.Select(data.CountPairs).Distinct());
    }

    private sealed class Data
    {
        public Data(int seed, int first, int second, int universe)
        {
            var random = new Random(seed);
            CampaignRows = TestRows.Campaign(random, first, universe);
            var customers = TestRows.Customers(random, second, universe);
            var byEmail = customers.ToDictionary(row => row.Email);
            Pairs = [.. CampaignRows.Where(row => byEmail.ContainsKey(row.Email)).Select(row => (row, byEmail[row.Email]))];
            Campaign = TestRows.Source(Contract, "campaign", TestRows.Csv(CampaignRows));
            Customers = TestRows.Source(Contract, "customers", TestRows.Csv(customers));
            Layout = RoomLayout.For(Contract);
        }

        public RoomContract Contract { get; } = TestContract.Read();

        public RoomLayout Layout { get; }

        public List<CampaignRow> CampaignRows { get; }

        public List<(CampaignRow Campaign, CustomerRow Customer)> Pairs { get; }

        public IGroupSource Campaign { get; }

        public IGroupSource Customers { get; }

        public SidePlan Side(IGroupSource source, Question question, IReadOnlyList<(int, int)> strides, IReadOnlyList<PackedValue>? values = null)
        {
            var compiled = new QuestionCompiler(Contract).Compile(question).Value!;
            return new SidePlan(source, Layout.Capacities[source.DataSet.Name], compiled.Filters[source.DataSet.Name], strides, values ?? []);
        }

        public long CountPairs(int threads = 2) =>
            MatchEngine.Run(Layout, Side(Campaign, Everyone, []), Side(Customers, Everyone, []), threads, () => new CellScan(1)).Sum(scan => scan.Counts[0]);

        public List<((string?, string?), long)> Count(Question question)
        {
            var cells = new QuestionCompiler(Contract).Compile(question).Value!.Cells;
            var scans = MatchEngine.Run(
                Layout, Side(Campaign, question, [(cells[0].Column, cells[0].Stride)]), Side(Customers, question, [(cells[1].Column, cells[1].Stride)]), 2, () => new CellScan(12));
            var (arms, regions) = (Campaign.DataSet.Columns[0].Values, Customers.DataSet.Columns[0].Values);
            return [.. Enumerable.Range(0, 12).Select(cell => (((string?)arms[cell / 4], (string?)regions[cell % 4]), scans.Sum(scan => scan.Counts[cell])))];
        }
    }
}
