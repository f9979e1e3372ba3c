using System.IO.Compression;
using System.Text;
using DuckDB.NET.Data;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Client.Sorting;
using Guardian.CleanRoom.Client.Tagging;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Partners' files, good and bad.</summary>
public sealed class DataSetPreparerTests : IDisposable
{
    private const string Header = "email,arm,exposed,score\n";

    private readonly TemporaryFolder folder = new();
    private readonly RoomContract contract = TestContract.Read();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Empty_invalid_and_duplicate_identifiers_are_counted_and_left_out()
    {
        var report = Prepare(Header + "a@x.org,Red,1,5\n ,Red,1,5\n,Blue,0,1\nnobody,Red,1,1\nA@X.ORG ,Blue,0,9\nb@x.org,,,\n").Report;
        Assert.Equal((6, 2, 2, 1, 1), (report.Rows, report.Persons, report.Empty, report.Invalid, report.Duplicates));
    }

    [Fact]
    public void If_a_person_appears_twice_the_first_row_counts() =>
        Assert.Equal(
            Prepare(Header + "a@x.org,Red,1,5\nb@x.org,Blue,1,5\n").Digest.ToArray(),
            Prepare(Header + "a@x.org,Red,1,5\nb@x.org,Blue,1,5\na@x.org,None,0,1\nB@x.org,Red,0,2\n").Digest.ToArray());

    [Fact]
    public void The_order_of_rows_and_columns_and_other_columns_change_nothing()
    {
        var one = Prepare(Header + "a@x.org,Red,1,5\nb@x.org,Blue,0,-6\n");
        var other = Prepare("exposed;name;email;score;arm\r\nfalse;\"Kern; Berta\";b@x.org;-6;Blue\r\ntrue;Anna;a@x.org;5;Red\r\n");
        Assert.Equal(one.Digest.ToArray(), other.Digest.ToArray());
        Assert.Equal(["name"], other.Report.IgnoredColumns);
    }

    [Fact]
    public void A_packed_file_and_a_byte_order_mark_are_read()
    {
        using (var packed = new GZipStream(File.Create(folder.File("data.csv.gz")), CompressionMode.Compress))
        {
            packed.Write(Encoding.UTF8.Preamble);
            packed.Write(Encoding.UTF8.GetBytes(Header + "a@x.org,Red,1,5\n"));
        }
        Assert.Equal(1, Preparer().Prepare(folder.File("data.csv.gz"), TestRows.MatchKey).Report.Persons);
    }

    [Fact]
    public void A_file_that_does_not_fit_in_memory_gives_the_same_groups()
    {
        var csv = TestRows.Csv(TestRows.Campaign(new Random(2), 4_000, 6_000));
        using var held = Prepare(csv);
        using var spilled = new DataSetPreparer(contract.FindDataSet("campaign")!, RoomLayout.For(contract), memory: 0)
            .Prepare(folder.Write("large.csv", csv), TestRows.MatchKey);
        Assert.Equal(0, held.SpilledSize);
        Assert.InRange(spilled.SpilledSize, 4_000 * 10, 4_000 * 100);
        Assert.Equal(held.Digest.ToArray(), spilled.Digest.ToArray());
        Assert.Equal(held.WriteGroup(0).ToArray(), spilled.WriteGroup(0).ToArray());
    }

    [Fact]
    public void A_parquet_file_gives_the_same_groups_as_the_same_rows_in_csv()
    {
        var rows = TestRows.Customers(new Random(6), 3_000, 6_000);
        var csv = folder.Write("rows.csv", TestRows.Csv(rows));
        Copy(
            $"mail, region, visit = 1 AS visit, spend::DECIMAL(12, 2) AS spend, age::SMALLINT AS age FROM read_csv('{csv}')",
            "rows.parquet", ", ROW_GROUP_SIZE 2048");
        Copy(
            "mail, region::VARCHAR AS region, visit::DOUBLE AS visit, spend::DOUBLE AS spend, age::BIGINT AS age "
            + $"FROM read_csv('{csv}')", "loose.parquet");
        var customers = contract.FindDataSet("customers")!;
        PreparedDataSet Read(string file) => new DataSetPreparer(customers, RoomLayout.For(contract)).Prepare(file, TestRows.MatchKey);
        Assert.Equal(Read(csv).Digest.ToArray(), Read(folder.File("rows.parquet")).Digest.ToArray());
        Assert.Equal(Read(csv).Digest.ToArray(), Read(folder.File("loose.parquet")).Digest.ToArray());
    }

    [Fact]
    public void Problems_of_a_parquet_file_are_reported_by_row_and_column()
    {
        Copy(
            "'a@x.org' AS email, 'Red' AS arm, true AS exposed, 5 AS score UNION ALL SELECT 'b@x.org', 'Green', NULL, 70001",
            "bad.parquet");
        var failure = Assert.Throws<RefusedException>(() => Preparer().Prepare(folder.File("bad.parquet"), TestRows.MatchKey));
        Assert.Equal(
            ["row 2, column 'arm': 'Green' is not one of Red, Blue, None", "row 2, column 'score': 70001 is not from -70000 to 70000"],
            failure.Refusal.Problems);

        Copy("['a@x.org'] AS email, 'Red' AS arm, true AS exposed, 5 AS score", "lists.parquet");
        Assert.Throws<RefusedException>(() => Preparer().Prepare(folder.File("lists.parquet"), TestRows.MatchKey));
        File.WriteAllBytes(folder.File("cut.parquet"), File.ReadAllBytes(folder.File("bad.parquet"))[..^20]);
        Assert.Throws<RefusedException>(() => Preparer().Prepare(folder.File("cut.parquet"), TestRows.MatchKey));
    }

