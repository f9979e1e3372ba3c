using DuckDB.NET.Data;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests.Sorting;

/// <summary>Compares folded files of events with a file of persons that plain computation made of the same events.</summary>
public sealed class EventFoldTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RoomContract contract = EventRows.Read();

    public void Dispose() => folder.Dispose();

    private DataSet Customers => contract.FindDataSet("customers")!;

    [Fact]
    public void Folded_columns_are_what_plain_computation_makes_of_the_events()
    {
        var sales = EventRows.Sales(new Random(1), 1_500, 8_000);
        using var folded = Prepare(EventRows.Csv(sales));
        using var plain = PrepareExpected(sales);
        AssertSame(plain, folded);
        var persons = sales.Select(sale => sale.Email).Distinct().Count();
        Assert.Equal((8_000, persons, 0), (folded.Report.Rows, folded.Report.Persons, folded.Report.Duplicates));
        Assert.Equal(["note"], folded.Report.IgnoredColumns);
        Assert.InRange(folded.Report.Capped, 1, 1_500);
        var uncounted = sales.Count(sale => sale.Status == "open" || sale.At >= new DateTime(2026, 4, 10)
            || (sale.At >= new DateTime(2026, 3, 1) && sale.At < new DateTime(2026, 3, 10)));
        Assert.Equal(uncounted, folded.Report.Uncounted);
    }

    [Fact]
    public void The_order_of_events_and_a_temporary_file_change_nothing()
    {
        var sales = EventRows.Sales(new Random(2), 700, 30_000);
        using var one = Prepare(EventRows.Csv(sales));
        using var other = new DataSetPreparer(Customers, RoomLayout.For(contract), memory: 0)
            .Prepare(folder.Write("other.csv", EventRows.Csv(sales.AsEnumerable().Reverse())), TestRows.MatchKey);
        Assert.True(other.SpilledSize > 0);
        Assert.Equal(one.Digest.ToArray(), other.Digest.ToArray());
    }

    [Fact]
    public void A_person_with_very_many_events_takes_little_room()
    {
        var sales = EventRows.Sales(new Random(3), 1, 60_000);
        using var folded = new DataSetPreparer(Customers, RoomLayout.For(contract), memory: 0)
            .Prepare(folder.Write("one.csv", EventRows.Csv(sales)), TestRows.MatchKey);
        Assert.Equal((0, 1), ((int)folded.SpilledSize, folded.Report.Persons));
        using var plain = PrepareExpected(sales);
        AssertSame(plain, folded);
    }

    [Fact]
    public void The_window_is_half_open_and_offsets_and_days_are_understood()
    {
        using var folded = Prepare(
            "mail,at,amount,status\n"
            + "a@x.org,2026-03-10,1,paid\na@x.org,2026-03-09T23:59:59.9999999Z,2,paid\n"
            + "a@x.org,2026-04-10T00:00:00+00:00,4,paid\na@x.org,2026-04-10T00:59:59+01:00,8,paid\n"
            + "b@x.org,2025-01-01,1,paid\nc@x.org,2026-03-10,,returned\n");
        using var plain = PreparePlain(
            "a@x.org,2,9.00,0,2,2026-03-10,2026-04-09\nb@x.org,0,0,0,0,,\nc@x.org,1,0,0,1,2026-03-10,2026-03-10\n");
        AssertSame(plain, folded);
    }

    [Fact]
    public void Parquet_timestamps_with_and_without_zone_are_points_in_time()
    {
        var sales = EventRows.Sales(new Random(4), 300, 4_000);
        // Midnight is a time like any other.
        sales.Add(new Sale("p1@x.org", new DateTime(2026, 3, 10), 5, "paid"));
        var csv = folder.Write("rows.csv", EventRows.Csv(sales));
        foreach (var at in new[] { "\"at\"::TIMESTAMP", "(\"at\"::VARCHAR || '+00')::TIMESTAMPTZ", "\"at\"::VARCHAR" })
        {
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                $"COPY (SELECT mail, {at} AS \"at\", amount::DECIMAL(12, 2) AS amount, status FROM read_csv('{csv}')) "
                + $"TO '{folder.File("rows.parquet")}' (FORMAT parquet)";
            command.ExecuteNonQuery();
            using var folded = new DataSetPreparer(Customers, RoomLayout.For(contract))
                .Prepare(folder.File("rows.parquet"), TestRows.MatchKey);
            using var plain = PrepareExpected(sales);
            AssertSame(plain, folded);
        }
    }

    [Theory]
    [InlineData("a@x.org,yesterday,1,paid\n", "row 2, column 'at': 'yesterday' is not a time such as")]
    [InlineData("a@x.org,,1,paid\n", "row 2, column 'at': '' is not a time such as")]
    [InlineData(
        "a@x.org,2026-03-11,1,paid\na@x.org,2026-03-11,much,paid\n",
        "row 3, column 'amount': 'much' is not a decimal number with at most 2 places")]
    [InlineData("a@x.org,2026-03-11,1.005,paid\n", "row 2, column 'amount': '1.005' is not a decimal number")]
    [InlineData("a@x.org,2026-03-11,1\n", "row 2: 3 cells instead of 4")]
    public void Problems_are_reported_by_row_and_column(string rows, string expected)
    {
        var failure = Assert.Throws<RefusedException>(() => Prepare("mail,at,amount,status\n" + rows));
        Assert.StartsWith(expected, failure.Refusal.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_that_does_not_count_may_hold_anything_but_its_time() =>
        Assert.Equal(1, Prepare("mail,at,amount,status\na@x.org,2026-03-11,much,open\n").Report.Uncounted);

    [Fact]
    public void A_missing_column_of_the_fold_is_named() => Assert.Equal(
        ["column 'at' is missing", "column 'amount' is missing"],
        Assert.Throws<RefusedException>(() => Prepare("mail,status\na@x.org,paid\n")).Refusal.Problems);

    private PreparedDataSet PrepareExpected(IEnumerable<Sale> sales) => PreparePlain(string.Concat(
        sales.GroupBy(sale => sale.Email).Select(person => $"{person.Key},{string.Join(',', EventRows.Fold(person))}\n")));

    // The file holds the columns themselves instead of events.
    private PreparedDataSet PreparePlain(string rows)
    {
        var dataSet = Customers with { Events = null };
        var header = $"mail,{string.Join(',', dataSet.Columns.Select(column => column.Name))}";
        return new DataSetPreparer(dataSet, RoomLayout.For(contract))
            .Prepare(folder.Write("plain.csv", $"{header}\n{rows}"), TestRows.MatchKey);
    }

    private static void AssertSame(PreparedDataSet expected, PreparedDataSet found)
    {
        Assert.Equal(expected.Report.Persons, found.Report.Persons);
        Assert.Equal(expected.Digest.ToArray(), found.Digest.ToArray());
    }

    private PreparedDataSet Prepare(string csv) => TestRows.Prepare(contract, "customers", csv);
}
