using System.IO.Compression;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Tests;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Lift whose arms were assigned by store or household. The references were computed with statsmodels 0.13.5 (CR1, t).</summary>
public sealed class ClusterTests
{
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };

    [Fact]
    public void Stores_that_were_assigned_as_a_whole_raise_no_false_alarm_and_show_no_false_effect()
    {
        var rows = Stores().ToList();
        using var alone = Open(rows, "noise: none", null);
        using var room = Open(rows, "noise: none", "{name: shop, type: integer, minimum: 0, maximum: 149}");
        var (naive, lift) = (alone.Ask<LiftResult>(Lift), room.Ask<LiftResult>(Lift));
        // Person by person, an experiment without any effect seems to have one, and its arms seem to be wrong.
        Assert.Equal(0.0019660697619356855, Result(naive).PValue!.Value, 1e-12);
        Assert.True(naive.SampleRatio.IsMismatch);

        var result = Result(lift);
        Assert.Equal(-0.02466475095785442, result.AbsoluteLift, 1e-12);
        Assert.Equal(0.01934553, result.StandardError, 1e-8);
        Assert.Equal(0.204308286, result.PValue!.Value, 1e-8);
        Assert.Equal(LiftVerdict.NotShown, lift.Outcomes[0].Comparisons[0].Verdict);
        // 63 of 150 stores of equal size: chi-square 24²/150.
        Assert.Equal(3.84, lift.SampleRatio.ChiSquare, 1e-9);
        Assert.False(lift.SampleRatio.IsMismatch);
        Assert.Equal(new LiftClusters("campaign.shop", 150, false, false), lift.Clusters);
    }

    [Fact]
    public void Many_households_are_put_into_groups_and_give_nearly_the_same_error()
    {
        // 4,000 households of one to four persons who behave alike, with codes that have gaps.
        var random = new Random(3);
        var rows = new List<(string Shop, string Arm, string Visit)>();
        for (var household = 0; household < 4_000; household++)
        {
            var (arm, visit) = (random.Next(2) == 0 ? "Treatment" : "Control", random.Next(5) == 0);
            for (var person = 0; person <= household % 4; person++)
            {
                rows.Add(($"{household * 17}", arm, (random.Next(10) == 0 ? !visit : visit) ? "1" : "0"));
            }
        }
        using var room = Open(rows, "noise: none", "{name: shop, type: integer, minimum: 0, maximum: 99999}");
        var lift = room.Ask<LiftResult>(Lift);
        var exact = ExactError(rows);
        Assert.Equal(new LiftClusters("campaign.shop", 64, true, false), lift.Clusters);
        // 128 groups know the error to within some 6 %.
        Assert.InRange(Result(lift).StandardError, 0.8 * exact, 1.2 * exact);
        Assert.False(lift.SampleRatio.IsMismatch);
        var naive = Math.Sqrt(rows.GroupBy(row => row.Arm).Sum(arm =>
            arm.Average(row => int.Parse(row.Visit)) * (1 - arm.Average(row => int.Parse(row.Visit))) / arm.Count()));
        Assert.True(exact > 1.3 * naive);

        using var noisy = Open(rows, "noise: {epsilon: 0.5}", "{name: shop, type: integer, minimum: 0, maximum: 99999}");
        var withNoise = Result(noisy.Ask<LiftResult>(Lift));
        Assert.InRange(withNoise.StandardError, Result(lift).StandardError, 3 * exact);
        Assert.InRange(withNoise.NoiseError!.Value, 1e-9, withNoise.StandardError);
    }

    [Fact]
    public void An_arm_with_a_single_cluster_gets_figures_and_no_verdict()
    {
        var rows = Stores().Where(row => row.Arm == "Control" || row.Shop == Stores().First(each => each.Arm == "Treatment").Shop).ToList();
        using var room = Open(rows, "noise: none", "{name: shop, type: integer, minimum: 0, maximum: 149}");
        var lift = room.Ask<LiftResult>(Lift);
        Assert.True(lift.Clusters!.AreTooFew);
        Assert.Equal(LiftVerdict.Withheld, lift.Outcomes[0].Comparisons[0].Verdict);
    }

    [Fact]
    public void A_person_without_a_cluster_does_not_count()
    {
        var rows = Stores().Select((row, i) => i % 10 == 0 ? row with { Shop = "" } : row).ToList();
        using var room = Open(rows, "noise: none", "{name: shop, type: integer, minimum: 0, maximum: 149}");
        Assert.Equal(rows.Count(row => row.Shop.Length > 0), room.Ask<LiftResult>(Lift).Matched);
    }

    [Theory]
    [InlineData("noise: none")]
    [InlineData("noise: {epsilon: 0.3}")]
    public void Other_questions_about_everybody_are_answered_where_everybody_has_a_cluster(string noise)
    {
        Question[] questions =
        [
            new Question { Kind = QuestionKind.Overlap }, new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm"] }, Lift,
            new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("campaign.arm", "=", ["Control"])] },
        ];
        foreach (var order in new[] { questions, [.. questions.Reverse()] })
        {
            using var room = Open([.. Stores()], noise, "{name: shop, type: integer, minimum: 0, maximum: 149}");
            Assert.All(order, question => Assert.IsNotType<WithheldResult>(room.Ask(question).Body));
        }
    }

    [Fact]
    public void A_single_person_without_a_cluster_is_not_the_difference_of_two_exact_answers()
    {
        var rows = Stores().Select((row, i) => i == 5 ? row with { Shop = "" } : row).ToList();
        using var room = Open(rows, "noise: none", "{name: shop, type: integer, minimum: 0, maximum: 149}");
        Assert.IsType<WithheldResult>(room.Ask(new Question { Kind = QuestionKind.Overlap }).Body);
        Assert.IsType<LiftResult>(room.Ask(Lift).Body);
    }

    [Theory]
    [InlineData("cluster: customers.visit")]
    [InlineData("cluster: campaign.arm")]
    [InlineData("cluster: campaign.exposed")]
    [InlineData("cluster: campaign.nothing")]
    public void Wrong_clusters_are_refused(string cluster)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        ContractReader.Read(
            System.Text.Encoding.UTF8.GetBytes(TestContract.Change(("    population: matched", $"    population: matched\n    {cluster}"))),
            problems);
        Assert.NotEmpty(problems.Items);
    }

    [Theory]
    [InlineData(1.2704, 149, 0.20592230367699513)]
    [InlineData(2.0, 3, 0.1393259685588431)]
    [InlineData(0.5, 1, 0.7048327646991336)]
    [InlineData(12.0, 40, 7.82417130425597e-15)]
    [InlineData(3.3, 12.5, 0.0060288147674148005)]
    public void The_t_distribution_has_its_tails(double t, double degrees, double p)
    {
        Assert.Equal(1, Distributions.StudentTwoSided(t, degrees) / p, 1e-9);
        Assert.Equal(t, Distributions.StudentQuantile(Distributions.StudentTwoSided(t, degrees), degrees), 1e-6);
    }

    private static Comparison Result(LiftResult lift) => lift.Outcomes[0].Comparisons[0].Result;

    // An experiment without any effect: 150 stores of 80 persons, whose visits go together.
    private static IEnumerable<(string Shop, string Arm, string Visit)> Stores()
    {
        var (campaign, customers) = (ReadCase("cluster_campaign.csv.gz"), ReadCase("cluster_customers.csv.gz"));
        return campaign.Where(row => customers.ContainsKey(row.Key) && row.Key[0] == 'K')
            .Select(row => ($"{int.Parse(row.Key[1..]) / 80}", row.Value, customers[row.Key]));
    }

    private static Dictionary<string, string> ReadCase(string name)
    {
        using var file = new GZipStream(
            File.OpenRead(Repository.File("tests", "vectors", "clean-room", name)), CompressionMode.Decompress);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Trim().Split(',')).ToDictionary(cells => cells[0], cells => cells[1]);
    }

    private static double ExactError(List<(string Shop, string Arm, string Visit)> rows) =>
        Math.Sqrt(rows.GroupBy(row => row.Arm).Sum(arm =>
    {
        var mean = arm.Average(row => int.Parse(row.Visit));
        return arm.GroupBy(row => row.Shop).Sum(shop => Math.Pow(shop.Sum(row => int.Parse(row.Visit) - mean), 2))
            / Math.Pow(arm.Count(), 2);
    }));

    private static TestRoom Open(List<(string Shop, string Arm, string Visit)> rows, string noise, string? cluster)
    {
        var room = new TestRoom(
            TestContract.Read(
                ("values: [Red, Blue, None]", "values: [Treatment, Control]"), ("control: None", "control: Control"),
                ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.visit]"),
                ("{name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}",
                    cluster ?? "{name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}"),
                ("    population: matched", cluster is null
                    ? "    population: matched"
                    : "    population: matched\n    cluster: campaign.shop"),
                ("max_rows: 4000", "max_rows: 20000"), ("max_rows: 5000", "max_rows: 20000"), ("noise: none", noise)),
            1);
        room.Upload("campaign", $"email,arm,exposed,{(cluster is null ? "score" : "shop")}\n" + string.Concat(rows.Select((row, i) =>
            $"p{i}@example.com,{row.Arm},1,{row.Shop}\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"a{i}@example.com,Control,1,0\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n" + string.Concat(rows.Select((row, i) =>
            $"p{i}@example.com,North,{row.Visit},1,30\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"b{i}@example.com,North,0,1,30\n")));
        return room;
    }
}
