using System.IO.Compression;
using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests.Reading;

/// <summary>Files as spreadsheets, databases and pandas write them. Each must give the same rows as its plain form.</summary>
public sealed class MessyFileTests : IDisposable
{
    private const string Columns = """
              - {name: arm, type: category, values: [Red, Blue, None], filter: true}
              - {name: exposed, type: flag, filter: true}
              - {name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}
        """;

    private const string MessyColumns = """
              - {name: city, type: category, values: [Köln, München, Berlin], filter: true}
              - {name: buyer, type: flag}
              - {name: orders, type: integer, minimum: 0, maximum: 100000}
              - {name: spend, type: decimal, places: 2, minimum: 0, maximum: 1000000}
              - {name: since, type: date, minimum: 1900-01-01, maximum: 2100-01-01}
        """;

    private const string Header = "email,city,buyer,orders,spend,since\n";

    private const string Plain = Header + "a@x.org,Köln,1,12,1500.50,2026-03-01\nb@x.org,München,0,,,2026-12-24\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("", "email,city,buyer,orders,spend,since\n\na@x.org,Köln,1,12,1500.50,2026-03-01\n\nb@x.org,München,0,,,2026-12-24\n\n")]
    [InlineData("", "sep=;\nemail;city;buyer;orders;spend;since\na@x.org;Köln;1;12;1500.50;2026-03-01\nb@x.org;München;0;;;2026-12-24\n")]
    [InlineData("", "email,city,buyer,orders,spend,since\na@x.org,Köln,1,12,1500.50,2026-03-01 10:00:00 UTC\n"
        + "b@x.org,München,0,,,2026-12-24 23:00:00.000 -0700\n")]
    [InlineData(
        "",
        "\ufeffSEP=;\r\nemail;city;buyer;orders;spend;since\r\na@x.org;Köln;1;12;1500.50;2026-03-01\r\nb@x.org;München;0;;;2026-12-24\r\n")]
    [InlineData(
        "",
        "Email,CITY,Buyer,orders,spend,since\na@x.org,köln,yes,12.0,1.5005E+03,2026-03-01 10:30:00\n"
        + "b@x.org,MÜNCHEN,N,,,2026-12-24T00:00:00Z\n")]
    [InlineData(
        "",
        "email,city,buyer,orders,spend,since\na@x.org,Ko\u0308ln,TRUE,12,1500.5,2026-03-01\nb@x.org,Mu\u0308nchen,False,,,2026-12-24\n")]
    [InlineData(
        "file: {empty: [NULL, NA, n.a., '\\N', '-']}",
        "email,city,buyer,orders,spend,since\na@x.org,Köln,1,12,1500.50,2026-03-01\nb@x.org,München,0,null,\\N,2026-12-24\n")]
    [InlineData(
        "file: {decimal: ',', thousands: '.', dates: dmy}",
        "email;city;buyer;orders;spend;since\na@x.org;Köln;1;12;1.500,50;1.3.2026\nb@x.org;München;0;;;24.12.2026 18:30\n")]
    [InlineData(
        "file: {thousands: ' ', dates: mdy}",
        "email;city;buyer;orders;spend;since\na@x.org;Köln;1;12;1\u00a0500.50;3/1/2026\nb@x.org;München;0;;;12/24/2026\n")]
    [InlineData(
        "file: {dates: excel}",
        "email,city,buyer,orders,spend,since\na@x.org,Köln,1,12,1500.50,46082\nb@x.org,München,0,,,46380.5\n")]
    [InlineData("", Header + "a@x.org,Köln,1,12 EUR,\"€1,500.50\",2026-03-01\nb@x.org,München,0,,,2026-12-24\n")]
    [InlineData("", Header + "a@x.org,Köln,1,+12,1\u202f500.50 CHF,2026-03-01\nb@x.org,München,0,,,2026-12-24\n")]
    [InlineData("", Header + "a@x.org,Köln,1,12,1'500.50,2026-03-01\nb@x.org,München,0,,,2026-12-24\n")]
    [InlineData(
        "file: {decimal: ','}",
        "email;city;buyer;orders;spend;since\na@x.org;Köln;1;12;EUR 1.500,50;2026-03-01\nb@x.org;München;0;;;2026-12-24\n")]
    [InlineData(
        "",
        "email;=\"city\";buyer;orders;spend;since\n=\"a@x.org\";=\"Köln\";=\"1\";\"=\"\"12\"\"\";1500.50;2026-03-01\n"
        + "b@x.org;München;0;=\"\";;2026-12-24\n")]
    public void Messy_cells_give_the_rows_of_plain_ones(string rules, string csv) =>
        Assert.Equal(Prepare("", Plain).Digest.ToArray(), Prepare(rules, csv).Digest.ToArray());

