using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Hillstrom's experiment through the whole room: uploads, matching, rules, statistics, a signed answer.</summary>
public sealed class LiftTests
{
    private static readonly Question Lift = new() { Kind = QuestionKind.Lift };

    [Fact]
    public void The_reference_answers_hold_without_noise_cuped_included()
    {
        using var room = Open("noise: none");
        var lift = room.Ask<LiftResult>(Lift);
        Assert.Equal((64_000, false), (lift.Matched, lift.SampleRatio.IsMismatch));
        Near(0.20253125, lift.SampleRatio.ChiSquare);
        var visit = Comparison(lift, "customers.visit", "Mens E-Mail");
        Near(0.076590, visit.Result.AbsoluteLift);
        Near(0.069953, visit.Result.AbsoluteInterval.Lower);
        Near(0.083227, visit.Result.AbsoluteInterval.Upper);
        Near(0.640385, visit.Result.RelativeInterval!.Lower);
        Assert.Equal(9.134195e-05, visit.Cuped!.Theta, 1e-10);
        Near(0.0764111475, visit.Cuped.Result.AbsoluteLift);
        Near(0.0033783605, visit.Cuped.Result.StandardError);
        // By the delta method over the four means, with numpy and a numerical gradient.
        Near(0.7191198354799413, visit.Cuped.Result.RelativeLift!.Value);
        Near(0.6364486032205605, visit.Cuped.Result.RelativeInterval!.Lower);
        Near(0.8017910677393221, visit.Cuped.Result.RelativeInterval.Upper);
        var spend = Comparison(lift, "customers.spend", "Mens E-Mail");
        Near(0.769827, spend.Result.AbsoluteLift);
        Near(0.145247, spend.Result.StandardError);
        Near(0.0012228965, spend.Cuped!.Theta);
        Near(0.7674384994, spend.Cuped.Result.AbsoluteLift);
        Near(0.1452150422, spend.Cuped.Result.StandardError);
        Near(0.5408962255244558, spend.Cuped.Result.RelativeInterval!.Lower);
        Near(1.8060689544427124, spend.Cuped.Result.RelativeInterval.Upper);
        Near(0.424412, Comparison(lift, "customers.spend", "Womens E-Mail").Result.AbsoluteLift);
        Near(0.003111, Comparison(lift, "customers.conversion", "Womens E-Mail").Result.AbsoluteLift);
        Near(0.596796, Comparison(lift, "customers.spend", "any treatment").Result.AbsoluteLift);
        Assert.All(
            lift.Outcomes.SelectMany(outcome => outcome.Comparisons), comparison => Assert.Equal(LiftVerdict.Increase, comparison.Verdict));
        // Half of the mailed persons were reached, and nobody of control.
        Assert.Equal(HillstromRows.Read().Count(row => row.Arm == "Mens E-Mail" && row.Number % 2 == 1), lift.Arms[0].Exposed);
        Near(visit.Result.AbsoluteLift / ((double)lift.Arms[0].Exposed!.Value / lift.Arms[0].Persons), visit.Exposed!.Effect);
        Assert.Equal(0, visit.Exposed.ControlShare);
    }

