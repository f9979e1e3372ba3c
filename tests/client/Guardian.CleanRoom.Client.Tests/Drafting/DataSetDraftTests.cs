using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests.Drafting;

/// <summary>Drafts of data sets: each becomes a contract under which its own file can be uploaded, and shows nobody's cells.</summary>
public sealed class DataSetDraftTests : IDisposable
{
    private static readonly (string Open, string Decided)[] Decisions =
    [
        ("decimal: DECIDE, thousands: DECIDE", "decimal: \",\""), ("dates: DECIDE", "dates: dmy"), ("kind: DECIDE", "kind: email"),
        ("profile: DECIDE", "profile: google"), ("region: DECIDE", "region: DE"), ("zone: DECIDE", "zone: Europe/Berlin"),
        ("order: DECIDE", "order: dmy"),
        ("column: DECIDE", "column: unknown"), ("DECIDE", "true"),
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("clean-room/03_semicolon_decimal_comma.csv", 200, "decimal: \",\"")]
    [InlineData("clean-room/09_empty_lines.csv", 200, "values: [Berlin, \"Köln\", \"München\"]")]
    [InlineData("clean-room/10_null_na.csv", 200, "{name: spend, type: decimal")]
    [InlineData("clean-room/18_nfd.csv", 200, "values: [Berlin, \"Köln\", \"München\"]")]
    [InlineData("clean-room/21_sep_line.csv", 200, "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 500")]
    [InlineData("clean-room/26_sci.csv", 200, "{name: spend, type: integer, minimum: 0, maximum: 2000")]
    [InlineData("clean-room/30_mails.csv", 0, "kind: email, profile: google")]
    [InlineData("clean-room/p3_timestamp.parquet", 0, "type: date")]
    [InlineData("clean-room/maid.csv", 1, "kind: maid")]
    [InlineData("clean-room/ph.csv", 0, "kind: phone, column: p, region: DECIDE")]
    [InlineData("clean-room/hem.csv", 250, "kind: email, profile: DECIDE, column: hem, form: sha256")]
    [InlineData("clean-room/cluster_campaign.csv.gz", 12_200, "values: [Control, Treatment]")]
    [InlineData("clean-room/cluster_customers.csv.gz", 12_200, "{name: visit, type: flag")]
    [InlineData("persons/fake_1000_emails.csv", 0, "kind: email, profile: google, column: email")]
    [InlineData("persons/febrl4a.csv.gz", 5_000, "kind: customer_id")]
    [InlineData("persons/febrl4b.csv.gz", 5_000, "kind: customer_id")]
    public void Every_known_file_can_be_uploaded_under_its_own_draft(string file, int persons, string expected)
    {
        var path = Repository.File(["tests", "vectors", .. file.Split('/')]);
        var draft = DataSetDraft.Read(path, DataSetDraft.NameOf(path), "agency", cancellation: TestContext.Current.CancellationToken);
        Assert.Contains(expected, draft.Text, StringComparison.Ordinal);
        Assert.Equal(draft.Decisions > 0, Problems(draft.Text).Count > 0);
        var prepared = Prepare(draft, path);
        Assert.True(persons == 0 ? prepared.Report.Persons > 0 : prepared.Report.Persons == persons, $"{prepared.Report.Persons} persons");
    }

