using System.IO.Compression;
using System.Text;
using Guardian.CleanRoom.Client;

namespace Guardian.CleanRoom.Tests;

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
    public void Of_a_person_who_stands_there_twice_the_first_row_counts() =>
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
    public void What_does_not_fit_is_said_by_row_and_column(string csv, string expected)
    {
        var failure = Assert.Throws<PreparationException>(() => Prepare(csv));
        Assert.Contains(expected, failure.Problems);
    }

    [Theory]
    [InlineData(Header, "no row with an identifier")]
    [InlineData("", "is empty")]
    [InlineData(Header + ",Red,1,5\n", "no row with an identifier")]
    public void A_file_without_persons_is_refused(string csv, string expected) =>
        Assert.Contains(expected, Assert.Throws<PreparationException>(() => Prepare(csv)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_text_are_refused_with_their_line()
    {
        File.WriteAllBytes(folder.File("data.csv"), [.. Encoding.UTF8.GetBytes(Header + "a@x.org,Red,1,5\nm"), 0xFC, .. "ller@x.org,Red,1,5\n"u8]);
        var failure = Assert.Throws<PreparationException>(() => Preparer().Prepare(folder.File("data.csv"), TestRows.MatchKey));
        Assert.Contains("line 3 has bytes that are no UTF-8", failure.Problems.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_packed_cannot_be_unpacked() =>
        Assert.Contains("cannot be unpacked", Assert.Throws<PreparationException>(() => Preparer().Prepare(folder.Write("data.csv.gz", Header), TestRows.MatchKey)).Message, StringComparison.Ordinal);

    [Fact]
    public void More_persons_than_the_contract_allows_are_refused()
    {
        var csv = Header + string.Concat(Enumerable.Range(0, 4_001).Select(i => $"p{i}@x.org,Red,1,5\n"));
        Assert.Contains("4001 persons; the contract allows 4000", Assert.Throws<PreparationException>(() => Prepare(csv)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_bad_rows_give_a_list_that_can_be_read()
    {
        var csv = Header + string.Concat(Enumerable.Range(0, 100).Select(i => $"p{i}@x.org,Green,1,5\n"));
        Assert.Equal(20, Assert.Throws<PreparationException>(() => Prepare(csv)).Problems.Count);
    }

    private PreparedDataSet Prepare(string csv) => TestRows.Prepare(contract, "campaign", csv);

    private DataSetPreparer Preparer() => new(contract.FindDataSet("campaign")!, RoomLayout.For(contract));
}