    [Fact]
    public void With_noise_the_figures_are_near_and_the_intervals_wider()
    {
        using var exact = Open("noise: none");
        using var noisy = Open("noise: {epsilon: 0.5}");
        var (plain, lift) = (exact.Ask<LiftResult>(Lift), noisy.Ask<LiftResult>(Lift));
        Assert.NotEqual(plain.Arms.Select(arm => arm.Persons), lift.Arms.Select(arm => arm.Persons));
        foreach (var (one, other) in plain.Outcomes.SelectMany(outcome => outcome.Comparisons)
            .Zip(lift.Outcomes.SelectMany(outcome => outcome.Comparisons)))
        {
            Assert.True(other.Result.StandardError > one.Result.StandardError);
            Assert.InRange(other.Result.AbsoluteLift, one.Result.AbsoluteLift - (3 * other.Result.StandardError),
                one.Result.AbsoluteLift + (3 * other.Result.StandardError));
            // History explains less than a hundredth here, so it is lost in the noise.
            Assert.True(other.Cuped is null or { VarianceReduction: < 0.01 });
        }
        Assert.Equal(LiftVerdict.Increase, Comparison(lift, "customers.visit", "Mens E-Mail").Verdict);
        // Lift has a price of its own, and the report says how much of each error is noise.
        Assert.Equal((3m, 3m), (noisy.Service.Questions.ReadBudget().DataSets[0].Spent, noisy.Contract.Analyses.Lift!.Epsilon));
        Assert.All(
            lift.Outcomes.SelectMany(outcome => outcome.Comparisons),
            comparison => Assert.InRange(comparison.Result.NoiseError!.Value, 1e-9, comparison.Result.StandardError));
        Assert.All(plain.Outcomes.SelectMany(outcome => outcome.Comparisons), comparison => Assert.Null(comparison.Result.NoiseError));
        Assert.Equal([null, null, 500], lift.Outcomes.Select(outcome => outcome.Cap));
    }

    [Fact]
    public void Arms_of_other_sizes_than_intended_withhold_the_verdict_and_not_the_figures()
    {
        using var room = Open("noise: none", rows => rows.Where(row => row.Arm != "No E-Mail" || row.Number % 10 != 0));
        var lift = room.Ask<LiftResult>(Lift);
        Assert.True(lift.SampleRatio.IsMismatch);
        Assert.All(
            lift.Outcomes.SelectMany(outcome => outcome.Comparisons), comparison => Assert.Equal(LiftVerdict.Withheld, comparison.Verdict));
        Assert.True(Comparison(lift, "customers.visit", "Mens E-Mail").Result.AbsoluteLift > 0.05);
    }

    private static LiftComparison Comparison(LiftResult lift, string outcome, string treatment) =>
        lift.Outcomes.Single(each => each.Column == outcome).Comparisons.Single(each => each.Treatment == treatment);

    private static void Near(double expected, double found) => Assert.Equal(expected, found, 1e-6);

    private static TestRoom Open(string noise, Func<IEnumerable<HillstromRow>, IEnumerable<HillstromRow>>? choose = null)
    {
        var room = new TestRoom(
            TestContract.Read(
                ("max_rows: 4000", "max_rows: 70000"), ("max_rows: 5000", "max_rows: 70000"),
                ("values: [Red, Blue, None], filter: true", "values: [Mens E-Mail, Womens E-Mail, No E-Mail]"),
                ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
                "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 500}"),
                ("{name: visit, type: flag}",
                "{name: visit, type: flag}\n      - {name: conversion, type: flag}\n      - {name: history, type: decimal, places: 2, "
                + "minimum: 0, maximum: 10000}"),
                ("control: None", "control: No E-Mail"),
                ("outcomes: [customers.visit, customers.spend]", "outcomes: [customers.visit, customers.conversion, customers.spend]"),
                ("population: matched", "population: matched\n    exposure: campaign.exposed\n    covariate: customers.history"),
                ("noise: none", noise)),
            seed: 6);
        var rows = (choose ?? (all => all))(HillstromRows.Read()).ToList();
        string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
        // Each side has some persons alone, so that the matched persons are not all persons.
        room.Upload("campaign",
            "email,arm,exposed,score\n"
            + string.Concat(rows.Select(row => $"p{row.Number}@x.org,{row.Arm},{(row.Arm == "No E-Mail" ? 0 : row.Number % 2)},0\n"))
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"a{i}@x.org,,,\n")));
        room.Upload("customers",
            "mail,region,visit,conversion,history,spend,age\n"
            + string.Concat(rows.Select(
            row => $"P{row.Number}@X.org,North,{Text(row.Visit)},{Text(row.Conversion)},{Text(row.History)},{Text(row.Spend)},30\n"))
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"r{i}@x.org,North,0,0,0,0,30\n")));
        return room;
    }
}
