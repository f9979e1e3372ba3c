using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Public files with known right answers; see tests/vectors/persons/ATTRIBUTION.md.</summary>
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
    public void The_febrl_files_have_4561_and_2202_persons_in_common_through_the_whole_room()
    {
        foreach (var (
            columns, expected) in new[] { (new[] { "soc_sec_id" }, 4_561), (new[] { "surname", "given_name", "date_of_birth" }, 2_202) })
        {
            using var room = new TestRoom(
                ("{kind: email, column: email}", "{kind: customer_id, profile: exact, column: key}"),
                ("{kind: email, column: mail}", "{kind: customer_id, profile: exact, column: key}"),
                ("max_rows: 4000", "max_rows: 5100"), ("max_rows: 5000", "max_rows: 5100"));
            room.Upload("campaign", "key,arm,exposed,score\n" + Keys("febrl4a.csv.gz", columns, ",,,"));
            room.Upload("customers", "key,region,visit,spend,age\n" + Keys("febrl4b.csv.gz", columns, ",,,,"));
            Assert.Equal(expected, room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap }).Persons);
        }

        // Lower case and trimmed, with empty keys; a few strangers on each side, so that no data set is matched completely.
        static string Keys(string file, string[] columns, string rest)
        {
            using var bytes = new System.IO.Compression.GZipStream(
                File.OpenRead(Repository.File("tests", "vectors", "persons", file)), System.IO.Compression.CompressionMode.Decompress);
            using var text = new StreamReader(bytes);
            var header = text.ReadLine()!.Split(',').Select(name => name.Trim()).ToList();
            var lines = new List<string>();
            while (text.ReadLine() is { } line)
            {
                var cells = line.Split(',');
                lines.Add(string.Join('|', columns.Select(column => cells[header.IndexOf(column)].Trim().ToLowerInvariant())) + rest);
            }
            return string.Join('\n', lines.Concat(Enumerable.Range(0, 30).Select(i => $"{file}{i}{rest}"))) + "\n";
        }
    }

    // An independent program computed the expected pairs from the files. 2,202 is the published count of equal names and dates of birth,
    // exactly as written and with empty cells. Without accents and hyphens more persons agree, though 64 damaged dates are no days; fewer
    // agree when every part is required.
    [Theory]
    [InlineData(2_202,
        "{kind: name, profile: exact, column: surname, optional: true}, {kind: name, profile: exact, column: given_name, optional: true}, "
        + "{kind: customer_id, profile: exact, column: date_of_birth, optional: true}", 0)]
    [InlineData(2_256,
        "{kind: name, column: surname, optional: true}, {kind: name, column: given_name, optional: true}, {kind: date, column: "
        + "date_of_birth, optional: true}", 64)]
    [InlineData(2_128, "{kind: name, column: surname}, {kind: name, column: given_name}, {kind: date, column: date_of_birth}", 55)]
    [InlineData(2_510, "{kind: name, column: surname}, {kind: date, column: date_of_birth}, {kind: postcode, column: postcode}", 60)]
    public void The_febrl_files_match_by_a_composite_identifier_through_the_whole_room(int expected, string parts, int invalid)
    {
        using var room = new TestRoom(
            ("{kind: email, column: email}", $"{{kind: composite, parts: [{parts}]}}"),
            ("{kind: email, column: mail}", $"{{kind: composite, parts: [{parts}]}}"),
            ("max_rows: 4000", "max_rows: 5100"), ("max_rows: 5000", "max_rows: 5100"));
        var (first, second) = (
            Rows("febrl4a.csv.gz", ",arm,exposed,score", ",,,"), Rows("febrl4b.csv.gz", ",region,visit,spend,age", ",,,,"));
        Assert.Equal(
            (0, invalid), (room.Prepare("campaign", first).Data.Report.Invalid, room.Prepare("customers", second).Data.Report.Invalid));
        room.Upload("campaign", first);
        room.Upload("customers", second);
        Assert.Equal(expected, room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap }).Persons);

        // The files unchanged, with the contract's columns appended; a few strangers on each side, so that no data set is matched
        // completely.
        static string Rows(string file, string header, string rest)
        {
            using var bytes = new System.IO.Compression.GZipStream(
                File.OpenRead(Repository.File("tests", "vectors", "persons", file)), System.IO.Compression.CompressionMode.Decompress);
            using var text = new StreamReader(bytes);
            var lines = new List<string> { text.ReadLine()! + header };
            while (text.ReadLine() is { } line)
            {
                lines.Add(line + rest);
            }
            return string.Join(
                '\n', lines.Concat(Enumerable.Range(0, 30).Select(i => $",{file},{file},,,,,{1000 + i},,{1900 + i}0101,{rest}"))) + "\n";
        }
    }

    [Fact]
    public void Addresses_with_typing_errors_are_counted_not_fatal()
    {
        var lines = File.ReadAllLines(Repository.File("tests", "vectors", "persons", "fake_1000_emails.csv"));
        var contract = TestContract.Read(("column: mail", "column: email"));
        var even = WithoutColumns(contract, "campaign", folder.Write("even.csv", Part(lines, 0)));
        var odd = WithoutColumns(contract, "customers", folder.Write("odd.csv", Part(lines, 1)));
        Assert.Equal(1_000, even.Report.Rows + odd.Report.Rows);
        Assert.Equal((211, 28), (even.Report.Empty + odd.Report.Empty, even.Report.Invalid + odd.Report.Invalid));
        Assert.Equal(137, Join(contract, even, odd));
    }

    private static string Part(string[] lines, int remainder) =>
        string.Join('\n', lines.Where((_, index) => index == 0 || (index - 1) % 2 == remainder));

    // These files have only identifiers, not the contract's columns.
    private static PreparedDataSet WithoutColumns(RoomContract contract, string dataSet, string path) =>
        new DataSetPreparer(contract.FindDataSet(dataSet)! with { Columns = [] }, RoomLayout.For(contract))
            .Prepare(path, TestRows.MatchKey);

    private static long Join(RoomContract contract, PreparedDataSet first, PreparedDataSet second)
    {
        var layout = RoomLayout.For(contract);
        SidePlan Side(string dataSet, PreparedDataSet data) =>
            new(new MemorySource(contract.FindDataSet(dataSet)! with { Columns = [] }, data), [], []);
        return new MatchEngine(layout, 2).CountCells([Side("campaign", first), Side("customers", second)], 1)[0];
    }
}