    [Fact]
    public void Tags_of_any_length_are_those_of_the_base_library()
    {
        var identifiers = Enumerable.Range(1, 100)
            .Select(length => new string('é', length / 2) + new string('x', length - (length / 2))).ToList();
        var dataSet = contract.FindDataSet("campaign")! with { Columns = [] };
        var layout = RoomLayout.For(contract);
        var format = new RowFormat(layout, dataSet);
        using var spill = new RowSpill(format.RowSize, format.PartitionCount, long.MaxValue);
        var tagger = new RowTagger(TestRows.MatchKey, IdentifierKind.Email, format, spill);
        foreach (var identifier in identifiers)
        {
            tagger.Add(identifier, new byte[format.RowSize]);
        }
        tagger.Complete();
        var rows = new byte[spill.CountRows(0) * format.RowSize];
        spill.Read(0, rows);
        Assert.Equal(1, format.PartitionCount);
        Assert.Equal(
            identifiers.Select(identifier => Identifiers.Tag(TestRows.MatchKey, IdentifierKind.Email, identifier)).Order(),
            rows.Chunk(format.RowSize).Select(row => new Tag(RowFormat.ReadHigh(row), RowFormat.ReadLow(row))).Order());
    }

    [Theory]
    [InlineData("email,arm,score\n", "column 'exposed' is missing")]
    [InlineData("mail,arm,exposed,score\n", "column 'email' is missing")]
    [InlineData("email,arm,exposed,score,arm\n", "column 'arm' stands twice")]
    [InlineData(Header + "a@x.org,Green,1,5\n", "row 2, column 'arm': 'Green' is not one of Red, Blue, None")]
    [InlineData(Header + "a@x.org,Red,maybe,5\n", "row 2, column 'exposed': 'maybe' is not 0, 1, true or false")]
    [InlineData(Header + "a@x.org,Red,1,5.5\n", "row 2, column 'score': '5.5' is not a whole number")]
    [InlineData(Header + "a@x.org,Red,1,70001\n", "row 2, column 'score': 70001 is not from -70000 to 70000")]
    [InlineData(Header + "a@x.org,Red,1,5\nb@x.org,Red\n", "row 3: 2 cells instead of 4")]
    [InlineData(Header + "a@x.org,Red,1,5,6\n", "row 2: 5 cells instead of 4")]
    public void Problems_are_reported_by_row_and_column(string csv, string expected)
    {
        var failure = Assert.Throws<RefusedException>(() => Prepare(csv));
        Assert.Contains(expected, failure.Refusal.Problems);
    }

    [Theory]
    [InlineData(Header, "no row with an identifier")]
    [InlineData("", "is empty")]
    [InlineData(Header + ",Red,1,5\n", "no row with an identifier")]
    public void A_file_without_persons_is_refused(string csv, string expected) =>
        Assert.Contains(expected, Assert.Throws<RefusedException>(() => Prepare(csv)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_not_text_are_refused_with_their_line()
    {
        var start = Encoding.UTF8.GetBytes(Header + "a@x.org,Red,1,5\nm");
        File.WriteAllBytes(folder.File("data.csv"), [.. start, 0xFC, .. "ller@x.org,Red,1,5\n"u8]);
        var failure = Assert.Throws<RefusedException>(() => Preparer().Prepare(folder.File("data.csv"), TestRows.MatchKey));
        Assert.Contains("line 3 has bytes that are not UTF-8", failure.Refusal.Problems.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_packed_file_cannot_be_unpacked()
    {
        var path = folder.File("data.csv.gz");
        File.WriteAllBytes(path, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF]);
        var failure = Assert.Throws<RefusedException>(() => Preparer().Prepare(path, TestRows.MatchKey));
        Assert.Contains("cannot be unpacked", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_persons_than_the_contract_allows_are_refused()
    {
        var csv = Header + string.Concat(Enumerable.Range(0, 4_001).Select(i => $"p{i}@x.org,Red,1,5\n"));
        var failure = Assert.Throws<RefusedException>(() => Prepare(csv));
        Assert.Contains("4001 persons; the contract allows 4000", failure.Message, StringComparison.Ordinal);
        Assert.Equal((RoomClientReasons.BadData, RefusalKind.Invalid), (failure.Refusal.Reason, failure.Refusal.Kind));
    }

    [Fact]
    public void A_hundred_bad_rows_give_a_list_that_can_be_read()
    {
        var csv = Header + string.Concat(Enumerable.Range(0, 100).Select(i => $"p{i}@x.org,Green,1,5\n"));
        Assert.Equal(20, Assert.Throws<RefusedException>(() => Prepare(csv)).Refusal.Problems.Count);
    }

    private void Copy(string selected, string file, string options = "")
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"COPY (SELECT {selected}) TO '{folder.File(file)}' (FORMAT parquet{options})";
        command.ExecuteNonQuery();
    }

    private PreparedDataSet Prepare(string csv) => TestRows.Prepare(contract, "campaign", csv);

    private DataSetPreparer Preparer() => new(contract.FindDataSet("campaign")!, RoomLayout.For(contract));
}