    [Fact]
    public void A_draft_shows_no_cell_that_few_persons_have_and_a_naive_one_does()
    {
        string[] secrets = ["4711.93", "1987-06-05", "is ill", "Anna", "+491701234567", "Vaduz", "Q2"];
        var csv = new StringBuilder("email,spend,since,remark,first_name,phone,city,score\n");
        for (var i = 0; i < 400; i++)
        {
            csv.Append(System.Globalization.CultureInfo.InvariantCulture, $"u{i}@x.org,{(i == 7 ? "4711.93" : $"{i}.50")},")
                .Append(i == 7 ? "1987-06-05" : "2020-02-01").Append(i == 7 ? ",is ill" : $",note {i}")
                    .Append(i % 2 == 0 ? ",Anna" : ",Bert")
                .Append(i % 2 == 0 ? ",+491701234567" : ",").Append(i < 9 ? ",Vaduz" : ",Bern").Append(i == 7 ? ",Q2\n" : $",{i % 9}\n");
        }
        var path = folder.Write("customers.csv", csv.ToString());
        var lines = csv.ToString().TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split(',')).ToList();
        // Naive: the values, the least and the greatest cell of each column.
        var naive = string.Join(' ', Enumerable.Range(1, 7).SelectMany(i => lines.Select(line => line[i]).Distinct()));
        Assert.All(secrets, secret => Assert.Contains(secret, naive, StringComparison.Ordinal));
        var draft = DataSetDraft.Read(path, "customers", "agency", cancellation: TestContext.Current.CancellationToken);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, draft.Text + string.Join(' ', draft.Notes), StringComparison.Ordinal));
        Assert.DoesNotContain("400", draft.Text, StringComparison.Ordinal);
        Assert.Contains("maximum: 5000", draft.Text, StringComparison.Ordinal);
        Assert.Contains("minimum: 1987-01-01, maximum: 2020-12-31", draft.Text, StringComparison.Ordinal);
        Assert.Contains("values: [Bern], unlisted: other", draft.Text, StringComparison.Ordinal);
        Assert.Contains(draft.Notes, note => note.Contains("remark", StringComparison.Ordinal));
        Assert.Equal(400, Prepare(draft, path).Report.Persons);
    }

    [Fact]
    public void A_value_in_many_rows_of_few_persons_is_not_listed()
    {
        var rows = string.Concat(Enumerable.Range(0, 300).Select(i => $"u{(i < 200 ? i : i % 3)}@x.org,{(i < 200 ? "Bern" : "Vaduz")}\n"));
        var draft = Draft("customers.csv", "email,city\n" + rows);
        Assert.DoesNotContain("Vaduz", draft.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna@x.org,Bern,3\nbert@x.org,Chur,4\n")]
    [InlineData("id,2026-03-01,3\n1,2026-03-02,4\n")]
    public void A_file_without_header_is_refused_because_its_first_row_is_somebodys(string csv) =>
        Assert.Contains(
            "has no header", Assert.Throws<RefusedException>(() => Draft("customers.csv", csv)).Refusal.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("1,234", "decimal: DECIDE, thousands: DECIDE")]
    [InlineData("1.234,50", "decimal: \",\", thousands: \".\"")]
    [InlineData("1 234,50", "decimal: \",\", thousands: \" \"")]
    [InlineData("1'234.50", "thousands: \"'\"")]
    [InlineData("1.50", "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 2")]
    [InlineData("-7", "{name: spend, type: integer, minimum: -10, maximum: 0")]
    [InlineData("0.123456789", "round: true")]
    [InlineData("€ 10,50", "type: decimal, places: 2, minimum: 0, maximum: 20, unit: \"€\"")]
    [InlineData("-$1,234.50", "unit: \"$\"")]
    [InlineData("1.234.567 SEK", "type: integer, minimum: 0, maximum: 2000000, unit: SEK")]
    public void Numbers_are_read_as_the_file_writes_them_and_two_readings_are_the_owners_decision(string number, string expected)
    {
        var draft = Draft("c.csv", $"email;spend\n{string.Concat(Enumerable.Range(0, 30).Select(i => $"u{i}@x.org;{number}\n"))}");
        Assert.Contains(expected, draft.Text, StringComparison.Ordinal);
        Assert.Equal(30, Prepare(draft, folder.File("c.csv")).Report.Persons);
    }

    [Theory]
    [InlineData("10.03.2026", "last: its days are written in another form than those of another column")]
    public void A_column_that_no_contract_can_read_is_left_out_with_the_reason(string cell, string reason)
    {
        var rows = Enumerable.Range(0, 60).Select(i => $"u{i}@x.org;2026-01-02;2026-02-03;{cell}\n");
        var draft = Draft("c.csv", $"email;first;second;last\n{string.Concat(rows)}");
        Assert.Contains(draft.Notes, note => note.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Numbers_in_several_currencies_are_left_out()
    {
        var rows = Enumerable.Range(0, 60).Select(i => $"u{i}@x.org;{(i % 2 == 0 ? "€" : "$")}{i}\n");
        Assert.Contains(
            Draft("c.csv", $"email;spend\n{string.Concat(rows)}").Notes,
            note => note.Contains("spend: its numbers have several currencies", StringComparison.Ordinal));
    }

    [Fact]
    public void Hashes_of_MD5_are_no_advertising_identifiers()
    {
        string Csv(Func<int, string> write) => "id\n" + string.Concat(Enumerable.Range(0, 60).Select(i => write(i) + "\n"));
        var digests = Csv(i => Convert.ToHexStringLower(SHA256.HashData([(byte)i]).AsSpan(0, 16)));
        Assert.DoesNotContain("kind: maid", Draft("c.csv", digests).Text, StringComparison.Ordinal);
        Assert.Contains("kind: maid", Draft("c.csv", Csv(_ => Guid.NewGuid().ToString("N"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_for_empty_and_a_few_invalid_cells_are_declared()
    {
        var draft = Draft("c.csv", "email,orders\n" + string.Concat(
            Enumerable.Range(0, 100).Select(i => $"u{i}@x.org,{(i % 3 == 0 ? "NULL" : i == 50 ? "n.a." : i == 70 ? "many" : "7")}\n")));
        Assert.Contains("file: {empty: [\"n.a.\", \"null\"], invalid_cells: 0.02}", draft.Text, StringComparison.Ordinal);
        var report = Prepare(draft, folder.File("c.csv")).Report;
        Assert.Equal((100, 1), (report.Persons, report.InvalidCells));
    }

    [Theory]
    [InlineData("03.04.2026", "dates: DECIDE")]
    [InlineData("31.12.2026", "dates: dmy")]
    [InlineData("12/31/2026 18:30", "dates: mdy")]
    [InlineData("20261231", "{name: since, type: date, minimum: 2026-01-01")]
    public void The_order_of_dates_is_seen_and_two_orders_are_the_owners_decision(string date, string expected)
    {
        var draft = Draft("c.csv", $"email;since\n{string.Concat(Enumerable.Range(0, 30).Select(i => $"u{i}@x.org;{date}\n"))}");
        Assert.Contains(expected, draft.Text, StringComparison.Ordinal);
        Assert.Equal(30, Prepare(draft, folder.File("c.csv")).Report.Persons);
    }

    [Fact]
    public void Several_rows_of_a_person_with_times_become_events()
    {
        static string Row(int i) => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"u{i % 200}@x.org,2026-0{3 + (i / 400)}-1{i % 9} 18:30:00,{i % 50}.50,{(i % 7 == 0 ? "open" : "paid")},{"AB"[i % 2]}\n");
        var draft = Draft("purchases.csv", "email,paid_at,amount,status,arm\n" + string.Concat(Enumerable.Range(0, 600).Select(Row)));
        Assert.Contains(
            "events: {time: paid_at, zone: DECIDE, from: 2026-03-01T00:00:00Z, to: 2026-05-01T00:00:00Z}", draft.Text,
            StringComparison.Ordinal);
        Assert.Contains("fold: count", draft.Text, StringComparison.Ordinal);
        Assert.Contains("fold: sum, of: amount", draft.Text, StringComparison.Ordinal);
        Assert.Contains("values: [A, B], unlisted: empty, fold: same, of: arm", draft.Text, StringComparison.Ordinal);
        Assert.Contains(draft.Notes, note => note.Contains("status", StringComparison.Ordinal));
        var report = Prepare(draft, folder.File("purchases.csv")).Report;
        Assert.Equal((200, 0, 0), (report.Persons, report.Uncounted, report.Capped));
    }

    [Fact]
    public void Text_of_a_file_cannot_change_the_document_around_it()
    {
        const string header = "a}]\n  - name: evil # \\\" : {";
        var rows = string.Concat(
            Enumerable.Range(0, 40).Select(i => $"u{i}@x.org,1,\"yes, \"\"{(i % 2 == 0 ? "no" : "\n- x")}\"\" #}}\"\n"));
        var draft = Draft("c.csv", $"email,\"{header.Replace("\"", "\"\"", StringComparison.Ordinal)}\",true\n{rows}");
        Assert.Equal(40, Prepare(draft, folder.File("c.csv")).Report.Persons);
        Assert.Equal(["c"], ReadContract(draft.Text).DataSets.Where(dataSet => dataSet.Owner == "agency").Select(dataSet => dataSet.Name));
    }

    [Fact]
    public void A_draft_of_several_identifiers_is_an_ordered_list_and_its_own_file_fits_it()
    {
        var draft = Draft("customers.csv", Persons(), isSeveral: true);
        var lines = draft.Text.Split('\n').Where(line => line.StartsWith("      - {kind", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            [
                "      - {kind: email, profile: google, column: mail}",
                "      - {kind: phone, column: mobile, region: DECIDE}",
                "      - {kind: composite, parts: [{kind: name, column: Vorname}, {kind: name, column: Nachname}, "
                    + "{kind: date, column: Geburtsdatum, order: dmy}, {kind: postcode, column: PLZ}]}",
            ], lines);
        Assert.DoesNotContain("left out Vorname", string.Join('\n', draft.Notes), StringComparison.Ordinal);
        Assert.DoesNotContain("max_changes", draft.Text, StringComparison.Ordinal);
        Assert.Equal(90, Prepare(draft, folder.File("customers.csv")).Report.Persons);
    }

    [Fact]
    public void Without_the_word_a_draft_has_the_best_identifier_and_tells_its_owner_alone_of_the_others()
    {
        var draft = Draft("customers.csv", Persons());
        Assert.Contains("    identifier: {kind: email, profile: google, column: mail}", draft.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("mobile", draft.Text, StringComparison.Ordinal);
        Assert.Contains(draft.Notes, note => note.Contains(
            "could also match by mobile, or by Vorname + Nachname + Geburtsdatum + PLZ", StringComparison.Ordinal));
        Assert.Equal(60, Prepare(draft, folder.File("customers.csv")).Report.Persons);
    }

    [Theory]
    [InlineData("03.04.1985", "order: DECIDE")]
    [InlineData("24.11.1985", "order: dmy")]
    [InlineData("11/24/1985", "order: mdy")]
    [InlineData("1985-11-24", "column: birth_date}")]
    [InlineData("20101112", "column: birth_date}")]
    public void A_date_of_birth_with_two_readings_is_the_owners_decision(string date, string expected)
    {
        var rows = string.Concat(Enumerable.Range(0, 30).Select(i => $"Name{i};{date}\n"));
        var draft = Draft("c.csv", $"full name;birth_date\n{rows}", isSeveral: true);
        Assert.Contains("{kind: composite, parts: [{kind: name, column: \"full name\"}", draft.Text, StringComparison.Ordinal);
        Assert.Contains(expected, draft.Text, StringComparison.Ordinal);
        Assert.Equal(30, Prepare(draft, folder.File("c.csv")).Report.Persons);
    }

    [Fact]
    public void A_file_of_events_keeps_one_identifier()
    {
        var rows = Enumerable.Range(0, 300).Select(i => $"u{i % 60}@x.org,+49301234{100 + (i % 60)},2026-03-1{i % 9} 18:30:00,{i % 50}\n");
        var draft = Draft("purchases.csv", "email,phone,paid_at,amount\n" + string.Concat(rows), isSeveral: true);
        Assert.Contains("    identifier: {kind: email", draft.Text, StringComparison.Ordinal);
        Assert.Contains("    events:", draft.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/data/Customers 2026.csv.gz", "customers_2026")]
    [InlineData("Ä.xlsx", "data")]
    [InlineData("7.parquet", "7")]
    public void The_name_of_a_data_set_comes_from_its_file(string path, string name) => Assert.Equal(name, DataSetDraft.NameOf(path));

    // Of 90 persons, 60 have an address, 60 a number, and all a name.
    private static string Persons()
    {
        static string Row(int i) => $"{(i < 60 ? $"u{i}@x.org" : "")},{(i >= 30 ? $"030 9018 {2100 + i}" : "")},"
            + $"Anna{i},Beispiel,{1 + (i % 28)}.02.1985,10115,Bern\n";
        return "mail,mobile,Vorname,Nachname,Geburtsdatum,PLZ,city\n" + string.Concat(Enumerable.Range(0, 90).Select(Row));
    }

    private DataSetDraft Draft(string name, string csv, bool isSeveral = false) => DataSetDraft.Read(
        folder.Write(name, csv), DataSetDraft.NameOf(name), "agency", isSeveral, TestContext.Current.CancellationToken);

    private static PreparedDataSet Prepare(DataSetDraft draft, string path)
    {
        var contract = ReadContract(draft.Text);
        return new DataSetPreparer(contract.FindDataSet(draft.Name)!, RoomLayout.For(contract))
            .Prepare(path, new byte[32], cancellation: TestContext.Current.CancellationToken);
    }

    private static RoomContract ReadContract(string text)
    {
        foreach (var (open, decided) in Decisions)
        {
            text = text.Replace(open, decided, StringComparison.Ordinal);
        }
        var problems = new DocumentProblems();
        var contract = ContractReader.Read(Encoding.UTF8.GetBytes(Around(text)), problems);
        Assert.True(contract is not null && !problems.Any, $"{string.Join('\n', problems.Items)}\n{text}");
        return contract;
    }

    private static List<DocumentProblem> Problems(string text)
    {
        var problems = new DocumentProblems();
        ContractReader.Read(Encoding.UTF8.GetBytes(Around(text)), problems);
        return [.. problems.Items];
    }

    // A room with a partner who matches by the same identifier.
    private static string Around(string draft)
    {
        var text = TestContract.Text;
        var (start, end) = (text.IndexOf("datasets:", StringComparison.Ordinal), text.IndexOf("privacy:", StringComparison.Ordinal));
        var lines = draft.Split('\n').Where(line => !line.TrimStart().StartsWith('#')).ToList();
        var isSeveral = lines.Contains("    identifiers:");
        var identifier = isSeveral
            ? lines.SkipWhile(line => line != "    identifiers:")
                .TakeWhile(line => !line.StartsWith("    max_rows", StringComparison.Ordinal))
            : lines.Where(line => line.StartsWith("    identifier:", StringComparison.Ordinal));
        return text[..start] + (isSeveral ? $"persons: {lines[0].Split(' ')[^1]}\n" : "")
            + "datasets:\n" + draft + "  - name: partner\n    owner: retailer\n" + string.Join('\n', identifier)
            + "\n    max_rows: 100\n    columns:\n      - {name: visit_of_partner, type: flag}\nanalyses: {overlap: true}\n" + text[end..];
    }
}
