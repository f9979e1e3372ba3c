using Guardian.CleanRoom.Client;

namespace Guardian.CleanRoom.Tests;

/// <summary>Real files of others, whose right answers are known; see tests/vectors/persons/ATTRIBUTION.md.</summary>
public sealed class PublicDataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_febrl_files_join_in_4561_pairs()
    {
        var contract = TestContract.Read(
            ("{kind: email, column: email}", "{kind: customer_id, column: soc_sec_id}"),
            ("{kind: email, column: mail}", "{kind: customer_id, column: soc_sec_id}"),
            ("max_rows: 4000", "max_rows: 5000"),
            ("[Red, Blue, None], filter: true", "[Red, Blue, None]"));
        var first = WithoutColumns(contract, "campaign", Repository.File("tests", "vectors", "persons", "febrl4a.csv.gz"));
        var second = WithoutColumns(contract, "customers", Repository.File("tests", "vectors", "persons", "febrl4b.csv.gz"));
        Assert.Equal((5_000, 5_000), (first.Report.Persons, second.Report.Persons));
        Assert.Equal(4_561, Join(contract, first, second));
        Assert.Contains("date_of_birth", first.Report.IgnoredColumns);
    }

    [Fact]
    public void Addresses_with_typing_errors_are_counted_not_fatal()
    {
        var lines = File.ReadAllLines(Repository.File("tests", "vectors", "persons", "fake_1000_emails.csv"));
        var contract = TestContract.Read(("column: mail", "column: email"));
        var even = WithoutColumns(contract, "campaign", folder.Write("even.csv", Part(lines, 0)));
        var odd = WithoutColumns(contract, "customers", folder.Write("odd.csv", Part(lines, 1)));
        Assert.Equal(1_000, even.Report.Rows + odd.Report.Rows);
        Assert.Equal((211, 14), (even.Report.Empty + odd.Report.Empty, even.Report.Invalid + odd.Report.Invalid));
        Assert.Equal(137, Join(contract, even, odd));
    }

    private static string Part(string[] lines, int remainder) =>
        string.Join('\n', lines.Where((_, index) => index == 0 || (index - 1) % 2 == remainder));

    // These files bring identifiers only; the contract's columns are not in them.
    private static PreparedDataSet WithoutColumns(RoomContract contract, string dataSet, string path) =>
        new DataSetPreparer(contract.FindDataSet(dataSet)! with { Columns = [] }, RoomLayout.For(contract)).Prepare(path, TestRows.MatchKey);

    private static long Join(RoomContract contract, PreparedDataSet first, PreparedDataSet second)
    {
        var layout = RoomLayout.For(contract);
        SidePlan Side(string dataSet, PreparedDataSet data) =>
            new(new MemorySource(contract.FindDataSet(dataSet)! with { Columns = [] }, data), [], []);
        return new MatchEngine(layout, 2).CountCells([Side("campaign", first), Side("customers", second)], 1)[0];
    }
}
