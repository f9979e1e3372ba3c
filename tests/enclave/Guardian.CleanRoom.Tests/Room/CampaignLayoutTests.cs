using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>The layouts that ordinary campaigns have: buyers among customers, and mailings to one's own customers.</summary>
public sealed class CampaignLayoutTests
{
    private const string Orders = """
          - name: orders
            owner: retailer
            identifier: {kind: email, column: mail}
            max_rows: 5000
            within: customers
            columns:
              - {name: amount, type: decimal, places: 2, minimum: 0, maximum: 400, sum: true, filter: true}
        analyses:
          sum: true

        """;

    private static readonly (string, string)[] Nested =
    [
        ("analyses:\n", Orders), ("outcomes: [customers.visit, customers.spend]", "outcomes: [orders.amount]"),
        ("population: matched", "population: assigned"),
    ];

    private static readonly string[] Everybody = [.. Enumerable.Range(0, 4_000).Select(i => $"p{i}@x.org")];

    // 3,500 persons are assigned, and 3,500 are customers; 3,000 are both. Of the customers, every third buys.
    private static readonly string Campaign = CampaignOf(Everybody.Take(3_500));

    private static readonly string Customers = CustomersOf(Everybody.Skip(500));

    private static readonly string Buyers = "mail,amount\n"
        + string.Concat(Everybody.Skip(500).Where((_, i) => i % 3 == 0).Select((mail, i) => $"{mail},{10 + (i % 50)}\n"));

