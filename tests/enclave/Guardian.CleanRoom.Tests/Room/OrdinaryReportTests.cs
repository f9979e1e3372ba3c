using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>The series of questions of an ordinary report, in a room without noise, where all answers are examined together.</summary>
public sealed class OrdinaryReportTests
{
    private static readonly string[] Arms = ["Red", "Blue", "None"];
    private static readonly string[] Regions = ["North", "South", "East", "West"];
    private static readonly string[][] Tables =
    [
        ["campaign.arm"], ["customers.region"], ["campaign.exposed"], ["campaign.arm", "customers.region"],
        ["campaign.exposed", "customers.region"], ["campaign.exposed", "campaign.arm"], ["customers.visit"],
        ["customers.visit", "customers.region"], ["customers.visit", "campaign.arm"],
    ];

    [Theory]
    [InlineData(0.0, 1)]
    [InlineData(0.0, 2)]
    [InlineData(0.1, 3)]
    [InlineData(0.1, 4)]
    public void Thirty_questions_of_a_campaign_are_answered_in_any_order_and_exactly(double shareOfEmptyCells, int seed)
    {
        using var room = Open(shareOfEmptyCells, out var matched);
        var random = new Random(seed);
        var questions = Questions().OrderBy(_ => random.Next()).ToList();
        Assert.InRange(questions.Count, 28, 40);
        foreach (var (question, isIn) in questions)
        {
            var body = room.Ask(question).Body;
            if (body is OverlapResult overlap)
            {
                Assert.Equal(matched.Count(isIn), overlap.Persons);
            }
            else if (body is CrosstabResult table)
            {
                Assert.True(table.SuppressedCells == 0, $"{string.Join(',', question.By)} withholds {table.SuppressedCells} cells");
                Assert.All(table.Cells, cell => Assert.Equal(
                    matched.Count(pair => isIn(pair)
                        && question.By.Zip(cell.Values).All(each => ValueOf(pair, each.First) == each.Second)), cell.Persons));
            }
            else
            {
                Assert.False(body is WithheldResult, $"{question.Kind} {string.Join(',', question.Where)} is withheld");
            }
        }
    }

    private static IEnumerable<(Question Question, Func<Pair, bool> IsIn)> Questions()
    {
        foreach (var by in Tables)
        {
            yield return (new Question { Kind = QuestionKind.Crosstab, By = by }, _ => true);
        }
        yield return (new Question { Kind = QuestionKind.Overlap }, _ => true);
        yield return (new Question { Kind = QuestionKind.Sum, Column = "customers.spend" }, _ => true);
        yield return (new Question { Kind = QuestionKind.Lift }, _ => true);
        foreach (var arm in Arms)
        {
            yield return Where(QuestionKind.Overlap, pair => pair.Campaign.Arm == arm, new Predicate("campaign.arm", "=", [arm]));
            yield return Where(QuestionKind.Sum, pair => pair.Campaign.Arm == arm, new Predicate("campaign.arm", "=", [arm]));
        }
        foreach (var region in Regions)
        {
            var named = new Predicate("customers.region", "=", [region]);
            yield return Where(QuestionKind.Overlap, pair => pair.Customer.Region == region, named);
            yield return Where(QuestionKind.Lift, pair => pair.Customer.Region == region, named);
        }
        foreach (var (from, to) in new[] { (0, 29), (30, 59), (60, 120), (0, 59) })
        {
            yield return Where(
                QuestionKind.Overlap, pair => pair.Customer.Age >= from && pair.Customer.Age <= to,
                new Predicate("customers.age", "between", [$"{from}", $"{to}"]));
        }
        var exposed = new Predicate("campaign.exposed", "=", ["1"]);
        yield return Where(
            QuestionKind.Overlap, pair => pair.Campaign.Exposed == true && pair.Customer.Age >= 30, exposed,
            new Predicate("customers.age", ">=", ["30"]));
        yield return Where(QuestionKind.Sum, pair => pair.Campaign.Exposed == true, exposed);
        yield return Where(
            QuestionKind.Overlap, pair => pair.Campaign.Exposed == true || pair.Customer.Region == "North",
            new AnyOf([exposed, new Predicate("customers.region", "=", ["North"])]));
    }

    private static (Question Question, Func<Pair, bool> IsIn) Where(QuestionKind kind, Func<Pair, bool> isIn, params Condition[] where) =>
        (new Question { Kind = kind, Where = where, Column = kind == QuestionKind.Sum ? "customers.spend" : null }, isIn);

    private static TestRoom Open(double shareOfEmptyCells, out List<Pair> matched)
    {
        var random = new Random(23);
        // Large enough that persons whose bits of a sketch collide make no set of empty cells seem too small.
        var (campaign, customers) = (TestRows.Campaign(random, 7_800, 10_400), TestRows.Customers(random, 9_800, 10_400));
        if (shareOfEmptyCells == 0)
        {
            campaign = [.. campaign.Select(row => row with { Arm = row.Arm ?? "Red", Exposed = row.Exposed ?? true })];
            customers =
            [
                .. customers.Select(row => row with { Region = row.Region ?? "East", Visit = row.Visit ?? false, Age = row.Age ?? 50 }),
            ];
        }
        var room = new TestRoom(
            ("{name: visit, type: flag}", "{name: visit, type: flag, filter: true}"),
            ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
                "{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000, sum: true}"),
            ("  overlap: true", "  overlap: true\n  sum: true"),
            ("max_rows: 4000", "max_rows: 8000"), ("max_rows: 5000", "max_rows: 10000"));
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(customers));
        var byMail = customers.ToDictionary(row => row.Email);
        matched = [.. campaign.Where(row => byMail.ContainsKey(row.Email)).Select(row => new Pair(row, byMail[row.Email]))];
        return room;
    }

    private static string? ValueOf(Pair pair, string column) => column switch
    {
        "campaign.arm" => pair.Campaign.Arm,
        "campaign.exposed" => pair.Campaign.Exposed is { } exposed ? (exposed ? "1" : "0") : null,
        "customers.visit" => pair.Customer.Visit is { } visit ? (visit ? "1" : "0") : null,
        _ => pair.Customer.Region,
    };

    private sealed record Pair(CampaignRow Campaign, CustomerRow Customer);
}
