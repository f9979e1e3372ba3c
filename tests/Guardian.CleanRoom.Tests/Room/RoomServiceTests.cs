namespace Guardian.CleanRoom.Tests;

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
        Assert.Equal(pairs.Count, room.Ask(Overlap).Overlap!.Persons);

        var crosstab = room.Ask(new Question { Kind = QuestionKind.Crosstab, By = ["customers.region", "campaign.exposed"] }).Crosstab!;
        Assert.Equal(8, crosstab.Cells.Count);
        Assert.All(crosstab.Cells, cell => Assert.Equal(
            pairs.Count(pair => pair.Customer.Region == cell.Values[0] && pair.Campaign.Exposed == (cell.Values[1] == "1")), cell.Persons));

        var lift = room.Ask(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.exposed", "=", ["1"])] }).Lift!;
        foreach (var arm in lift.Arms)
        {
            var persons = pairs.Where(pair => pair.Campaign.Exposed == true && pair.Campaign.Arm == arm.Name).ToList();
            Assert.Equal(persons.Count, arm.Persons);
            Assert.Equal(persons.Count(pair => pair.Customer.Visit == true), lift.Outcomes[0].Totals.Single(total => total.Arm == arm.Name).Sum);
            Assert.Equal((double)persons.Sum(pair => pair.Customer.Spend ?? 0), lift.Outcomes[1].Totals.Single(total => total.Arm == arm.Name).Sum, 1e-6);
        }
    }

    [Fact]
    public void Cells_below_the_minimum_audience_are_withheld_and_counted()
    {
        UploadBoth();
        var crosstab = room.Ask(new Question
        {
            Kind = QuestionKind.Crosstab,
            By = ["customers.region"],
            Where = [new Predicate("customers.age", "<=", ["4"])],
        }).Crosstab!;
        foreach (var cell in crosstab.Cells)
        {
            var count = pairs.Count(pair => pair.Customer.Age <= 4 && pair.Customer.Region == cell.Values[0]);
            Assert.Equal(count >= 20 ? count : null, cell.Persons);
        }
        Assert.Equal(crosstab.Cells.Count(cell => cell.Persons is null), crosstab.SuppressedCells);
        Assert.True(crosstab.SuppressedCells > 0);
    }

    [Fact]
    public void Too_few_persons_or_all_but_too_few_get_no_answer()
    {
        UploadBoth();
        Assert.Equal("below-minimum-audience", room.Refusal(new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("campaign.score", "=", ["3"])] }));
        Assert.Equal("below-minimum-audience", room.Refusal(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.score", ">", ["69000"])] }));

        // Everyone of the campaign is a customer, but for ten.
        room.Upload("customers", TestRows.Csv(campaign.Skip(10).Select(row => new CustomerRow(row.Email, "North", true, 1, 30))));
        Assert.Equal("below-minimum-audience", room.Refusal(Overlap));
    }

    [Fact]
    public void Lift_cannot_be_filtered_by_what_happened_afterwards()
    {
        UploadBoth();
        Assert.Equal("filter-not-before-assignment", room.Refusal(new Question { Kind = QuestionKind.Lift, Where = [new Predicate("campaign.arm", "=", ["Red"])] }));
    }

    [Fact]
    public void Only_recipients_ask_and_only_owners_upload()
    {
        UploadBoth();
        Assert.Equal("may-not-ask", room.Refusal(Overlap, room.Retailer));
        Assert.Equal("not-the-owner", room.Service.ReadKeys(room.Retailer, "campaign").Refusal!.Reason);
        Assert.Equal("not-the-owner", room.Service.BeginUpload(room.Agency, "customers", new UploadRequest(new string('0', 64), 1)).Refusal!.Reason);
        Assert.Equal("no-dataset", room.Service.ReadKeys(room.Agency, "other").Refusal!.Reason);
    }

    [Fact]
    public void Nothing_is_answered_before_all_data_is_there()
    {
        Assert.Equal("data-missing", room.Refusal(Overlap));
        room.Upload("campaign", TestRows.Csv(campaign));
        var refusal = room.Service.Ask(room.Agency, Overlap).Refusal!;
        Assert.Contains("customers", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_upload_and_question_is_in_the_log_and_stays_there()
    {
        UploadBoth();
        var answer = room.Ask(Overlap);
        room.Refusal(new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.visit", "=", ["1"])] });
        room.Reopen();
        var entries = room.Service.ReadLog().Value!.Entries;
        Assert.Equal(["upload", "upload", "question", "question"], entries.Select(entry => entry.Event));
        Assert.Contains("not-filterable", entries[3].Detail, StringComparison.Ordinal);
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
        Assert.Equal(pairs.Count(pair => campaign.IndexOf(pair.Campaign) < 2_000), answer.Overlap!.Persons);
        Assert.Equal(receipt.Digest, answer.DataVersions["campaign"]);
        Assert.Single(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign"), "*.chunks"));
    }

    [Fact]
    public void Counts_carry_noise_unless_the_contract_says_none()
    {
        using var noisy = new TestRoom(
            ("  noise: none\n", "  noise: {epsilon: 0.01}\n"),
            ("  lift:\n    assignment: campaign.arm\n    control: None\n    shares: equal\n    outcomes: [customers.visit, customers.spend]\n    population: matched\n", ""));
        noisy.Upload("campaign", TestRows.Csv(campaign));
        noisy.Upload("customers", TestRows.Csv(customers));
        var answers = Enumerable.Range(0, 20).Select(_ => noisy.Ask(Overlap).Overlap!.Persons).ToList();
        Assert.True(answers.Distinct().Count() > 5, "the same question gives the same count, so there is no noise");
        Assert.All(answers, answer => Assert.InRange(answer, pairs.Count - 5_000, pairs.Count + 5_000));
    }

    [Fact]
    public void The_room_shows_what_it_has()
    {
        room.Upload("campaign", TestRows.Csv(campaign));
        var description = room.Service.Describe(room.Retailer).Value!;
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