    [Fact]
    public void Buyers_among_customers_are_the_same_persons_in_any_words()
    {
        using var room = OpenNested();
        var overlap = new Question { Kind = QuestionKind.Overlap };
        Assert.Equal(1_000, room.Ask<OverlapResult>(overlap).Persons);
        Assert.Equal(1_000, room.Ask<OverlapResult>(overlap with { DataSets = ["campaign", "orders"] }).Persons);
        Assert.Equal(1_000, room.Ask<SumResult>(
            new Question { Kind = QuestionKind.Sum, Column = "orders.amount", DataSets = ["campaign", "orders"] }).Persons);
        Assert.Equal(3_500, room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift }).Arms.Sum(arm => arm.Persons));
        // A condition on the customers makes another set, which must differ enough.
        Assert.Equal(500, room.Ask<OverlapResult>(overlap with { Where = [new Predicate("customers.region", "=", ["North"])] }).Persons);
    }

    [Fact]
    public void The_same_question_costs_once_in_either_words()
    {
        using var room = OpenNested(("noise: none", "noise: {epsilon: 0.5}"));
        var all = room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap });
        var two = room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap, DataSets = ["orders", "campaign"] });
        Assert.Equal(all.Persons, two.Persons);
        Assert.Equal(0.5m, room.Service.Questions.ReadBudget().DataSets.Single(each => each.Name == "orders").Spent);
    }

    [Fact]
    public void An_upload_that_breaks_a_declared_inclusion_is_refused_and_changes_nothing()
    {
        using var room = OpenNested();
        var refused = room.TryUpload("orders", Buyers + "stranger@x.org,10\nother@x.org,10\n");
        Assert.Equal("not-within", refused.Refusal!.Code);
        Assert.StartsWith("2 persons of 'orders'", refused.Refusal.Detail, StringComparison.Ordinal);
        Assert.Equal("not-within", room.TryUpload("customers", CustomersOf(Everybody.Skip(510))).Refusal!.Code);
        Assert.Equal(1_000, room.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap }).Persons);
    }

    [Fact]
    public void No_other_question_blocks_the_agreed_measurement()
    {
        // Without the inclusion, all three data sets have the persons of two, in words that nobody can tell to be equal.
        using var room = OpenNested(("    within: customers\n", ""));
        Assert.Equal("below-minimum-audience", room.Refusal(new Question { Kind = QuestionKind.Overlap }));
        Assert.Equal(3_500, room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift }).Arms.Sum(arm => arm.Persons));
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("membership: known", "", false)]
    [InlineData("", "membership: known", false)]
    [InlineData("membership: known", "membership: known", false)]
    public void A_mailing_to_ones_own_customers_is_measured_when_all_agree_that_membership_is_known(
        string campaign, string customers, bool isWithheld)
    {
        var changes = new List<(string, string)>();
        void Declare(string owner, string word) => changes.Add((
            $"    owner: {owner}\n    identifier",
            $"    owner: {owner}\n    {(word.Length == 0 ? "membership: secret" : word)}\n    identifier"));
        Declare("agency", campaign);
        Declare("retailer", customers);
        using var room = new TestRoom([.. changes]);
        room.Upload("campaign", CampaignOf(Everybody));
        room.Upload("customers", CustomersOf(Everybody));
        var lift = new Question { Kind = QuestionKind.Lift };
        if (isWithheld)
        {
            Assert.Equal("below-minimum-audience", room.Refusal(lift));
        }
        else
        {
            Assert.Equal(4_000, room.Ask<LiftResult>(lift).Arms.Sum(arm => arm.Persons));
        }
    }

    [Theory]
    [InlineData("within: customers", "within: campaign")]
    [InlineData("within: customers", "within: nothing")]
    [InlineData("within: customers", "within: orders")]
    [InlineData("within: customers", "membership: perhaps")]
    [InlineData("within: customers", "budget: reset")]
    public void Wrong_declarations_are_refused(string before, string after)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        ContractReader.Read(System.Text.Encoding.UTF8.GetBytes(TestContract.Change([.. Nested, (before, after)])), problems);
        Assert.NotEmpty(problems.Items);
    }

    [Fact]
    public void A_renamed_data_set_keeps_what_was_spent_and_a_reset_is_a_line_of_the_contract()
    {
        var before = TestContract.Read();
        var spent = new Dictionary<string, decimal> { ["campaign"] = 1.5m, ["customers"] = 4.5m };
        decimal Inherited(string name, params (string, string)[] changes) =>
            BudgetHeir.Inherit(SuccessionContracts.Next(before, changes), before, spent).GetValueOrDefault(name);
        (string, string)[] renamed =
        [
            ("  - name: customers\n", "  - name: people\n"), ("[customers.visit, customers.spend]", "[people.visit, people.spend]"),
        ];
        Assert.Equal(4.5m, Inherited("people", renamed));
        Assert.Equal(1.5m, Inherited("campaign", renamed));
        Assert.Equal(0m, Inherited("people", [.. renamed, ("    owner: retailer\n", "    owner: retailer\n    budget: reset\n")]));
        // Names that change places change nothing, nor does a second data set of the owner.
        Assert.Equal(4.5m, Inherited("orders", Nested));
        // An owner who returns under another name is not a new one.
        var member = Guardian.Attestation.Identity.IdentityKey.Create();
        (string, string)[] left =
        [
            ("  - {name: retailer, key: " + TestContract.RetailerKey.PublicKey + "}", "  - {name: store, key: " + member.PublicKey + "}"),
            ("owner: retailer", "owner: store"), ("pay: [retailer]", "pay: [store]"),
        ];
        Assert.Equal(4.5m, Inherited("customers", left));
        Assert.Equal(1.5m, Inherited("campaign", left));
        // The same persons by another kind of identifier, or in the hands of another owner, are no new persons.
        Assert.Equal(4.5m, Inherited("customers", ("kind: email", "kind: customer_id")));
        Assert.Equal(4.5m, Inherited("customers", ("owner: retailer", "owner: agency")));
    }

    [Fact]
    public void A_later_contract_says_that_the_guard_begins_anew()
    {
        var problems = new Guardian.Documents.DocumentProblems();
        var text = TestContract.Change(("version: 1\n", $"version: 2\nprevious: {new string('0', 64)}\n"));
        ContractReader.Read(System.Text.Encoding.UTF8.GetBytes(text), problems);
        Assert.Contains("guard: reset", Assert.Single(problems.Items).ToString(), StringComparison.Ordinal);
    }

    private static TestRoom OpenNested(params (string, string)[] changes)
    {
        var room = new TestRoom([.. Nested, .. changes]);
        room.Upload("campaign", Campaign);
        room.Upload("customers", Customers);
        room.Upload("orders", Buyers);
        return room;
    }

    private static string CampaignOf(IEnumerable<string> mails) => "email,arm,exposed,score\n"
        + string.Concat(mails.Select((mail, i) => $"{mail},{new[] { "Red", "Blue", "None" }[i % 3]},1,{i}\n"));

    private static string CustomersOf(IEnumerable<string> mails) => "mail,region,visit,spend,age\n"
        + string.Concat(mails.Select((mail, i) => $"{mail},{(i % 2 == 0 ? "North" : "South")},1,5,30\n"));
}
