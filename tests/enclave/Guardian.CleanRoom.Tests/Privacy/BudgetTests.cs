using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Privacy;

/// <summary>The price of answers: nothing that the host does refunds it.</summary>
public sealed class BudgetTests : IDisposable
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private readonly TestRoom room = new(TestContract.Read(
        ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n"), ("max_rows: 4000", "max_rows: 4000\n    rules: {budget: 1.5}"),
        ("query: [agency], receive: [agency]", "query: [agency, retailer], receive: [agency]")), seed: 3);

    private readonly List<CampaignRow> campaign;
    private readonly List<CustomerRow> customers;

    public BudgetTests()
    {
        var random = new Random(5);
        campaign = TestRows.Campaign(random, 2_000, 2_500);
        customers = TestRows.Customers(random, 2_000, 2_500);
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(customers));
    }

    public void Dispose() => room.Dispose();

    [Fact]
    public void Each_owner_is_charged_and_the_strictest_budget_ends_the_questions()
    {
        Assert.Equal([(1.5m, 3), (2m, 4)], Left());
        for (var age = 0; age < 3; age++)
        {
            room.Ask(About(age));
        }
        Assert.Equal([(1.5m, 0), (2m, 1)], Left());
        Assert.Equal("budget-exhausted", room.Refusal(About(3)));
        // An earlier answer stays free, and the refusal cost nothing.
        room.Ask(About(1));
        Assert.Equal([(1.5m, 0), (2m, 1)], Left());
    }

    [Fact]
    public void The_same_question_gets_the_same_answer_however_it_is_written_and_after_a_restart()
    {
        var first = room.Ask(
            Overlap with { Where = [
            new Predicate("customers.age", ">=", ["30"]), new Predicate("customers.region", "in", ["North", "South"])] });
        room.Reopen();
        var again = room.Ask(Overlap with
        {
            Where = [new AnyOf([new Predicate("customers.region", "=", ["South"]), new Predicate("customers.region", "=", ["North"])]),
                new NotOf(new Predicate("customers.age", "<", ["30"]))],
        });
        var reordered = room.Ask(
            Overlap with { Where = [
            new Predicate("customers.region", "in", ["South", "North"]), new Predicate("customers.age", ">", ["29"])] });
        Assert.Equal((first.Body, first.LogHash), (reordered.Body, reordered.LogHash));
        Assert.Equal(first.Body, again.Body);
        Assert.Equal((1.5m, 2), Left()[0]);
    }

    [Fact]
    public void Another_version_of_the_data_inherits_what_was_spent()
    {
        room.Ask(Overlap);
        room.Upload("campaign", TestRows.Csv(campaign.Take(1_000)));
        Assert.Equal((1.5m, 2), Left()[0]);
        var receipt = room.Service.DataSets.Delete(room.Agency, "campaign");
        Assert.Null(receipt.Refusal);
        room.Upload("campaign", TestRows.Csv(campaign.Skip(500)));
        Assert.Equal((1.5m, 2), Left()[0]);
    }

    [Fact]
    public void A_withheld_answer_is_charged_and_kept_like_any_other()
    {
        var narrow = Overlap with { Where = [new Predicate("campaign.score", "=", ["3"])] };
        Assert.Equal("below-minimum-audience", room.Refusal(narrow));
        Assert.Equal((1.5m, 2), Left()[0]);
        Assert.Equal("below-minimum-audience", room.Refusal(narrow));
        Assert.Equal((1.5m, 2), Left()[0]);
        var log = room.Service.ReadLog().Entries;
        Assert.Equal(["question", "answer", "free question"], log.Skip(2).Select(entry => entry.Event));
    }

    [Fact]
    public void A_question_that_was_cut_off_stays_charged()
    {
        room.CopyState("before");
        room.Ask(Overlap);
        // The host ends the enclave after the charge and before the answer: the log has the question, and no answer.
        room.Service.Dispose();
        var log = File.ReadAllBytes(Path.Combine(room.StateFolder, "log"));
        var third = Enumerable.Range(0, 3).Aggregate(0, (at, _) => at + 4 + BitConverter.ToInt32(log, at));
        File.WriteAllBytes(Path.Combine(room.StateFolder, "log"), log[..third]);
        room.Head.Value = null;
        room.Reopen();
        Assert.Equal((1.5m, 2), Left()[0]);
    }

    [Fact]
    public void Wherever_the_host_cuts_the_work_off_every_answer_that_is_there_was_charged_before()
    {
        for (var age = 1; age <= 3; age++)
        {
            room.Ask(About(age));
        }
        var entries = room.Service.ReadLog().Entries;
        var path = Path.Combine(room.StateFolder, "log");
        room.Service.Dispose();
        var log = File.ReadAllBytes(path);
        var end = 0;
        for (var count = 1; count <= entries.Count; count++)
        {
            // The enclave died after this entry, which the CAS knows, and before the next.
            end += 4 + BitConverter.ToInt32(log, end);
            File.WriteAllBytes(path, log[..end]);
            room.Head.Value = Convert.FromHexString(entries[count - 1].Hash);
            room.Reopen();
            var asked = entries.Take(count).Count(entry => entry.Event == "question");
            var answered = room.Service.Questions.ListAnswers(room.Agency).Value!.Answers;
            Assert.Equal(0.5m * asked, room.Service.Questions.ReadBudget().DataSets[0].Spent);
            Assert.Equal(entries.Take(count).Count(entry => entry.Event == "answer"), answered.Count);
            Assert.InRange(asked - answered.Count, 0, 1);
            Assert.All(answered, answer => Assert.Equal("question", entries.Single(entry => entry.Sequence == answer.Asked).Event));
        }
        Assert.Equal(log.Length, end);
    }

    [Fact]
    public void An_older_copy_of_the_folder_is_refused_and_so_is_a_second_enclave()
    {
        room.CopyState("before");
        room.Ask(Overlap);
        using var other = room.OpenAnother();
        room.Ask(About(1));
        Assert.Contains("another enclave", Assert.Throws<RefusedException>(() => other.Questions.Ask(room.Agency, About(2))).Message,
            StringComparison.Ordinal);
        room.Service.Dispose();
        room.CopyState("before", restore: true);
        Assert.Contains("older", Assert.Throws<RefusedException>(room.Reopen).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_the_host_removes_or_an_older_version_that_it_brings_back_is_noticed()
    {
        room.CopyState("first");
        room.Upload("campaign", TestRows.Csv(campaign.Take(1_500)));
        room.Ask(Overlap);
        room.Service.Dispose();
        var record = Directory.GetFiles(Path.Combine(room.StateFolder, "answers")).Single();
        var kept = File.ReadAllBytes(record);
        File.Delete(record);
        Assert.Throws<RefusedException>(room.Reopen);
        File.WriteAllBytes(record, kept);
        foreach (var path in Directory.GetFiles(
            Path.Combine(room.StateFolder.Replace("/state/", "/first/", StringComparison.Ordinal), "campaign")))
        {
            File.Copy(path, Path.Combine(room.StateFolder, "campaign", Path.GetFileName(path)), overwrite: true);
        }
        var current = room.Service.Describe(room.Agency).DataSets[0].Version;
        room.Reopen();
        // The older version's chunks are of no use without the key, and are deleted.
        Assert.Equal(current, room.Service.Describe(room.Agency).DataSets[0].Version);
        Assert.Equal([$"{current}.chunks"], Directory.GetFiles(Path.Combine(room.StateFolder, "campaign")).Select(Path.GetFileName));
        room.Ask(Overlap);
    }

    [Fact]
    public void Nothing_is_answered_while_the_head_cannot_be_reached()
    {
        room.Head.IsAway = true;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.Throws<RefusedException>(() => room.Service.Questions.Ask(room.Agency, Overlap));
        }
        room.Head.IsAway = false;
        room.Ask(Overlap);
        // Nothing was computed during the outage, so it cost nothing.
        Assert.Equal((1.5m, 2), Left()[0]);
        room.Reopen();
        Assert.Equal((1.5m, 2), Left()[0]);
    }

    [Fact]
    public void Who_may_ask_but_not_receive_learns_that_it_was_asked_and_nothing_else()
    {
        var receipt = room.Service.Questions.Ask(room.Retailer, Overlap);
        var payload = JsonSerializer.Deserialize(
            room.Payload(receipt.Value!, QuestionReceipt.StatementType), AnswerJson.Default.QuestionReceipt)!;
        Assert.Equal("may-not-receive", room.Service.Questions.ReadAnswer(room.Retailer, payload.Asked).Refusal!.Code);
        Assert.Equal("may-not-receive", room.Service.Questions.ListAnswers(room.Retailer).Refusal!.Code);
        var answer = room.Service.Questions.ReadAnswer(room.Agency, payload.Asked).Value!;
        Assert.True(JsonSerializer.Deserialize(
            room.Payload(answer, Answer.StatementType), AnswerJson.Default.Answer)!.Body is OverlapResult { Persons: > 0 });
        Assert.Equal("no-answer", room.Service.Questions.ReadAnswer(room.Agency, 999).Refusal!.Code);
    }

    [Fact]
    public void Deletion_leaves_nothing_of_the_data_and_a_signed_receipt()
    {
        var receipt = room.Service.DataSets.Delete(room.Agency, "campaign").Value!;
        var payload = JsonSerializer.Deserialize(room.Payload(receipt, DeletionReceipt.StatementType), AnswerJson.Default.DeletionReceipt)!;
        Assert.Equal(("campaign", "agency", room.Service.ReadLog().Entries[^1].Hash), (payload.DataSet, payload.Member, payload.LogHash));
        Assert.Empty(Directory.GetFiles(Path.Combine(room.StateFolder, "campaign")));
        Assert.Equal("data-missing", room.Refusal(Overlap));
        Assert.Equal("no-data", room.Service.DataSets.Delete(room.Agency, "campaign").Refusal!.Code);
        Assert.Equal("not-the-owner", room.Service.DataSets.Delete(room.Agency, "customers").Refusal!.Code);
        room.Reopen();
        Assert.Equal("data-missing", room.Refusal(Overlap));
    }

    private List<(decimal Total, int? Left)> Left() =>
        [.. room.Service.Questions.ReadBudget().DataSets.Select(dataSet => (dataSet.Total, dataSet.AnswersLeft))];

    private static Question About(int age) => Overlap with { Where = [new Predicate("customers.age", ">=", [$"{10 * age}"])] };
}
