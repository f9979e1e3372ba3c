using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Data.Linking;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>Attacks on a match by several identifiers, by members who write the rows of their own data set as they like.</summary>
public sealed class WaterfallAttackTests
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    [Fact]
    public void Renaming_all_persons_does_not_hide_that_one_is_missing()
    {
        // The same 500 persons, first known by mail, then by phone; and the second time without the target.
        List<WaterfallRow> persons = [.. Enumerable.Range(0, 500).Select(i =>
            new WaterfallRow($"p{i}@x.org", $"+49151{3_000_000 + i}", "", "", "", "", i))];
        var strangers = Enumerable.Range(600, 300).Select(i => new WaterfallRow($"p{i}@x.org", "", "", "", "", "", i)).ToList();
        var (byMail, byPhone) = (persons.Select(row => row with { Phone = "" }), persons.Skip(1).Select(row => row with { Email = "" }));

        // A naive guard compares the identifiers of both answers: they have nothing in common, so the difference looks large.
        Assert.Empty(byMail.Select(row => row.Keys.First(key => key.Length > 0))
            .Intersect(byPhone.Select(row => row.Keys.First(key => key.Length > 0))));

        using var room = new TestRoom(WaterfallRows.Contract(), null);
        room.Upload("customers", WaterfallRows.Customers([.. persons, .. strangers]));
        room.Upload("campaign", WaterfallRows.Campaign([.. byMail, .. Strangers()]));
        Assert.Equal(500, room.Ask<OverlapResult>(Overlap).Persons);
        var refused = room.TryUpload("campaign", WaterfallRows.Campaign([.. byPhone, .. Strangers()]));
        Assert.Equal(RoomReasons.PersonsFixed.Code, refused.Refusal!.Code);
        // Deleting it first does not help.
        Assert.Null(room.Service.DataSets.Delete(room.Agency, "campaign").Refusal);
        refused = room.TryUpload("campaign", WaterfallRows.Campaign([.. byPhone, .. Strangers()]));
        Assert.Equal(RoomReasons.PersonsFixed.Code, refused.Refusal!.Code);

        static IEnumerable<WaterfallRow> Strangers() =>
            Enumerable.Range(900, 300).Select(i => new WaterfallRow($"p{i}@x.org", "", "", "", "", "", i));
    }

    [Fact]
    public void Other_identifiers_in_the_other_data_set_do_not_hide_it_either()
    {
        List<WaterfallRow> persons = [.. Enumerable.Range(0, 800).Select(i =>
            new WaterfallRow($"p{i}@x.org", $"+49151{3_000_000 + i}", "", "", "", "", i))];
        List<WaterfallRow> others = [.. Enumerable.Range(900, 300).Select(i => new WaterfallRow($"p{i}@x.org", "", "", "", "", "", i))];
        using var room = new TestRoom(WaterfallRows.Contract(), null);
        room.Upload("campaign", WaterfallRows.Campaign(persons));
        room.Upload("customers", WaterfallRows.Customers([.. persons.Take(500).Select(row => row with { Phone = "" }), .. others]));
        Assert.Equal(500, room.Ask<OverlapResult>(Overlap).Persons);
        room.Upload(
            "customers", WaterfallRows.Customers([.. persons.Take(500).Skip(1).Select(row => row with { Email = "" }), .. others]));
        Assert.Equal("below-minimum-audience", room.Refusal(Overlap));
    }

    [Fact]
    public void Rows_of_one_identifier_are_found_whoever_prepared_them()
    {
        var contract = WaterfallRows.Contract();
        var layout = RoomLayout.For(contract);
        var linker = new IdentityLinker(contract, layout, new byte[32], 1 << 26);
        using var folder = new TemporaryFolder();
        var random = new Random(9);
        var honest = new MemorySource(
            contract.FindDataSet("customers")!.Keyed(),
            TestRows.Prepare(contract, "customers", WaterfallRows.Customers(WaterfallRows.Of(random, 2_000, 2_500))));
        Assert.False(linker.HasRepeated(honest, folder.File("scratch")));
        foreach (var (pass, copies) in new[] { (0, 2), (1, 2), (2, 2), (1, 1_900) })
        {
            Assert.True(linker.HasRepeated(Repeating(contract, layout, pass, copies), folder.File("scratch")), $"{pass} {copies}");
        }
    }

    [Fact]
    public void One_person_changes_no_more_figures_than_the_noise_covers()
    {
        var random = new Random(10);
        var (most, mostInCells) = (0, 0);
        for (var round = 0; round < 3_000; round++)
        {
            // Few different identifiers, so that rows take each other's place again and again.
            WaterfallRow Row(int i) => new(
                random.Next(3) == 0 ? "" : $"m{random.Next(9)}", random.Next(3) == 0 ? "" : $"t{random.Next(9)}", "a",
                random.Next(3) == 0 ? "" : $"n{random.Next(9)}", "b", "", i);
            List<WaterfallRow> persons = [.. Enumerable.Range(0, 9).Select(Row)], rows = [.. Enumerable.Range(0, 9).Select(Row)];
            persons = Distinct(persons);
            rows = Distinct(rows);
            var before = WaterfallRows.Match(rows, persons);
            var after = WaterfallRows.Match([.. rows.Skip(1)], [.. persons.Skip(1)]);
            // By person, the row that is matched with them; the first row and the first person are those of the removed one.
            List<int> matchedBefore = [.. Enumerable.Range(1, persons.Count - 1).Select(person => Array.IndexOf(before, person))];
            List<int> matchedAfter = [.. Enumerable.Range(1, persons.Count - 1)
                .Select(person => Array.IndexOf(after, person - 1) is var row && row < 0
                ? -1 : row + 1)];
            // Each row is a cell of its own: the worst crosstab.
            mostInCells = Math.Max(mostInCells, 1 + matchedBefore.Zip(matchedAfter, (one, two) => one == two ? 0
                : (one < 0 ? 0 : 1) + (two < 0 ? 0 : 1)).Sum());
            most = Math.Max(most, 1 + matchedBefore.Zip(matchedAfter, (one, two) => one != two).Count(differs => differs));
        }
        // Naive noise for one person would not cover it.
        const int displaced = 3;
        Assert.InRange(most, 2, 1 + displaced);
        // Noise for as many persons would not cover those who move from one cell to another.
        Assert.InRange(mostInCells, most + 1, WaterfallRows.Contract().Privacy.Influence);
    }

    // Each identifier once in a data set, as its upload is checked for.
    private static List<WaterfallRow> Distinct(List<WaterfallRow> rows)
    {
        var (mails, phones, names) = (new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        return [.. rows.Select(row => row with
        {
            Email = mails.Add(row.Email) ? row.Email : "",
            Phone = phones.Add(row.Phone) ? row.Phone : "",
            Last = names.Add(row.Last) ? row.Last : "",
        })];
    }

    // A client of an attacker writes the identifier of one pass into several rows.
    private static MemorySource Repeating(CleanRoom.Contract.RoomContract contract, RoomLayout layout, int pass, int copies)
    {
        var dataSet = contract.FindDataSet("customers")!.Keyed();
        var plain = contract.FindDataSet("customers")!.Columns.Count;
        var writer = new GroupWriter(layout, dataSet);
        var rows = Enumerable.Range(1, 2_000).Select(i => Identifiers.Tag(new byte[32], CleanRoom.Contract.IdentifierKind.Email, $"{i}"))
            .Order().ToList();
        var groups = new List<byte[]>();
        var number = 0;
        for (var group = 0; group < layout.GroupCount; group++)
        {
            writer.Begin(group);
            for (var lane = 0; lane < RoomLayout.BucketsPerGroup; lane++)
            {
                var slot = 0;
                foreach (var tag in rows.Where(tag => layout.BucketOf(tag.High) == (group * RoomLayout.BucketsPerGroup) + lane))
                {
                    var codes = new uint[dataSet.Columns.Count];
                    var key = number < copies ? 5u : (uint)(1_000 + number);
                    (codes[plain + (2 * pass)], codes[plain + (2 * pass) + 1]) = (key, 77);
                    writer.Write(lane, slot++, tag, codes);
                    number++;
                }
            }
            groups.Add(writer.Plaintext.ToArray());
        }
        return new MemorySource(dataSet, groups);
    }
}
