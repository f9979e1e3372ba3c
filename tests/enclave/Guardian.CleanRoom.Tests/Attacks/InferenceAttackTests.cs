using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// Attacks that draw conclusions from lists, from a dominating person, from uniform groups, from refusals, and from many answers together.
/// Each runs against a plain engine, where it must succeed, and against a room, where it must fail.
/// </summary>
public sealed class InferenceAttackTests : AttackedPersons
{
    private static readonly Condition Secret = new Predicate("customers.visit", "=", ["1"]);
    private static readonly Condition WithoutTarget = new Predicate("customers.age", "!=", ["77"]);

    [Fact]
    public void Two_activation_lists_single_one_person_out_in_a_plain_engine_only()
    {
        IEnumerable<string>? Attack(IAttackedRoom room)
        {
            // A list of the target alone is refused everywhere. Two long lists, with and without her, are not.
            Assert.Null(room.List(Secret, new NotOf(WithoutTarget)));
            return room.List(All, Secret) is { } with && room.List(WithoutTarget, Secret) is { } without ? with.Except(without) : null;
        }
        Assert.Equal([Target], Attack(Naive())!);
        using var room = Guarded();
        Assert.Null(Attack(room));
        // The list itself is right: the room returned the first one.
        Assert.Contains(Target, room.List(All, Secret)!);
    }

