using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// Ratios whose parts are made for one person. In a room without noise, a ratio's error tells the sum of numerator times denominator; if
/// one person alone has both, that is her own secret, although each arm is large.
/// </summary>
public sealed class RatioAttackTests
{
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };

    // The target alone has the flag, or everybody has the flag but the target alone has spent, or many have one of both.
    [Theory]
    [InlineData("flag")]
    [InlineData("spend")]
    [InlineData("both")]
    public void The_error_of_a_ratio_tells_one_persons_spending_only_where_the_parts_are_not_counted(string crafted)
    {
        var rows = Rows(crafted);
        Assert.Equal(777, Invert(rows), 1e-6);
        using var room = Open(rows);
        var lift = room.Ask<LiftResult>(Lift);
        // The outcomes themselves are what the members agreed to see; the ratio is not shown.
        Assert.NotEmpty(lift.Outcomes[0].Comparisons);
        Assert.Equal((0, 0), (lift.Outcomes[2].Comparisons.Count, lift.Outcomes[2].Totals.Count));
    }

    [Fact]
    public void A_ratio_of_enough_persons_is_shown()
    {
        using var room = Open(Rows("none"));
        Assert.NotEmpty(room.Ask<LiftResult>(Lift).Outcomes[2].Comparisons);
    }

    // A room that gives the ratio with its error, and the outcomes with theirs: the delta method, solved for the products.
    private static double Invert(List<(string Arm, int Flag, int Spend)> rows)
    {
        var arm = rows.Where(row => row.Arm == "Red").ToList();
        double persons = arm.Count;
        var (n, d) = (arm.Average(row => (double)row.Spend), arm.Average(row => (double)row.Flag));
        var ratio = n / d;
        double Variance(Func<(string Arm, int Flag, int Spend), double> value) =>
            arm.Sum(row => Math.Pow(value(row) - arm.Average(value), 2)) / (persons - 1);
        var shownError = Math.Sqrt(Variance(row => row.Spend - (ratio * row.Flag)) / persons) / d;
        var (shownOfSpend, shownOfFlag) = (Math.Sqrt(Variance(row => row.Spend) / persons), Math.Sqrt(Variance(row => row.Flag) / persons));
        var covariance = ((shownOfSpend * shownOfSpend) + (ratio * ratio * shownOfFlag * shownOfFlag) - Math.Pow(shownError * d, 2))
            * persons / (2 * ratio);
        return (covariance * (persons - 1)) + (persons * n * d);
    }

    private static List<(string Arm, int Flag, int Spend)> Rows(string crafted) =>
    [
        .. Enumerable.Range(0, 800).Select(i => (i % 2 == 0 ? "Red" : "None", crafted switch
        {
            "flag" => i == 0 ? 1 : 0,
            "spend" => 1,
            "both" => i == 0 || i % 4 >= 2 ? 1 : 0,
            _ => i % 3 == 0 ? 1 : 0,
        }, i == 0 ? 777 : crafted switch
        {
            "flag" => 5,
            "spend" => 0,
            "both" => i % 4 >= 2 ? 0 : 5,
            _ => 5,
        })),
    ];

    private static TestRoom Open(List<(string Arm, int Flag, int Spend)> rows)
    {
        var room = new TestRoom(
            ("values: [Red, Blue, None]", "values: [Red, None]"), ("minimum: -50", "minimum: 0"),
            ("    population: matched", "    population: matched\n    ratios: {each: customers.spend / customers.visit}"));
        room.Upload("campaign", "email,arm,exposed,score\n"
            + string.Concat(rows.Select((row, i) => $"p{i}@example.com,{row.Arm},1,1\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"a{i}@example.com,None,1,1\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n"
            + string.Concat(rows.Select((row, i) => $"p{i}@example.com,North,{row.Flag},{row.Spend},30\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"b{i}@example.com,North,1,5,30\n")));
        return room;
    }
}
