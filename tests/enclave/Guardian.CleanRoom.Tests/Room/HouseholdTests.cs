using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>A room whose identifier is an address counts households, each once. The guide's contract is the one that is tested.</summary>
public sealed class HouseholdTests
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    [Fact]
    public void A_household_counts_once_however_many_of_its_members_are_in_both_files()
    {
        // Households of one to five members; those from 200 on are customers, under addresses that another system wrote.
        var campaign = Members(0, 500).Select(
            member => $"Am Weiß-Tor {member.House},{10_000 + (member.House % 7)},Red,1,{member.Number}\n");
        var customers = Members(200, 500).Select(member => $"am weisstor {member.House},{10_000 + (member.House % 7)},North,1,50,40\n");
        // Naive: pairs of members at one address.
        var pairs = Members(200, 300).GroupBy(member => member.House).Sum(house => house.Count() * house.Count());
        Assert.True(pairs > 2 * 300, "persons are not households here");
        using var room = Open();
        room.Upload("campaign", "street,postcode,arm,exposed,score\n" + string.Concat(campaign));
        room.Upload("customers", "street,postcode,region,visit,spend,age\n" + string.Concat(customers));
        Assert.Equal(300, room.Ask<OverlapResult>(Overlap).Persons);
    }

    [Fact]
    public void One_more_member_of_a_household_changes_nothing_and_one_more_household_changes_one()
    {
        long Count(IEnumerable<(int House, int Number)> members)
        {
            using var room = Open();
            var rows = members.Select(member => $"Ring {member.House},10115,Red,1,{member.Number}\n").ToList();
            room.Upload("campaign", "street,postcode,arm,exposed,score\n" + string.Concat(rows));
            room.Upload("customers", "street,postcode,region,visit,spend,age\n"
                + string.Concat(Enumerable.Range(0, 400).Select(house => $"Ring {house},10115,North,1,50,40\n")));
            return room.Ask<OverlapResult>(Overlap).Persons;
        }
        // Of the campaign, 100 households are customers and 300 are not.
        var before = Members(0, 100).Concat(Members(1_000, 300)).ToList();
        Assert.Equal(100, Count(before));
        Assert.Equal(100, Count([.. before, (House: 5, Number: 999)]));
        Assert.Equal(101, Count([.. before, .. Members(100, 1)]));
    }

    private static IEnumerable<(int House, int Number)> Members(int first, int houses) =>
        from house in Enumerable.Range(first, houses)
        from number in Enumerable.Range(0, 1 + (house % 5))
        select (house, number);

    // The identifier as docs/how-to/match-persons.md shows it.
    private static TestRoom Open()
    {
        var page = File.ReadAllText(Repository.File("docs", "how-to", "match-persons.md"));
        var start = page.IndexOf("identifier:\n", page.IndexOf("## Count households", StringComparison.Ordinal), StringComparison.Ordinal);
        var identifier = page[start..page.IndexOf("```", start, StringComparison.Ordinal)].TrimEnd()
            .Replace("\n", "\n    ", StringComparison.Ordinal);
        return new TestRoom(
            ("identifier: {kind: email, column: email}", identifier), ("identifier: {kind: email, column: mail}", identifier));
    }
}
