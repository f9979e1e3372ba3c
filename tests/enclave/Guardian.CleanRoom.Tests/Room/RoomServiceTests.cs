using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>A whole room in one process: uploads, questions, refusals, restarts.</summary>
public sealed class RoomServiceTests : IDisposable
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private readonly TestRoom room = new();
    private readonly List<CampaignRow> campaign;
    private readonly List<CustomerRow> customers;
    private readonly List<(CampaignRow Campaign, CustomerRow Customer)> pairs;

    public RoomServiceTests()
    {
        var random = new Random(11);
        campaign = TestRows.Campaign(random, 3_000, 5_000);
        customers = TestRows.Customers(random, 4_000, 5_000);
        var byEmail = customers.ToDictionary(row => row.Email);
        pairs = [.. campaign.Where(row => byEmail.ContainsKey(row.Email)).Select(row => (row, byEmail[row.Email]))];
    }

    public void Dispose() => room.Dispose();

    [Fact]
    public void Answers_equal_a_plain_computation()
    {
        UploadBoth();
        Assert.Equal(pairs.Count, room.Ask<OverlapResult>(Overlap).Persons);

        var crosstab = room.Ask<CrosstabResult>(
            new Question { Kind = QuestionKind.Crosstab, By = ["customers.region", "campaign.exposed"] });
        Assert.Equal(8, crosstab.Cells.Count);
        Assert.All(crosstab.Cells, cell => Assert.Equal(
            pairs.Count(pair => pair.Customer.Region == cell.Values[0] && pair.Campaign.Exposed == (cell.Values[1] == "1")), cell.Persons));

        var lift = room.Ask<LiftResult>(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.exposed", "=", ["1"])] });
        foreach (var arm in lift.Arms)
        {
            var persons = pairs.Where(pair => pair.Campaign.Exposed == true && pair.Campaign.Arm == arm.Name).ToList();
            Assert.Equal(persons.Count, arm.Persons);
            Assert.Equal(
                persons.Count(pair => pair.Customer.Visit == true), lift.Outcomes[0].Totals.Single(total => total.Arm == arm.Name).Sum);
            Assert.Equal((double)persons.Sum(pair => pair.Customer.Spend ?? 0),
                lift.Outcomes[1].Totals.Single(total => total.Arm == arm.Name).Sum, 1e-6);
        }
    }

    [Fact]
    public void Cells_below_the_minimum_audience_are_withheld_and_no_margin_gives_them_away()
    {
        var few = customers.Select(
            (row, index) => row with { Region = index % 60 == 0 ? "West" : new[] { "North", "South", "East" }[index % 3] }).ToList();
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(few));
        var byEmail = few.ToDictionary(row => row.Email);
        var crosstab = room.Ask<CrosstabResult>(
            new Question { Kind = QuestionKind.Crosstab, By = ["customers.region", "campaign.exposed"] });
        long Count(string region, string exposed) =>
            campaign.Count(
                row => byEmail.TryGetValue(row.Email, out var customer) && customer.Region == region && row.Exposed == (exposed == "1"));
        foreach (var cell in crosstab.Cells)
        {
            var count = Count(cell.Values[0], cell.Values[1]);
            Assert.True(cell.Persons is null || cell.Persons == count);
            Assert.True(count >= 20 || cell.Persons is null);
        }
        Assert.Equal(crosstab.Cells.Count(cell => cell.Persons is null), crosstab.SuppressedCells);
        Assert.InRange(crosstab.SuppressedCells, 1, 7);
        foreach (var line in crosstab.Cells.GroupBy(cell => cell.Values[0]).Concat(crosstab.Cells.GroupBy(cell => cell.Values[1])))
        {
            var withheld = line.Where(cell => cell.Persons is null).ToList();
            Assert.True(withheld.Count is 0 || withheld.Count == line.Count()
                || (withheld.Count > 1 && withheld.Sum(cell => Count(cell.Values[0], cell.Values[1])) >= 20));
        }
    }

    [Fact]
    public void Too_few_persons_or_all_but_too_few_get_no_answer()
    {
        UploadBoth();
        Assert.Equal("below-minimum-audience",
            room.Refusal(new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("campaign.score", "=", ["3"])] }));
        Assert.Equal("below-minimum-audience",
            room.Refusal(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.score", ">", ["69000"])] }));

        // All persons of the campaign except ten are customers.
        room.Upload("customers", TestRows.Csv(campaign.Skip(10).Select(row => new CustomerRow(row.Email, "North", true, 1, 30))));
        Assert.Equal("below-minimum-audience", room.Refusal(Overlap));
    }

    [Fact]
    public void A_sum_respects_caps_and_no_person_may_make_up_much_of_it()
    {
        using var open = new TestRoom(
            ("maximum: 10000}", "maximum: 10000, sum: true, cap: 400}"), ("minimum: -50, ", "minimum: 0, "),
            ("  overlap: true", "  overlap: true\n  sum: true"));
        open.Upload("campaign", TestRows.Csv(campaign));
        open.Upload("customers", TestRows.Csv(customers.Select(row => row with { Spend = Math.Abs(row.Spend ?? 0) })));
        var question = new Question { Kind = QuestionKind.Sum, Column = "customers.spend" };
        var sum = open.Ask<SumResult>(question);
        Assert.Equal((pairs.Count, 400), (sum.Persons, sum.Cap));
        Assert.Equal((double)pairs.Sum(pair => Math.Min(Math.Abs(pair.Customer.Spend ?? 0), 400)), sum.Sum, 1e-6);
        Assert.Equal("not-summable", open.Refusal(question with { Column = "customers.age" }));

        // One person spent everything: the sum would disclose her spending.
        open.Upload("customers",
            TestRows.Csv(campaign.Take(2_000).Select((row, index) => new CustomerRow(row.Email, "North", true, index == 0 ? 390 : 0, 30))));
        Assert.Equal("below-minimum-audience", open.Refusal(question with { Where = [new Predicate("customers.region", "=", ["North"])] }));
    }

    [Fact]
    public void Reach_counts_persons_by_how_often_they_were_reached()
    {
        using var open = new TestRoom(
            ("minimum: -70000, maximum: 70000", "minimum: 0, maximum: 50"),
            ("  overlap: true", "  overlap: true\n  reach: {frequency: campaign.score, maximum: 3}"));
        // An empty frequency means never.
        var seen = campaign.Select((row, index) => row with { Score = index % 7 < 6 ? index % 7 : null }).ToList();
        open.Upload("campaign", TestRows.Csv(seen));
        open.Upload("customers", TestRows.Csv(customers));
        var matched = seen.Where(row => customers.Any(customer => customer.Email == row.Email)).ToList();
        var reach = open.Ask<ReachResult>(new Question { Kind = QuestionKind.Reach });
        Assert.Equal((matched.Count, matched.Count(row => row.Score > 0)), (reach.Persons, reach.Reached));
        Assert.Equal([.. new[] { 0, 1, 2 }.Select(times => (long?)matched.Count(row => (row.Score ?? 0) == times)),
            matched.Count(row => row.Score >= 3)], reach.Frequencies.Select(each => each.Persons));
        Assert.Equal((3, true), (reach.Frequencies[^1].Times, reach.Frequencies[^1].OrMore));
        Assert.Equal(matched.Sum(row => Math.Min(row.Score ?? 0, 3)) / (double)reach.Reached, reach.AverageFrequency!.Value, 9);
    }

    [Fact]
    public void An_empty_frequency_does_not_isolate_the_person_who_has_it()
    {
        using var open = new TestRoom(
            ("minimum: -70000, maximum: 70000", "minimum: 0, maximum: 50"),
            ("  overlap: true", "  overlap: true\n  reach: {frequency: campaign.score, maximum: 3}"));
        var target = campaign.First(row => customers.Any(customer => customer.Email == row.Email));
        open.Upload("campaign", TestRows.Csv(campaign.Select(
            (row, index) => row with { Score = row == target ? null : index % 6 })));
        open.Upload("customers", TestRows.Csv(customers));
        // Never, with the target, is one more than zero, without.
        Assert.IsType<OverlapResult>(open.Ask(new Question
        {
            Kind = QuestionKind.Overlap,
            Where = [new Predicate("campaign.score", "=", ["0"])],
        }).Body);
        var reach = open.Ask(new Question { Kind = QuestionKind.Reach }).Body;
        Assert.True(reach is WithheldResult || Assert.IsType<ReachResult>(reach).Frequencies[0].Persons is null);
    }

    [Fact]
    public void An_activation_list_goes_to_its_receiver_alone_and_names_the_right_persons()
    {
        using var open = new TestRoom(
            ("  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}"),
            ("max_rows: 4000", "max_rows: 4000\n    rules: {activation: true}"),
            ("max_rows: 5000", "max_rows: 5000\n    rules: {activation: true}"),
            ("query: [agency]", "query: [agency, retailer]"), ("receive: [agency]", "receive: [agency, retailer]"));
        open.Upload("campaign", TestRows.Csv(campaign));
        open.Upload("customers", TestRows.Csv(customers));
        var question = new Question { Kind = QuestionKind.Activation, Where = [new Predicate("customers.region", "=", ["West"])] };
        Assert.Equal("not-the-receiver", open.Refusal(question, open.Retailer));
        var answer = open.Ask<ActivationResult>(question);
        var key = open.Service.DataSets.ReadKeys(open.Agency, "campaign").Value!.MatchKey;
        var wanted = pairs.Where(pair => pair.Customer.Region == "West")
            .Select(pair => Identifiers.Tag(key, IdentifierKind.Email, pair.Campaign.Email)).Order()
            .Select(tag => $"{tag.High:x16}{tag.Low:x16}"[..28]).ToList();
        Assert.Equal(wanted, answer.Tags.Chunk(14).Select(Convert.ToHexStringLower).Where(tag => tag != new string('f', 28)));
        Assert.Equal((wanted.Count, 14 * 4_000), (answer.Persons, answer.Tags.Length));
        Assert.Equal("not-the-receiver",
            open.Service.Questions.ReadAnswer(
            open.Retailer, open.Service.Questions.ListAnswers(open.Retailer).Value!.Answers[0].Asked).Refusal!.Code);
    }

    [Fact]
    public void Three_data_sets_match_and_a_question_may_be_about_two_of_them()
    {
        using var three = new TestRoom(
            ("analyses:\n",
            "  - name: loyalty\n    owner: retailer\n    identifier: {kind: email, column: mail}\n    max_rows: 3000\n    columns:\n      "
            + "- {name: gold, type: flag, filter: true}\nanalyses:\n"));
        var members = customers.Where((_, index) => index % 2 == 0).Take(2_500).ToList();
        three.Upload("campaign", TestRows.Csv(campaign));
        three.Upload("customers", TestRows.Csv(customers));
        three.Upload("loyalty",
            "mail,gold\n" + string.Concat(members.Select((row, index) => $"{row.Email},{index % 2}\n"))
            + string.Concat(Enumerable.Range(0, 100).Select(i => $"l{i}@x.org,1\n")));
        var inAll = pairs.Count(pair => members.Contains(pair.Customer));
        Assert.Equal(inAll, three.Ask<OverlapResult>(Overlap).Persons);
        // The same persons in other words are withheld: "all of one group are in another" tells as much as "all but one are".
        Assert.Equal("below-minimum-audience", three.Refusal(Overlap with { DataSets = ["campaign", "loyalty"] }));
        var two = three.Ask(Overlap with { DataSets = ["campaign", "loyalty"], Where = [new Predicate("loyalty.gold", "=", ["1"])] });
        Assert.Equal((members.Where((row, index) => index % 2 == 1 && campaign.Exists(other => other.Email == row.Email)).Count(), 2),
            (((OverlapResult)two.Body).Persons, two.DataVersions.Count));
        Assert.Equal("one-dataset", three.Refusal(Overlap with { DataSets = ["loyalty"] }));
        Assert.Equal("not-taking-part",
            three.Refusal(Overlap with { DataSets = ["campaign", "loyalty"], Where = [new Predicate("customers.age", ">", ["20"])] }));
    }

    [Fact]
    public void Lift_cannot_be_filtered_by_what_happened_afterwards()
    {
        UploadBoth();
        Assert.Equal("filter-not-before-assignment",
            room.Refusal(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.arm", "=", ["Red"])] }));
    }

    [Fact]
    public void Only_recipients_ask_and_only_owners_upload()
    {
        UploadBoth();
        Assert.Equal("may-not-ask", room.Refusal(Overlap, room.Retailer));
        Assert.Equal("not-the-owner", room.Service.DataSets.ReadKeys(room.Retailer, "campaign").Refusal!.Code);
        Assert.Equal("not-the-owner",
            room.Service.DataSets.BeginUpload(room.Agency, "customers", new UploadRequest(new string('0', 64), 1)).Refusal!.Code);
        Assert.Equal("no-dataset", room.Service.DataSets.ReadKeys(room.Agency, "other").Refusal!.Code);
    }

    [Fact]
    public void Nothing_is_answered_before_all_data_is_there()
    {
        Assert.Equal("data-missing", room.Refusal(Overlap));
        room.Upload("campaign", TestRows.Csv(campaign));
        var refusal = room.Service.Questions.Ask(room.Agency, Overlap).Refusal!;
        Assert.Contains("customers", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_upload_and_question_is_in_the_log_and_stays_there()
    {
        UploadBoth();
        var answer = room.Ask(Overlap);
        room.Refusal(new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.visit", "=", ["1"])] });
        room.Reopen();
        var entries = room.Service.ReadLog().Entries;
        Assert.Equal(["upload", "upload", "question", "answer", "free question"], entries.Select(entry => entry.Event));
        Assert.Contains("not-filterable", entries[4].Detail, StringComparison.Ordinal);
        Assert.Equal(answer.LogHash, entries[2].Hash);
        Assert.Null(LogChain.FindProblem(entries));
    }

    [Fact]
    public void A_new_version_replaces_the_old_and_survives_a_restart()
    {
        UploadBoth();
        var receipt = room.Upload("campaign", TestRows.Csv(campaign.Take(2_000)));
        room.Reopen();
        var answer = room.Ask(Overlap);
        Assert.Equal(pairs.Count(pair => campaign.IndexOf(pair.Campaign) < 2_000), ((OverlapResult)answer.Body).Persons);
        Assert.Equal(receipt.Version, answer.DataVersions["campaign"]);
        Assert.Single(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign"), "*.chunks"));
    }

    [Fact]
    public void Counts_carry_noise_unless_the_contract_says_none_and_each_answer_is_charged()
    {
        using var noisy = new TestRoom(TestContract.Read(("  noise: none\n", "  noise: {epsilon: 0.01}\n  budget: 0.2\n")), seed: 1);
        noisy.Upload("campaign", TestRows.Csv(campaign));
        noisy.Upload("customers", TestRows.Csv(customers));
        var answers = Enumerable.Range(0, 15).Select(
            age =>
                noisy.Ask(new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.age", ">=", [$"{5 * age}"])] }))
                .ToList();
        var truths = Enumerable.Range(0, 15).Select(age => pairs.Count(pair => pair.Customer.Age >= 5 * age)).ToList();
        Assert.True(answers.Zip(truths, (answer, truth) => ((OverlapResult)answer.Body).Persons != truth).Count(differs => differs) > 10,
            "there is no noise");
        Assert.All(answers.Zip(truths), each =>
            Assert.InRange(((OverlapResult)each.First.Body).Persons, each.Second - 5_000, each.Second + 5_000));
        Assert.Equal((0.01m, 300), (answers[0].Epsilon, answers[0].NoiseMargin));
        Assert.All(noisy.Service.Questions.ReadBudget().DataSets, dataSet =>
            Assert.Equal((0.2m, 0.15m, 5), (dataSet.Total, dataSet.Spent, dataSet.AnswersLeft)));
    }

    [Fact]
    public void The_room_shows_what_it_has()
    {
        room.Upload("campaign", TestRows.Csv(campaign));
        var description = room.Service.Describe(room.Retailer);
        Assert.Equal(("retailer", "simulated"), (description.Member, description.Platform));
        Assert.Equal([true, false], description.DataSets.Select(dataSet => dataSet.Version is not null));
        Assert.True(description.Epc!.Total > 0);
    }

    private void UploadBoth()
    {
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(customers));
    }
}