    [Fact]
    public void A_sum_that_one_buyer_dominates_tells_her_spending_in_a_plain_engine_only()
    {
        // Everyone spends 10 except the target, who spends 9,000. The attacker knows the usual amount.
        Customers[7] = Customers[7] with { Spend = 9_000 };
        var bought = Customers.Take(1_500).Where(row => row.Region == "South").ToList();
        decimal Guess(decimal sum) => sum - (10 * (bought.Count - 1));
        Assert.Equal(9_000, Guess(bought.Sum(row => row.Spend!.Value)));

        decimal? Attack(string column)
        {
            using var room = new TestRoom(
                ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}", column),
                ("  overlap: true", "  overlap: true\n  sum: true"));
            room.Upload("campaign", TestRows.Csv(Campaign));
            room.Upload("customers", TestRows.Csv(Customers));
            var answer = room.Service.Questions.Ask(
                room.Agency, new Question
                {
                    Kind = QuestionKind.Sum,
                    Column = "customers.spend",
                    Where = [new Predicate("customers.region", "=", ["South"])],
                });
            var body = System.Text.Json.JsonSerializer.Deserialize(
                room.Payload(answer.Value!, Answer.StatementType), AnswerJson.Default.Answer)!.Body;
            return body is WithheldResult ? null : Guess((decimal)((SumResult)body).Sum);
        }
        // Without a cap, one person could have more than the largest share of the sum. With a cap, the target counts as the cap.
        Assert.Null(Attack("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000, sum: true}"));
        Assert.Equal(100, Attack("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000, cap: 100, sum: true}"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void A_group_that_is_all_alike_tells_of_everyone_in_it_in_a_plain_engine_only(double? epsilon)
    {
        // Everyone aged 40 to 60 has visited. If the group has as many visitors as members, the target has visited too, because the
        // attacker knows that she is in the group.
        Condition group = new AllOf([new Predicate("customers.age", ">=", ["40"]), new Predicate("customers.age", "<=", ["60"])]);
        bool Attack(IAttackedRoom room) =>
            room.Count(group) is { } members && room.Count(group, Secret) is { } visitors && members == visitors;
        bool AttackByCells(IAttackedRoom room) => room.ByRegion(group).GetValueOrDefault("South") is { } members
            && room.ByRegion(group, Secret).GetValueOrDefault("South") is { } visitors && members == visitors;
        for (var i = 0; i < Customers.Count; i++)
        {
            Customers[i] = Customers[i].Age is >= 40 and <= 60 ? Customers[i] with { Visit = true } : Customers[i];
        }
        Assert.True(Attack(Naive()));
        Assert.True(AttackByCells(Naive()));
        using (var room = Guarded((decimal?)epsilon))
        {
            Assert.False(Attack(room));
        }
        using (var room = Guarded((decimal?)epsilon))
        {
            Assert.False(AttackByCells(room));
        }

        // The room also refuses when one of them has not visited, so the refusal does not disclose anything either.
        var other = Customers.FindIndex(row => row.Age == 45);
        Customers[other] = Customers[other] with { Visit = false };
        using (var room = Guarded((decimal?)epsilon))
        {
            Assert.NotNull(room.Count(group));
            Assert.Null(room.Count(group, Secret));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void A_refusal_does_not_tell_whether_the_person_left_out_counts(double? epsilon)
    {
        // The attacker's own score excludes one person. The second question is withheld whether she is a customer or not.
        bool IsRefused(string target)
        {
            using var room = Guarded((decimal?)epsilon);
            room.UploadCampaign(Campaign.Append(new CampaignRow("stranger@example.com", "Red", true, 0))
                .Select(row => row with { Score = row.Email == target ? 0 : 1 }));
            Assert.NotNull(room.Count());
            return room.Count(new Predicate("campaign.score", "=", ["1"])) is null;
        }
        Assert.Equal((true, true), (IsRefused(Target), IsRefused("stranger@example.com")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void A_list_uploaded_again_does_not_tell_by_a_refusal(double? epsilon)
    {
        bool IsRefused(string target)
        {
            using var room = Guarded((decimal?)epsilon);
            room.UploadCampaign(Campaign.Append(new CampaignRow("stranger@example.com", "Red", true, 0)));
            Assert.NotNull(room.Count());
            room.UploadCampaign(Campaign.Where(row => row.Email != target));
            return room.Count() is null;
        }
        Assert.Equal((true, true), (IsRefused(Target), IsRefused("stranger@example.com")));
    }

    [Fact]
    public void Four_answers_taken_together_give_a_person_away_in_a_plain_engine_only()
    {
        // The attacker's score divides the campaign into three large blocks and the target. Every two of the four sets differ by far more
        // than k.
        var prepared = Campaign.Select((row, index) => row with { Score = row.Email == Target ? 4 : 1 + (index % 3) }).ToList();
        long? Ask(IAttackedRoom room, params string[] scores) => room.Count(new Predicate("campaign.score", "in", scores), Secret);
        // t = (1 + 2 + t) - (1 + 3) - (2 + 3) + 2 * 3.
        long? Attack(IAttackedRoom room) => Ask(room, "1", "2", "4") - Ask(room, "1", "3") - Ask(room, "2", "3") + (2 * Ask(room, "3"));
        var naive = Naive();
        naive.UploadCampaign(prepared);
        Assert.Equal(1, Attack(naive));
        using var exact = Guarded();
        exact.UploadCampaign(prepared);
        Assert.Null(Attack(exact));

        var guesses = new List<long>();
        for (var seed = 0; seed < 10; seed++)
        {
            using var room = Guarded(0.5m, seed);
            room.UploadCampaign(prepared);
            guesses.Add(Attack(room)!.Value);
            // Another version, so that no answer is a stored one: the answers cannot be averaged.
            room.UploadCampaign(prepared.Append(new CampaignRow("more@example.com", "Red", true, 0)));
            Assert.Null(Attack(room));
        }
        // One guess has a standard deviation of 7.
        Assert.True(guesses.Max() - guesses.Min() > 5, "there is next to no noise");
    }

    [Fact]
    public void Without_noise_whoever_knows_a_list_learns_of_one_person_more_as_the_limits_say()
    {
        foreach (var target in new[] { Target, "stranger@example.com" })
        {
            using var room = Guarded();
            room.UploadCampaign(Campaign.Skip(100).Take(K).Append(new CampaignRow(target, "Red", true, 0))
                .Concat(Enumerable.Range(0, 200).Select(i => new CampaignRow($"nobody{i}@example.com", "Red", true, 0))));
            Assert.Equal(target == Target ? K + 1 : K, room.Count());
        }
    }
}
