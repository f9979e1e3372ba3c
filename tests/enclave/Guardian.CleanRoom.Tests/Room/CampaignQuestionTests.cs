using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Questions that campaigns ask: lift by attributes of a third data set, and budgets that members share.</summary>
public sealed class CampaignQuestionTests
{
    // Everybody in the campaign is assigned; most are customers; some customers have orders.
    private static readonly List<(int Person, string Arm, string Region, bool IsCustomer, int Orders)> Persons =
    [
        .. Enumerable.Range(0, 3_000).Select(i => (
            i, i % 2 == 0 ? "Red" : "None", i % 3 == 0 ? "North" : "South", i % 10 != 0, i % 10 != 0 && i % 4 < 2 ? 1 + (i % 5) : 0)),
    ];

    [Theory]
    [InlineData("assigned")]
    [InlineData("matched")]
    public void Lift_is_narrowed_by_an_attribute_of_a_data_set_that_is_not_in_its_design(string population)
    {
        using var room = OpenWithOrders(population, "noise: none");
        var lift = room.Ask<LiftResult>(new Question
        {
            Kind = QuestionKind.Lift,
            Where = [new Predicate("customers.region", "=", ["North"])],
        });
        var counted = Persons.Where(each => each.IsCustomer && each.Region == "North" && (population == "assigned" || each.Orders > 0))
            .ToList();
        foreach (var arm in lift.Arms)
        {
            Assert.Equal(counted.Count(each => each.Arm == arm.Name), arm.Persons);
            Assert.Equal(
                counted.Where(each => each.Arm == arm.Name).Sum(each => each.Orders),
                lift.Outcomes[0].Totals.Single(total => total.Arm == arm.Name).Sum);
        }
        // A condition over two data sets that are not the outcomes'.
        var either = room.Ask<LiftResult>(new Question
        {
            Kind = QuestionKind.Lift,
            Where = [new AnyOf([new Predicate("customers.region", "=", ["North"]), new Predicate("campaign.exposed", "=", ["1"])])],
        });
        Assert.Equal(
            Persons.Count(
            each => each.IsCustomer && (each.Region == "North" || each.Person < 1_000) && (population == "assigned" || each.Orders > 0)),
            either.Arms.Sum(arm => arm.Persons));
        Assert.Equal("filter-not-before-assignment", room.Refusal(new Question
        {
            Kind = QuestionKind.Lift,
            Where = [new Predicate("orders.number", ">", ["1"])],
        }));
    }

    [Fact]
    public void A_member_who_spent_its_share_is_refused_and_the_forecast_says_so_before()
    {
        using var room = new TestRoom(
            TestContract.Read(
                ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n"),
                ("roles: {query: [agency], receive: [agency]",
                    "roles: {budget: {agency: 0.25}, query: [agency, retailer], receive: [agency, retailer]")),
            1);
        room.Upload("campaign", TestRows.Csv(TestRows.Campaign(new Random(1), 3_000, 4_000)));
        room.Upload("customers", TestRows.Csv(TestRows.Customers(new Random(2), 3_000, 4_000)));
        Question Ask(string region) =>
            new() { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.region", "=", [region])] };
        Assert.IsType<OverlapResult>(room.Ask(Ask("North")).Body);
        Assert.Equal("budget-exhausted", room.Refusal(Ask("South")));
        // The same question stays free, and the other member has its own share.
        Assert.IsType<OverlapResult>(room.Ask(Ask("North")).Body);
        Assert.Null(room.Service.Questions.Ask(room.Retailer, Ask("South")).Refusal);
        room.Reopen();
        Assert.Equal("budget-exhausted", room.Refusal(Ask("East")));
        QuestionForecast Forecast(string member) => QuestionForecast.Of(room.Contract, member, Ask("West"), new PublicFacts(
            room.Service.Describe(room.Agency), room.Service.Questions.ReadBudget(), room.Service.ReadLog()));
        Assert.Equal(("budget-exhausted", (string?)null), (Forecast("agency").Refusal, Forecast("retailer").Refusal));
    }

    private static TestRoom OpenWithOrders(string population, string noise)
    {
        var room = new TestRoom(
            ("analyses:\n", "  - name: orders\n    owner: retailer\n    within: customers\n    identifier: {kind: email, column: mail}\n"
                + "    max_rows: 5000\n    columns:\n      - {name: number, type: integer, minimum: 0, maximum: 20, filter: true}\n"
                + "analyses:\n"),
            ("outcomes: [customers.visit, customers.spend]", "outcomes: [orders.number]"),
            ("population: matched", $"population: {population}"), ("noise: none", noise),
            ("values: [Red, Blue, None]", "values: [Red, None]"));
        room.Upload("campaign", "email,arm,exposed,score\n" + string.Concat(Persons.Select(each =>
            $"p{each.Person}@example.com,{each.Arm},{(each.Person < 1_000 ? 1 : 0)},1\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n"
            + string.Concat(Persons.Where(each => each.IsCustomer).Select(each => $"p{each.Person}@example.com,{each.Region},1,5,30\n"))
            + string.Concat(Enumerable.Range(0, 200).Select(i => $"other{i}@example.com,North,1,5,30\n")));
        room.Upload("orders", "mail,number\n"
            + string.Concat(Persons.Where(each => each.Orders > 0).Select(each => $"p{each.Person}@example.com,{each.Orders}\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"other{i}@example.com,2\n")));
        return room;
    }
}
