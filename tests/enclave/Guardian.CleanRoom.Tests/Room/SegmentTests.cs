using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Lift by segment. The references were computed with statsmodels 0.13.5 and scipy 1.10.</summary>
public sealed class SegmentTests
{
    private static readonly Question ByRegion = new() { Kind = QuestionKind.Lift, By = ["customers.region"] };

    // Segment, outcome, treatment; difference, interval at 0.05/18, p after Holm's correction over all 18 (multipletests).
    public static TheoryData<string, string, string, double, double, double, double> Known() => new()
    {
        { "Surburban", "visit", "Mens E-Mail", 0.07433718665294288, 0.05957909493613559, 0.08911926045994738, 1.2867573764398527e-49 },
        { "Surburban", "spend", "Mens E-Mail", 0.8038481020589766, 0.11752423735591011, 1.490171966762043, 0.004132044144496009 },
        { "Surburban", "spend", "Womens E-Mail", 0.17717139358051281, -0.38868358906910294, 0.7430263762301286, 0.34896810958957925 },
        { "Rural", "visit", "Womens E-Mail", 0.02909487971097907, 0.0009316235471142596, 0.057207002883624805, 0.012827797899763575 },
        { "Rural", "spend", "any treatment", 0.6363322135016944, -0.1865185671613071, 1.459182994164696, 0.08282859053579482 },
        { "Urban", "visit", "any treatment", 0.0632987586488285, 0.05036517646139874, 0.07583164010507946, 3.3018482817207937e-42 },
        { "Urban", "spend", "Womens E-Mail", 0.6691353348068979, 0.026797395134881552, 1.3114732744789142, 0.012827797899763575 },
    };

