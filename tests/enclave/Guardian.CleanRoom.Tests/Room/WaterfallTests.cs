using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Shards;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Rooms whose data sets match by several identifiers.</summary>
public sealed class WaterfallTests
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private static readonly Question Sum = new() { Kind = QuestionKind.Sum, Column = "customers.spend" };

    private static readonly Question RedInTheNorth = Overlap with
    {
        Where = [new Predicate("campaign.arm", "=", ["Red"]), new Predicate("customers.region", "=", ["North"])],
    };

    public static TheoryData<int, int> Sizes() => new() { { 3_000, 4_000 }, { 4_000, 5_000 }, { 500, 100_000 }, { 3_900, 3_950 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Each_person_counts_once_by_the_best_identifier_as_a_plain_match_says(int count, int universe)
    {
        var random = new Random(count);
        var (persons, rows) = (WaterfallRows.Of(random, count, universe), WaterfallRows.Of(random, count, universe));
        var matched = WaterfallRows.Match(rows, persons).Select((person, row) => (person, row)).Where(pair => pair.person >= 0).ToList();
        using var room = Open(persons, rows);
        if (matched.Count < 20)
        {
            Assert.Equal("below-minimum-audience", room.Refusal(Overlap));
            return;
        }
        Assert.Equal(matched.Count, room.Ask<OverlapResult>(Overlap).Persons);
        Assert.Equal(matched.Sum(pair => rows[pair.row].Value % 100), room.Ask<SumResult>(Sum).Sum);
        // The pairs of rows and persons, not only their number.
        using var another = Open(persons, rows);
        Assert.Equal(
            matched.Count(pair => persons[pair.person].Value % 2 == 0 && rows[pair.row].Value % 3 == 0),
            another.Ask<OverlapResult>(RedInTheNorth).Persons);
    }

    [Fact]
    public void Adding_up_the_matches_of_each_identifier_counts_persons_twice_and_the_room_does_not()
    {
        WaterfallRow[] Both(int first, int count) => [.. Enumerable.Range(first, count).Select(i =>
            new WaterfallRow($"p{i}@x.org", $"+49151{2_000_000 + i}", "a",
                $"b{(char)('a' + (i % 26))}{(char)('a' + (i / 26 % 26))}{(char)('a' + (i / 676))}", "1980-01-02", "", i))];
        var (persons, rows) = (Both(0, 1_000), Both(400, 1_000));
        // The naive sum of three rooms of one identifier each.
        Assert.Equal(1_800, Enumerable.Range(0, 3).Sum(pass => rows.Select(row => row.Keys[pass])
            .Intersect(persons.Select(person => person.Keys[pass])).Count()));
        using var room = Open(persons, rows);
        Assert.Equal(600, room.Ask<OverlapResult>(Overlap).Persons);
    }

    [Fact]
    public void A_row_that_matches_one_person_by_mail_and_another_by_phone_counts_for_the_first()
    {
        List<WaterfallRow> Mails(char name, int count) =>
            [.. Enumerable.Range(0, count).Select(i => new WaterfallRow($"{name}{i}@x.org", "", "", "", "", "", 0))];
        List<WaterfallRow> crowd = Mails('p', 200), others = Mails('s', 100), strangers = Mails('t', 100);
        // The row of value 2 has A's mail and B's phone. B is then matched by the row that has only B's phone.
        WaterfallRow a = new("a@x.org", "", "", "", "", "", 0), b = new("", "+4915112345678", "", "", "", "", 1);
        WaterfallRow both = new("a@x.org", "+4915112345678", "", "", "", "", 2);
        // Within a data set, an identifier is that of the first row that has it; so this one's phone counts for 'both' only.
        WaterfallRow later = new("", "0151 12345678", "", "", "", "", 3);
        using var room = Open([.. crowd, .. others, a, b], [.. crowd, .. strangers, both, later]);
        Assert.Equal(201, room.Ask<OverlapResult>(Overlap).Persons);
        using var other = Open([.. crowd, .. others, a, b], [.. crowd, .. strangers, later, both]);
        Assert.Equal(202, other.Ask<OverlapResult>(Overlap).Persons);
    }

    [Fact]
    public void Empty_identifiers_match_nobody()
    {
        var persons = Enumerable.Range(0, 300).Select(i => new WaterfallRow($"p{i}@x.org", "", "", "", "", "", i));
        var rows = Enumerable.Range(0, 300).Select(i => new WaterfallRow(i < 50 ? $"p{i}@x.org" : $"q{i}@x.org", "", "", "", "", "", i));
        using var room = Open(persons, rows);
        Assert.Equal(50, room.Ask<OverlapResult>(Overlap).Persons);
    }

    [Fact]
    public void A_data_set_may_have_some_of_the_identifiers()
    {
        var random = new Random(5);
        var (persons, rows) = (WaterfallRows.Of(random, 3_000, 4_000), WaterfallRows.Of(random, 3_000, 4_000));
        var text = TestContract.Change(WaterfallRows.Changes);
        var start = text.LastIndexOf("    identifiers:", StringComparison.Ordinal);
        var end = text.IndexOf("max_rows: 5000", StringComparison.Ordinal) + "max_rows: 5000".Length;
        var contract = WaterfallRows.Contract(
            (text[start..end], "    identifier: {kind: phone, column: phone, region: DE}\n    max_rows: 5000"));
        using var room = new TestRoom(contract, null);
        room.Upload("campaign", WaterfallRows.Campaign(persons));
        room.Upload("customers", WaterfallRows.Customers(rows));
        var phones = rows.Select(row => row.Phone).Where(phone => phone.Length > 0).ToHashSet();
        Assert.Equal(
            persons.Select(person => person.Phone).Distinct().Count(phones.Contains), room.Ask<OverlapResult>(Overlap).Persons);
    }

    [Fact]
    public void Answers_follow_the_data_and_survive_a_restart()
    {
        var random = new Random(6);
        var (persons, rows) = (WaterfallRows.Of(random, 3_000, 4_000), WaterfallRows.Of(random, 3_000, 4_000));
        using var room = new TestRoom(WaterfallRows.Contract(("noise: none", "noise: {epsilon: 10}"), ("minimum_audience: 20",
            "minimum_audience: 20\n  budget: 100")), seed: 1);
        room.Upload("campaign", WaterfallRows.Campaign(persons));
        room.Upload("customers", WaterfallRows.Customers(rows));
        Assert.InRange(room.Ask<OverlapResult>(Overlap).Persons - Count(rows, persons), -20, 20);
        room.Reopen();
        Assert.InRange(room.Ask<SumResult>(Sum).Persons - Count(rows, persons), -20, 20);
        // Fewer customers, then fewer persons.
        room.Upload("customers", WaterfallRows.Customers(rows.Take(2_000)));
        Assert.InRange(room.Ask<OverlapResult>(Overlap).Persons - Count([.. rows.Take(2_000)], persons), -20, 20);
        room.Upload("campaign", WaterfallRows.Campaign(persons.Take(2_000)));
        Assert.InRange(
            room.Ask<OverlapResult>(Overlap).Persons - Count([.. rows.Take(2_000)], [.. persons.Take(2_000)]), -20, 20);
    }

    [Fact]
    public void Shards_give_the_same_answers()
    {
        var random = new Random(7);
        var (persons, rows) = (WaterfallRows.Of(random, 3_000, 4_000), WaterfallRows.Of(random, 3_000, 4_000));
        LocalShard[] shards = [new(), new()];
        using var room = new TestRoom(WaterfallRows.Contract(), null, shards: () => shards);
        room.Upload("campaign", WaterfallRows.Campaign(persons));
        room.Upload("customers", WaterfallRows.Customers(rows));
        using var enclave = room.OpenShard();
        Array.ForEach(shards, shard => shard.Enclave = enclave);
        Assert.Equal(Count(rows, persons), room.Ask<OverlapResult>(Overlap).Persons);
        Assert.Contains(room.Service.Describe(room.Agency).Shards, state => state.RangesComputed > 0);
        Assert.All(room.Service.Describe(room.Agency).Shards, state => Assert.Equal(0, state.RangesFailed));
    }

    [Fact]
    public void Deleting_a_data_set_deletes_what_was_matched_of_it()
    {
        var random = new Random(8);
        using var room = Open(WaterfallRows.Of(random, 1_000, 1_200), WaterfallRows.Of(random, 1_000, 1_200));
        room.Ask(Overlap);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(room.FolderOf("state"), "customers"), "*.chunks").Length);
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        Assert.Single(Directory.GetFiles(Path.Combine(room.FolderOf("state"), "customers"), "*.chunks"));
        Assert.Empty(Directory.GetFiles(Path.Combine(room.FolderOf("state"), "campaign")));
        Assert.Equal(RoomReasons.DataMissing.Code, room.Refusal(Sum));
    }

    [Fact]
    public void A_question_without_the_persons_is_refused_free_of_charge()
    {
        const string Visits = """
              - name: visits
                owner: retailer
                identifier: {kind: email, column: email}
                max_rows: 1000
                columns:
                  - {name: times, type: integer, minimum: 0, maximum: 9, filter: true}
            analyses:

            """;
        using var room = new TestRoom(WaterfallRows.Contract(("analyses:\n", Visits)), null);
        Assert.Equal(RoomReasons.PersonsMissing.Code, room.Refusal(Overlap with { DataSets = ["customers", "visits"] }));
        Assert.Equal(RoomReasons.DataMissing.Code, room.Refusal(Overlap with { DataSets = ["campaign", "visits"] }));
    }

    private static TestRoom Open(IEnumerable<WaterfallRow> persons, IEnumerable<WaterfallRow> rows)
    {
        var room = new TestRoom(WaterfallRows.Contract(), null);
        room.Upload("campaign", WaterfallRows.Campaign(persons));
        room.Upload("customers", WaterfallRows.Customers(rows));
        return room;
    }

    private static long Count(IReadOnlyList<WaterfallRow> rows, IReadOnlyList<WaterfallRow> persons) =>
        WaterfallRows.Match(rows, persons).Count(person => person >= 0);

    private sealed class LocalShard : IShard
    {
        public RoomShard? Enclave { get; set; }

        public string Name => "shard";

        public byte[] Run(byte[] request, TimeSpan patience) => Enclave?.Run(request).Value ?? throw new IOException("lost");
    }
}