    [Theory]
    [InlineData("a@x.org,Köln,1,NULL,1,2026-03-01", "column 'orders': 'NULL' is not a whole number; if it means an empty cell")]
    [InlineData("a@x.org,Köln,1,1,\"1,50\",2026-03-01", "'file: {decimal: \",\"}' makes it 1.5")]
    [InlineData("a@x.org,Köln,1,1,1.005,2026-03-01", "is not a decimal number with at most 2 places")]
    [InlineData("a@x.org,Köln,1,\"1,234\",1,2026-03-01", "'file: {decimal: \".\", thousands: \",\"}' makes it 1234")]
    [InlineData("a@x.org,Köln,1,1,\"1.234,56\",2026-03-01", "'file: {decimal: \",\", thousands: \".\"}' makes it 1234.56")]
    [InlineData("a@x.org,Köln,1,1,1 234.5 Taler,2026-03-01", "'1 234.5 Taler' is not a decimal number")]
    [InlineData("a@x.org,Köln,€5,$5,1,2026-03-01", "'€5' is not 0, 1, true or false")]
    [InlineData("a@x.org,Köln,1,1,€5,\nb@x.org,Köln,1,1,5 USD,", "at most 2 places; the unit of the column is '€'")]
    [InlineData("a@x.org,Köln,1,999999 EUR,1,2026-03-01", "999999 is not from 0 to 100000")]
    [InlineData("a@x.org,Bonn,1,1,1,2026-03-01", "'Bonn' is not one of")]
    [InlineData("a@x.org,Köln,1,1,1,01.03.2026", "'01.03.2026' is not a day")]
    [InlineData("a@x.org,Köln,maybe,1,1,2026-03-01", "'maybe' is not 0, 1, true or false")]
    [InlineData("a@x.org,Köln,1,1.5,1,2026-03-01", "'1.5' is not a whole number")]
    public void A_cell_without_a_declared_meaning_is_refused_and_the_message_names_the_rule(string row, string expected)
    {
        var refused = Assert.Throws<RefusedException>(() => Prepare("", Header + row + "\n"));
        Assert.Contains(refused.Refusal.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("file: {decimal: ','}", "1.50")]
    [InlineData("file: {decimal: ',', thousands: '.'}", "1.50,5")]
    [InlineData("file: {decimal: ',', thousands: '.'}", "1500.50")]
    [InlineData("file: {thousands: ','}", "1,5")]
    [InlineData("", "1,500")]
    [InlineData("", "1.500,50")]
    [InlineData("", "1500,5")]
    [InlineData("", "1,50,500")]
    [InlineData("", "1 50")]
    [InlineData("", "1'500,50")]
    [InlineData("", "€5 EUR")]
    [InlineData("", "5 MIO")]
    [InlineData("", "5 %")]
    public void A_number_of_another_locale_is_refused_rather_than_read_wrongly(string rules, string number) =>
        Assert.Throws<RefusedException>(
            () =>
                Prepare(rules,
                $"email;city;buyer;orders;spend;since\na@x.org;Köln;1;1;{number};{(rules.Contains("dates") ? "" : "2026-03-01")}\n"));

    [Theory]
    [InlineData("EUR", "€5", true)]
    [InlineData("€", "5 EUR", true)]
    [InlineData("CAD", "$5", true)]
    [InlineData("points", "5 points", true)]
    [InlineData("EUR", "$5", false)]
    [InlineData("EUR", "5 CHF", false)]
    [InlineData("points", "5 credits", false)]
    public void A_number_is_in_the_unit_of_its_column(string unit, string cell, bool isRead)
    {
        var columns = MessyColumns.Replace("maximum: 1000000}", $"maximum: 1000000, unit: {unit}}}", StringComparison.Ordinal);
        PreparedDataSet Read(string spend) => Prepare("", Header + $"a@x.org,Köln,1,1,{spend},2026-03-01\n", columns);
        if (isRead)
        {
            Assert.Equal(Read("5").Digest.ToArray(), Read(cell).Digest.ToArray());
            return;
        }
        Assert.Throws<RefusedException>(() => Read(cell));
    }

    [Fact]
    public void Unlisted_values_and_more_places_are_taken_where_the_column_says_so()
    {
        const string csv = Header + "a@x.org,Bonn,1,1.5,1.005,2026-03-01\n";
        string Declared(string unlisted) => MessyColumns
            .Replace("Berlin], ", $"Berlin], unlisted: {unlisted}, ", StringComparison.Ordinal)
            .Replace("maximum: 100000}", "maximum: 100000, round: true}", StringComparison.Ordinal)
            .Replace("maximum: 1000000}", "maximum: 1000000, round: true}", StringComparison.Ordinal);
        Assert.Equal(
            Prepare("", Header + "a@x.org,,1,2,1.01,2026-03-01\n", Declared("empty")).Digest.ToArray(),
            Prepare("", csv, Declared("empty")).Digest.ToArray());
        Assert.Equal(
            Prepare("", Header + "a@x.org,other,1,2,1.01,2026-03-01\n", Declared("other")).Digest.ToArray(),
            Prepare("", csv, Declared("other")).Digest.ToArray());
        Assert.Throws<RefusedException>(() => Prepare("", csv, Declared("refuse")));
    }

    [Fact]
    public void A_share_of_invalid_cells_counts_as_empty_and_is_counted()
    {
        var rows = string.Concat(Enumerable.Range(0, 99).Select(i => $"u{i}@x.org,Köln,1,{(i < 2 ? "many" : "1")},1,2026-03-01\n"));
        var prepared = Prepare("file: {invalid_cells: 0.03}", Header + rows);
        Assert.Equal((99, 2), (prepared.Report.Persons, prepared.Report.InvalidCells));
        var refused = Assert.Throws<RefusedException>(() => Prepare("file: {invalid_cells: 0.01}", Header + rows));
        Assert.Contains(
            refused.Refusal.Problems,
            problem => problem.Contains("column 'orders': 2 invalid cells; the contract allows 0", StringComparison.Ordinal));
        Assert.Throws<RefusedException>(() => Prepare("file: {invalid_cells: 0.1}", Header + rows + "z@x.org,Köln\n"));
    }

    [Fact]
    public void Rows_of_nobody_are_left_out_and_counted()
    {
        var report = Prepare("", Header + "NULL,,,,,\nnoreply@x.org,,,,,\na@x.org,,,,,\n,,,,,\nno mail,,,,,\n").Report;
        Assert.Equal((5, 1, 2, 1, 1), (report.Rows, report.Persons, report.Nobodys, report.Empty, report.Invalid));
    }

    [Fact]
    public void A_row_that_begins_with_a_number_sign_is_no_comment()
    {
        var report = Prepare("", Header + "#a@x.org,,,,,\n#N/A,,,,,\nb@x.org,,,,,\n").Report;
        Assert.Equal((3, 2), (report.Rows, report.Persons));
    }

    [Theory]
    [InlineData("\uFFFFa@x.org,Köln,,,,\n", "its header or first row")]
    [InlineData("b@x.org,,,,,\n\uFFFF\n", "row 3")]
    public void A_row_that_the_library_skips_is_refused(string rows, string place)
    {
        var refused = Assert.Throws<RefusedException>(() => Prepare("", Header + rows)).Refusal;
        Assert.Contains($"{place} begins with U+FFFF", string.Join(' ', refused.Problems), StringComparison.Ordinal);
        Assert.Throws<RefusedException>(() => Prepare("", '\uFFFF' + Header + "a@x.org,,,,,\n"));
    }

    [Fact]
    public void Hashes_in_a_clear_room_are_named_in_the_refusal()
    {
        var refused = Assert.Throws<RefusedException>(() => Prepare("", Header + new string('5', 63) + "a,,,,,\n"));
        Assert.Contains(refused.Refusal.Problems, problem => problem.Contains("form: sha256", StringComparison.Ordinal));
    }

    [Fact]
    public void A_packed_file_is_known_by_its_content_and_a_workbook_too()
    {
        var packed = folder.File("packed.csv");
        using (var zip = new GZipStream(File.Create(packed), CompressionMode.Compress))
        {
            zip.Write(Encoding.UTF8.GetBytes(Plain));
        }
        Assert.Equal(Prepare("", Plain).Digest.ToArray(), PrepareFile("", packed).Digest.ToArray());
        var workbook = folder.File("list.xlsx");
        WriteWorkbook(workbook);
        Assert.Equal(Prepare("", Plain).Digest.ToArray(), PrepareFile("", workbook).Digest.ToArray());
        File.WriteAllBytes(workbook, File.ReadAllBytes(workbook)[..200]);
        Assert.Throws<RefusedException>(() => PrepareFile("", workbook));
    }

    [Fact]
    public void A_packed_file_that_was_cut_off_is_never_read_as_a_shorter_one()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            zip.Write(Encoding.UTF8.GetBytes(Header + string.Concat(Enumerable.Range(0, 500).Select(i => $"u{i}@x.org,Köln,1,{i},,\n"))));
        }
        var whole = packed.ToArray();
        File.WriteAllBytes(folder.File("cut.csv.gz"), whole);
        Assert.Equal(500, PrepareFile("", folder.File("cut.csv.gz")).Report.Persons);
        for (var size = whole.Length - 1; size > 10; size = size > whole.Length - 12 ? size - 1 : size - 97)
        {
            File.WriteAllBytes(folder.File("cut.csv.gz"), whole[..size]);
            var refused = Assert.Throws<RefusedException>(() => PrepareFile("", folder.File("cut.csv.gz")));
            Assert.Contains("cannot be unpacked", refused.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("28B52FFD0458", "packed with Zstandard")]
    [InlineData("FD377A585A00", "packed with xz")]
    [InlineData("425A68393141", "packed with bzip2")]
    [InlineData("D0CF11E0A1B1", "an old Excel")]
    [InlineData("255044462D31", "a PDF")]
    [InlineData("504B03040A00", "unpack an archive")]
    public void A_format_that_is_not_read_is_named(string content, string words)
    {
        File.WriteAllBytes(folder.File("list"), [.. Convert.FromHexString(content), .. new byte[100]]);
        var refused = Assert.Throws<RefusedException>(() => PrepareFile("", folder.File("list"))).Refusal;
        Assert.Contains(words, $"{refused.Detail} {string.Join(' ', refused.Problems)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_text_in_UTF_16_is_known_with_and_without_a_byte_order_mark(bool isBigEndian)
    {
        foreach (var hasMark in new[] { false, true })
        {
            File.WriteAllText(folder.File("wide.csv"), Plain, new UnicodeEncoding(isBigEndian, hasMark));
            Assert.Equal(Prepare("", Plain).Digest.ToArray(), PrepareFile("", folder.File("wide.csv")).Digest.ToArray());
        }
    }

    [Theory]
    [InlineData("file: {decimal: ';'}")]
    [InlineData("file: {decimal: ',', thousands: ','}")]
    [InlineData("file: {dates: never}")]
    [InlineData("file: {invalid_cells: 0.5}")]
    [InlineData("file: {colour: red}")]
    public void Wrong_rules_are_refused(string rules)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        ContractReader.Read(Encoding.UTF8.GetBytes(TestContract.Change(Changes(rules, MessyColumns))), problems);
        Assert.NotEmpty(problems.Items);
    }

    private static (string, string)[] Changes(string rules, string columns) =>
    [
        (Columns, columns),
        ("    max_rows: 4000\n", $"    max_rows: 4000\n    {(rules.Length == 0 ? "file: {}" : rules)}\n"),
        ("assignment: campaign.arm", "assignment: campaign.city"), ("control: None", "control: Berlin"),
    ];

    private PreparedDataSet Prepare(string rules, string csv, string columns = MessyColumns) =>
        PrepareFile(rules, folder.Write("messy.csv", csv), columns);

    private static PreparedDataSet PrepareFile(string rules, string path, string columns = MessyColumns)
    {
        var contract = TestContract.Read(Changes(rules, columns));
        return new DataSetPreparer(contract.FindDataSet("campaign")!, RoomLayout.For(contract)).Prepare(path, TestRows.MatchKey);
    }

    // The parts of a workbook that a reader needs (ECMA-376); style 1 is a date.
    private static void WriteWorkbook(string path)
    {
        const string main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const string relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        const string package = "http://schemas.openxmlformats.org/package/2006";
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        void Add(string name, string xml)
        {
            using var part = new StreamWriter(zip.CreateEntry(name).Open());
            part.Write($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>{xml}");
        }
        Add("[Content_Types].xml", $"""
            <Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>
            """);
        Add("_rels/.rels", $"""
            <Relationships xmlns="{package}/relationships">
              <Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/>
            </Relationships>
            """);
        Add("xl/workbook.xml", $"""
            <workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>
            """);
        Add("xl/_rels/workbook.xml.rels", $"""
            <Relationships xmlns="{package}/relationships">
              <Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>
              <Relationship Id="r2" Type="{relations}/styles" Target="styles.xml"/>
            </Relationships>
            """);
        Add("xl/styles.xml", $"""
            <styleSheet xmlns="{main}">
              <cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>
            </styleSheet>
            """);
        static string Text(string text) => $"<c t=\"inlineStr\"><is><t>{text}</t></is></c>";
        static string Flag(int flag) => $"<c t=\"b\"><v>{flag}</v></c>";
        static string Day(int day) => $"<c s=\"1\"><v>{day}</v></c>";
        var header = string.Concat(Header.Trim().Split(',').Select(Text));
        Add("xl/worksheets/sheet1.xml", $"""
            <worksheet xmlns="{main}"><sheetData>
              <row>{header}</row>
              <row>{Text("a@x.org")}{Text("Köln")}{Flag(1)}<c><v>12</v></c><c><v>1500.5</v></c>{Day(46082)}</row>
              <row>{Text("b@x.org")}{Text("München")}{Flag(0)}<c/><c/>{Day(46380)}</row>
            </sheetData></worksheet>
            """);
    }
}
