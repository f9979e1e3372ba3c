using System.Text.RegularExpressions;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>The main job as a newcomer runs it, and another program's opinion of its figures.</summary>
[Trait("Starts", "processes")]
public sealed partial class DemoTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_demo_gives_the_published_figures_and_leaves_a_room_to_explore()
    {
        var result = (await GuardianProgram.RunAsync(folder.Path, "demo", "--keep", "kept", "--json")).Ends(0).Json;
        Assert.Equal(64_000, (int)result["overlap"]!["persons"]!);
        var lift = result["lift"]!;
        using var files = new PlainFiles(folder.File("kept"), "agency", "retailer");

        // SQL over the two plain files: what the partners could have computed had they shown each other everything.
        const string matched = "FROM agency JOIN retailer ON LOWER(TRIM(agency.email)) = LOWER(TRIM(retailer.email))";
        Assert.Equal(64_000L, files.Query($"SELECT COUNT(*) {matched}").Single()[0]);
        var arms = files.Query($"SELECT arm, COUNT(*), SUM(visit), SUM(conversion), SUM(spend) {matched} GROUP BY arm");
        Assert.Equal(3, arms.Count);
        foreach (var arm in arms)
        {
            Assert.Equal((long)arm[1], (long)lift["arms"]!.AsArray().Single(each => (string)each!["name"]! == (string)arm[0])!["persons"]!);
            for (var outcome = 0; outcome < 3; outcome++)
            {
                var total = lift["outcomes"]![outcome]!["totals"]!.AsArray().Single(each => (string)each!["arm"]! == (string)arm[0])!;
                Assert.Equal(Convert.ToDouble(arm[outcome + 2]), (double)total["sum"]!, 1e-6);
            }
        }
        var cells = files.Query($"SELECT arm, channel, COUNT(*) {matched} GROUP BY arm, channel");
        Assert.Equal(9, cells.Count);
        Assert.All(cells, cell => Assert.Contains(
            result["crosstab"]!["cells"]!.AsArray(),
            each => (string)each!["values"]![0]! == (string)cell[0] && (string)each["values"]![1]! == (string)cell[1]
            && (long)each["persons"]! == (long)cell[2]));

        // Reference figures published with the data, to the places they are published with.
        AssertLift("customers.visit", "Mens E-Mail", 0.076590, 0.069953, 0.083227, 0.721405, 0.640385, 0.806426);
        AssertLift("customers.conversion", "Womens E-Mail", 0.003111, 0.001502, 0.004745, 0.543313, 0.230105, 0.936269);
        AssertLift("customers.visit", "any treatment", 0.060882, 0.055404, 0.066291, 0.573453, 0.505201, 0.644800);
        AssertLift("customers.spend", "Mens E-Mail", 0.769827, 0.485149, 1.054505, 1.179289, 0.544306, 1.814272);
        AssertLift("customers.spend", "any treatment", 0.596796, 0.376190, 0.817402, 0.914225, 0.398878, 1.429571);
        Assert.Equal(0.20253125, (double)lift["sampleRatio"]!["chiSquare"]!, 1e-6);

        void AssertLift(string column, string treatment, params double[] expected)
        {
            var comparison = lift["outcomes"]!.AsArray().Single(each => (string)each!["column"]! == column)!["comparisons"]!.AsArray()
                .Single(each => (string)each!["treatment"]! == treatment)!["result"]!;
            double[] figures =
            [
                (double)comparison["absoluteLift"]!, (double)comparison["absoluteInterval"]!["lower"]!,
                (double)comparison["absoluteInterval"]!["upper"]!,
                (double)comparison["relativeLift"]!, (double)comparison["relativeInterval"]!["lower"]!,
                (double)comparison["relativeInterval"]!["upper"]!,
            ];
            Assert.Equal(expected, figures.Select(figure => Math.Round(figure, 6)));
        }
    }

    [Fact]
    public async Task The_commands_that_the_demo_prints_work_on_what_it_keeps()
    {
        var shown = (await GuardianProgram.RunAsync(folder.Path, "demo", "--keep", "kept")).Ends(0);
        Assert.Contains("SIMULATED", shown.Output, StringComparison.Ordinal);
        var commands = Command().Matches(shown.Output).Select(match => Shell.Split(match.Groups[1].Value)).ToList();
        Assert.Equal(["room check", "room verify", "cas start", "room start", "room ask"],
            commands.Select(command => string.Join(' ', command.Take(2))));
        await Shell.RunAllAsync(folder.Path, commands);
        (await GuardianProgram.RunAsync(folder.Path, "demo", "--keep", "kept")).Ends(2).Says("kept");
    }

    [GeneratedRegex(@"^\s+\./guardian (.+)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
