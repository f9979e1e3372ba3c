using System.Text;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Statistics;
using Guardian.Cli.Output;
using Guardian.Cli.Reports;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Tests;

/// <summary>The figures of answers as CSV, and reports with segments, ratios and several looks.</summary>
public sealed class AnswerCsvTests
{
    private static readonly Interval Range = new(0.01, 0.03);

    [Fact]
    public void A_table_has_its_cells_and_a_withheld_one_is_empty()
    {
        var crosstab = new CrosstabResult(
            ["a.arm", "b.city"],
            [new CrosstabCell(["Red, \"big\"", "=1+1"], 1234), new CrosstabCell(["None", "Köln"], null)], 1);
        Assert.Equal("a.arm,b.city,persons\r\n\"Red, \"\"big\"\"\",'=1+1,1234\r\nNone,Köln,\r\n", Write(crosstab));
        Assert.Equal("persons\r\n5\r\n", Write(new OverlapResult(5)));
        Assert.Equal("contacts,or_more,persons\r\n0,0,7\r\n1,1,\r\n", Write(new ReachResult(
            "a.b", 9, 8, [new FrequencyClass(0, false, 7), new FrequencyClass(1, true, null)], null)));
        Assert.Equal("", Write(new WithheldResult("below-minimum-audience", "d")));
    }

    [Fact]
    public void Lift_has_a_row_for_each_comparison_of_each_segment()
    {
        var lines = Write(Segmented()).Split("\r\n");
        Assert.Equal(24, lines[0].Split(',').Length);
        Assert.StartsWith("North,b.visit,Red,400,500,0.5,0.48,0.02,0.01,0.03,0.04,0.01,0.03,0.001,0.002,raised,8,", lines[1],
            StringComparison.Ordinal);
        Assert.Equal(24, lines[1].Split(',').Length);
        Assert.Equal("South" + new string(',', 23), lines[2]);
    }

    [Fact]
    public void Reports_show_segments_ratios_looks_and_what_is_withheld()
    {
        var lift = Lift();
        var page = LiftSection.Write(lift, null);
        Assert.Contains("every look", page, StringComparison.Ordinal);
        Assert.Contains("basket: withheld, because too few persons", page, StringComparison.Ordinal);
        var people = new StringWriter();
        LiftView.Show(new TextOutput(people, null), lift);
        Assert.Contains("basket: withheld, because too few persons", people.ToString(), StringComparison.Ordinal);
        Assert.Contains("at every look", people.ToString(), StringComparison.Ordinal);
        var segments = SegmentSection.Write(Segmented(), 100);
        Assert.Contains("South: withheld", segments, StringComparison.Ordinal);
        Assert.Contains("North", SegmentSection.WriteLead(Segmented()), StringComparison.Ordinal);
        people = new StringWriter();
        SegmentView.Show(new TextOutput(people, null), Segmented(), 100);
        // Terminal and page say the same.
        foreach (var note in new[] { SegmentView.DescribeJudgement(Segmented()), SegmentView.DescribeSampleRatio(Segmented()) })
        {
            Assert.Contains(note, people.ToString(), StringComparison.Ordinal);
            Assert.Contains(Html.Encode(note), segments, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_column_has_its_label_and_unit_for_people()
    {
        var contract = LiftForecastTests.Read((
            "{name: spend, type: decimal,", "{name: spend, label: Umsatz, unit: EUR, type: decimal,"));
        Assert.Equal("Umsatz (EUR)", AnswerLabels.NameOf(contract, "customers.spend"));
        Assert.Equal("customers.visit", AnswerLabels.NameOf(contract, "customers.visit"));
        Assert.Equal("basket", AnswerLabels.NameOf(contract, "basket"));
        var answer = new Answer(
            new AnswerProvenance
            {
                Room = "r", ContractHash = "00", ContractVersion = 1, Member = "m", Instant = DateTimeOffset.UnixEpoch,
                Question = new Question { Kind = QuestionKind.Sum }, DataVersions = new Dictionary<string, string>(), MinimumAudience = 1,
                LogHash = "00",
            },
            new SumResult("customers.spend", 7, 1, 1, 1, null));
        Assert.Equal("Umsatz (EUR)", ((SumResult)AnswerLabels.Apply(answer, contract).Body).Column);
    }

    private static string Write(AnswerBody body) => Encoding.UTF8.GetString(AnswerCsv.Write(body));

    private static SegmentedLiftResult Segmented() => new(
        "c.region", 1, new SampleRatio(0.5, 1, 0.5, false), [new LiftSegment("North", Lift()), new LiftSegment("South", null)]);

    private static LiftResult Lift()
    {
        var compared = new Comparison(0.02, 0.005, Range, 4, 0.001, 0.04, Range, 8);
        return new LiftResult(
            "a.arm", "None", LiftPopulation.Matched, 900, [new LiftArm("Red", 400, false, 0.5), new LiftArm("None", 500, true, 0.5)],
            new SampleRatio(0.5, 1, 0.5, false), MultipleTesting.Holm, null, null,
            [
                new LiftOutcome("b.visit", true, [new LiftTotal("Red", 200, 0.5), new LiftTotal("None", 240, 0.48)],
                [
                    new LiftComparison("Red", compared, LiftVerdict.Increase, 0.002, null, null, new SimultaneousIntervals(Range, null),
                        new AlwaysValid(Range, 0.001)),
                ]),
                new LiftOutcome("basket", false, [], [], null, "b.visit"),
            ]);
    }
}