    [Fact]
    public void Every_segment_has_the_known_effects_and_all_comparisons_are_judged_together()
    {
        using var room = HillstromRoom.Open();
        var lift = room.Ask<SegmentedLiftResult>(ByRegion);
        Assert.Equal(("customers.region", 18, false), (lift.By, lift.Comparisons, lift.SampleRatio.IsMismatch));
        Assert.Equal(["Surburban", "Rural", "Urban"], lift.Segments.Select(segment => segment.Value));
        foreach (var row in Known())
        {
            var (segment, outcome, treatment, difference, lower, upper, p) = row.Data;
            var found = HillstromRoom.Find(
                lift.Segments.Single(each => each.Value == segment).Lift!, $"customers.{outcome}", treatment);
            Assert.Equal(difference, found.Result.AbsoluteLift, 1e-9);
            Assert.Equal(lower, found.Simultaneous!.Absolute.Lower, 1e-6);
            Assert.Equal(upper, found.Simultaneous.Absolute.Upper, 1e-6);
            Assert.Equal(1, found.AdjustedPValue!.Value / p, 1e-4);
            Assert.Equal(p < 0.05 ? LiftVerdict.Increase : LiftVerdict.NotShown, found.Verdict);
        }
        Assert.Equal(1.3275646371976648, lift.Segments[0].Lift!.SampleRatio.ChiSquare, 1e-9);
        // Nobody is lost, and everybody as one has no such intervals.
        Assert.Equal(64_000, lift.Segments.Sum(segment => segment.Lift!.Matched));
        Assert.Null(room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift }).Outcomes[0].Comparisons[0].Simultaneous);
    }

    [Fact]
    public void All_segments_cost_one_answer_and_the_forecast_says_so()
    {
        using var room = HillstromRoom.OpenWith(HillstromRows.Read().Take(12_000), ("noise: none", "noise: {epsilon: 0.5}"));
        var forecast = QuestionForecast.Of(room.Contract, "agency", ByRegion, new PublicFacts(
            room.Service.Describe(room.Agency), room.Service.Questions.ReadBudget(), room.Service.ReadLog()));
        Assert.Equal(3m, forecast.Price);
        Assert.Contains(forecast.Errors, error => error.Figure == "persons of an arm of a segment");
        var lift = room.Ask<SegmentedLiftResult>(ByRegion);
        Assert.Equal(3m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
        Assert.All(lift.Segments.SelectMany(segment => segment.Lift!.Outcomes).SelectMany(outcome => outcome.Comparisons), comparison =>
        {
            // Nearly all is noise here, so its part is the whole but for rounding.
            Assert.InRange(comparison.Result.NoiseError!.Value, 1e-9, 1.001 * comparison.Result.StandardError);
            Assert.True(comparison.Simultaneous!.Absolute.Upper > comparison.Result.AbsoluteInterval.Upper);
        });
        room.Ask<SegmentedLiftResult>(ByRegion);
        Assert.Equal(3m, room.Service.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void A_person_changes_the_figures_of_one_segment_only()
    {
        // The same noise in both rooms: a person of another region shows nowhere else, so the segments share one price.
        var rows = HillstromRows.Read().Take(6_000).ToList();
        var target = rows.First(row => row is { Zip: "Urban", Spend: > 0 });
        using var with = HillstromRoom.OpenWith(rows, ("noise: none", "noise: {epsilon: 0.5}"));
        using var without = HillstromRoom.OpenWith(rows.Where(row => row != target), ("noise: none", "noise: {epsilon: 0.5}"));
        var (one, other) = (with.Ask<SegmentedLiftResult>(ByRegion), without.Ask<SegmentedLiftResult>(ByRegion));
        foreach (var (left, right) in one.Segments.Zip(other.Segments))
        {
            List<(long, double)> Figures(LiftSegment segment) =>
                [.. segment.Lift!.Arms.Select((arm, index) => (arm.Persons, segment.Lift.Outcomes[1].Totals[index].Sum))];
            Assert.Equal(left.Value != "Urban", Figures(left).SequenceEqual(Figures(right)));
        }
    }

    [Fact]
    public void Segments_are_of_any_data_set_and_count_clusters()
    {
        using var room = HillstromRoom.OpenWith(
            HillstromRows.Read().Take(9_000), ("population: matched", "population: matched\n    cluster: campaign.score"));
        var byFlag = room.Ask<SegmentedLiftResult>(ByRegion with { By = ["campaign.exposed"] });
        Assert.Equal(["0", "1"], byFlag.Segments.Select(segment => segment.Value));
        Assert.Equal(9_000, byFlag.Segments.Sum(segment => segment.Lift!.Matched));
        Assert.All(byFlag.Segments, segment => Assert.Equal(64, segment.Lift!.Clusters!.Groups));
        // The same persons by a condition have the same errors.
        using var other = HillstromRoom.OpenWith(
            HillstromRows.Read().Take(9_000), ("population: matched", "population: matched\n    cluster: campaign.score"));
        var filtered = other.Ask<LiftResult>(new Question
        {
            Kind = QuestionKind.Lift,
            Where = [new Guardian.CleanRoom.Contract.Predicate("campaign.exposed", "=", ["1"])],
        });
        Assert.Equal(
            filtered.Outcomes[1].Comparisons.Select(each => each.Result), byFlag.Segments[1].Lift!.Outcomes[1].Comparisons.Select(
                each => each.Result));
    }

    [Fact]
    public void A_small_segment_is_withheld_and_the_others_are_not()
    {
        var rows = HillstromRows.Read().Take(6_000).ToList();
        var some = rows.Where(row => row.Zip != "Rural").Concat(rows.Where(row => row.Zip == "Rural").Take(30)).ToList();
        using var room = HillstromRoom.OpenWith(some, ("noise: none", "noise: {epsilon: 0.5}"));
        var lift = room.Ask<SegmentedLiftResult>(ByRegion);
        Assert.Equal([false, true, false], lift.Segments.Select(segment => segment.Lift is null));
        Assert.Equal(12, lift.Comparisons);
    }

    [Theory]
    [InlineData("campaign.arm", "filter-not-before-assignment")]
    [InlineData("customers.visit", "filter-not-before-assignment")]
    [InlineData("customers.age", "not-groupable")]
    [InlineData("customers.history", "not-filterable")]
    [InlineData("customers.nothing", "not-filterable")]
    [InlineData("campaign.exposed|customers.region", "bad-crosstab")]
    public void Segments_that_would_mislead_are_refused(string by, string reason)
    {
        using var room = HillstromRoom.OpenWith(HillstromRows.Read().Take(600));
        Assert.Equal(reason, room.Refusal(ByRegion with { By = by.Split('|') }));
    }

    [Fact]
    public void Over_everyone_assigned_no_segment_is_of_the_outcomes_and_too_many_are_refused()
    {
        using var room = HillstromRoom.OpenWith(
            HillstromRows.Read().Take(3_000), ("population: matched", "population: assigned"), ("noise: none", "noise: {epsilon: 0.5}"));
        Assert.Equal("filter-needs-match", room.Refusal(ByRegion));
        Assert.Equal(2, room.Ask<SegmentedLiftResult>(ByRegion with { By = ["campaign.exposed"] }).Segments.Count);
        var values = string.Join(", ", Enumerable.Range(0, 400).Select(i => $"v{i}"));
        var contract = TestContract.Read(("values: [North, South, East, West]", $"values: [{values}]"));
        Assert.Equal("too-many-cells", new QuestionCompiler(contract).Compile(ByRegion).Refusal!.Code);
    }

    [Fact]
    public void A_report_by_segment_is_stored_and_read_again_after_a_restart()
    {
        using var room = HillstromRoom.OpenWith(HillstromRows.Read().Take(6_000));
        var lift = room.Ask<SegmentedLiftResult>(ByRegion);
        room.Reopen();
        var again = room.Ask<SegmentedLiftResult>(ByRegion);
        Assert.Equal(lift.Segments[2].Lift!.Arms, again.Segments[2].Lift!.Arms);
        Assert.Equal("answered", room.Service.Questions.ListAnswers(room.Agency).Value!.Answers.Single().Outcome);
    }
}
