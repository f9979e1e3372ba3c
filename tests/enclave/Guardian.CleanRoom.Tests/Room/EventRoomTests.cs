using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Impressions of one partner and sales of another, through the whole room, against plain computation over the events.</summary>
public class EventRoomTests
{
    [Fact]
    public void Reach_sums_and_lift_are_those_of_the_events()
    {
        var random = new Random(5);
        var sales = EventRows.Sales(random, 3_000, 9_000);
        // Everyone is assigned; most of the treated see the ad at least once; some views lie outside the window.
        var impressions = Enumerable.Range(500, 3_000).SelectMany(person => Enumerable.Range(0, 1 + random.Next(4)).Select(_ => (
            Email: $"p{person}@x.org", Arm: person % 2 == 0 ? "Ad" : "None",
            Type: person % 2 == 0 && random.Next(3) > 0 ? "view" : "control",
            At: new DateTime(2026, 2, 26).AddMinutes(random.Next(40_000))))).ToList();
        using var room = new TestRoom(EventRows.Read(), null);
        room.Upload("campaign", "user,shown_at,type,arm\n" + string.Concat(impressions.Select(each =>
            $"{each.Email},{each.At.ToString("s", CultureInfo.InvariantCulture)}Z,{each.Type},{each.Arm}\n")));
        room.Upload("customers", EventRows.Csv(sales));

        var bought = sales.GroupBy(sale => sale.Email).ToDictionary(person => person.Key, EventRows.Fold);
        var seen = impressions.GroupBy(each => each.Email).Where(person => bought.ContainsKey(person.Key)).Select(person =>
        {
            var counted = person.Where(each => each.At >= new DateTime(2026, 3, 1)).ToList();
            var views = counted.Count(each => each.Type == "view");
            return (Email: person.Key, Arm: counted.Count > 0 ? counted[0].Arm : null, Views: Math.Min(views, 5));
        }).ToList();

        var reach = room.Ask<ReachResult>(new Question { Kind = QuestionKind.Reach });
        Assert.Equal(
            Enumerable.Range(0, 5).Select(times => (long?)seen.Count(person => Math.Min(person.Views, 4) == times)),
            reach.Frequencies.Select(each => each.Persons));

        var condition = ConditionText.TryRead("customers.days >= 2 and customers.last >= 2026-03-20", out _)!;
        var overlap = room.Ask(new Question { Kind = QuestionKind.Overlap, Where = [condition] });
        var expected = seen.Select(person => bought[person.Email]).Count(columns =>
            int.Parse(columns[3], CultureInfo.InvariantCulture) >= 2 && string.CompareOrdinal(columns[5], "2026-03-20") >= 0);
        Assert.Equal(expected, ((OverlapResult)overlap.Body).Persons);

        var lift = room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift });
        double Mean(string arm) => seen.Where(person => person.Arm == arm)
            .Average(person => double.Parse(bought[person.Email][1], CultureInfo.InvariantCulture));
        var comparison = lift.Outcomes.Single().Comparisons.Single(each => each.Treatment == "Ad");
        Assert.Equal(Mean("Ad") - Mean("None"), comparison.Result.AbsoluteLift, 1e-9);
        Assert.Equal(seen.Count(person => person.Arm == "Ad"), lift.Arms[0].Persons);
        Assert.Equal(seen.Count(person => person.Arm == "Ad" && person.Views > 0), lift.Arms[0].Exposed);
        Assert.NotNull(comparison.Cuped);
    }
}
