using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.Cli.Rooms;
using Guardian.Cli.Tests.Support;
using Guardian.Documents;

namespace Guardian.Cli.Tests;

/// <summary>A room whose answers cost budget.</summary>
public sealed class NoisyRoomFixture : RoomFixture
{
    protected override string Edit(string contract) => contract.Replace("noise: none", "noise: {epsilon: 0.1}", StringComparison.Ordinal);
}

/// <summary>Questions that are asked again in each period.</summary>
[Trait("Starts", "processes")]
public sealed class RoomScheduleTests(NoisyRoomFixture room) : IClassFixture<NoisyRoomFixture>
{
    [Fact]
    public async Task A_question_is_asked_once_for_a_period_and_a_crash_before_the_note_spends_nothing_twice()
    {
        await UploadAsync("campaign", "agency", "campaign.csv");
        await UploadAsync("customers", "retailer", "customers.csv");
        var head = await ReadHeadAsync();
        var added = (await room.AsAsync(
            "agency", "ask", "overlap", "--where", "customers.region = South", "--schedule", "weekly", "--times", "3", "--json"))
            .Ends(0).Json;
        Assert.Equal((7, 3, 0.1m), ((int)added["everyDays"]!, (int)added["times"]!, (decimal)added["price"]!));
        Assert.All(added["budgets"]!.AsArray(), budget => Assert.Equal(0.3m, (decimal)budget!["atMost"]!));
        Assert.Equal(head, await ReadHeadAsync());
        Assert.Equal("bad-schedule", (string?)(await room.AsAsync(
            "agency", "ask", "overlap", "--schedule", "weekly", "--times", "1", "--json")).Ends(2).Json["error"]);
        Assert.Equal("due", await NextAsync());

        var (state, entry) = await RunAsync();
        Assert.Equal("asked", state);
        Assert.Equal(0.1m, await ReadSpentAsync());
        Assert.Equal(("asked-before", entry), await RunAsync());

        // The same question on changed data would cost again.
        var more = (await File.ReadAllTextAsync(room.File("customers.csv"))).Replace(",South,", ",North,", StringComparison.Ordinal);
        await File.WriteAllTextAsync(room.File("customers-2.csv"), more, TestContext.Current.CancellationToken);
        await UploadAsync("customers", "retailer", "customers-2.csv");
        Assert.Equal(("asked-before", entry), await RunAsync());

        // The file as a crash behind the question leaves it: a naive schedule, which believes its own file, would ask once more.
        var file = Assert.Single(Directory.GetFiles(room.File(".config/guardian/rooms"), "*.schedule.json"));
        var written = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var crashed = JsonNode.Parse(written)!;
        var period = (string)crashed[0]!["answers"]![0]!["from"]!;
        // It began before the period, so that the instants of the log alone do not tell.
        crashed[0]!["begun"] = new JsonObject
        {
            ["from"] = DateTimeOffset.Parse(period, System.Globalization.CultureInfo.InvariantCulture).AddDays(-7).ToString("O"),
            ["after"] = head,
        };
        crashed[0]!["answers"] = new JsonArray();
        await File.WriteAllTextAsync(file, crashed.ToJsonString(), TestContext.Current.CancellationToken);
        Assert.Equal(("asked-before", entry), await RunAsync());
        Assert.Equal(0.1m, await ReadSpentAsync());
        var answers = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))![0]!["answers"]!.AsArray();
        Assert.Equal(2, answers.Count);

        // The naive one: the price is spent twice in a period, although the answer is withheld.
        (await room.AsAsync("agency", "ask", "overlap", "--where", "customers.region = South")).Ends(1);
        Assert.Equal(0.2m, await ReadSpentAsync());

        Assert.Equal("weekly", (string?)(await room.RunAsync("room", "schedule", "remove", "room.yaml", "weekly", "--json")).Ends(0)
            .Json["removed"]);
        (await room.RunAsync("room", "schedule", "remove", "room.yaml", "weekly")).Ends(2);
        Assert.Contains(
            "nothing is scheduled", (await room.RunAsync("room", "schedule", "list", "room.yaml")).Ends(0).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_room_would_refuse_is_not_scheduled_and_two_processes_do_not_ask_at_once()
    {
        var refused = await room.AsAsync(
            "agency", "ask", "overlap", "--where", "customers.email = a@b.c", "--schedule", "forbidden", "--times", "1", "--json");
        Assert.Equal("bad-schedule", (string?)refused.Ends(2).Json["error"]);
        foreach (var wrong in new[] { new[] { "--schedule", "a" }, ["--times", "2"], ["--schedule", "a", "--times", "1", "--dry-run"] })
        {
            (await room.AsAsync("agency", "ask", ["overlap", .. wrong])).Ends(2);
        }
        foreach (var wrong in new[] { new[] { "Weekly", "1", "7" }, ["a", "0", "7"], ["a", "1", "32"] })
        {
            (await room.AsAsync(
                "agency", "ask", "overlap", "--schedule", wrong[0], "--times", wrong[1], "--every", wrong[2])).Ends(2);
        }
        var file = RoomFile.Load(room.File("room.yaml"));
        var path = room.File($".config/guardian/rooms/{file.Hash}.schedule.json");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            var busy = await room.RunAsync(
                "room", "schedule", "run", "room.yaml", "--room", room.RoomAddress, "--key", "agency.pem", "--json");
            Assert.Equal("schedule-busy", (string?)busy.Ends(3).Json["error"]);
        }
    }

    [Fact]
    public void Periods_are_those_of_pinned_versions()
    {
        var contract = ReadContract("pinned_days: 14");
        var question = new Question { Kind = QuestionKind.Overlap };
        Assert.Equal(14, ScheduledQuestion.FindDays(question, contract));
        Assert.Equal(7, ScheduledQuestion.FindDays(question, ReadContract("")));
        var scheduled = new ScheduledQuestion { Name = "a", Question = question, Days = 14, Times = 2 };
        foreach (var instant in new[] { "2026-11-30T00:00:00Z", "2026-12-06T23:59:59Z", "2026-12-07T00:00:00Z", "1969-12-31T12:00:00Z" })
        {
            var now = DateTimeOffset.Parse(instant, System.Globalization.CultureInfo.InvariantCulture);
            var from = scheduled.FindPeriod(now);
            Assert.InRange(now, from, from.AddDays(14).AddTicks(-1));
            Assert.Equal(contract.FindDataSet("customers")!.PinnedUntil(now), from.AddDays(14));
            Assert.Equal(from, scheduled.FindNext(now));
            Assert.Equal(from.AddDays(14), scheduled.With(from, 1).FindNext(now));
            Assert.Null(scheduled.With(from.AddDays(-14), 1).With(from, 2).FindNext(now));
        }
    }

    [Fact]
    public void A_question_waits_for_the_version_of_the_period()
    {
        var contract = ReadContract("pinned_days: 7");
        var question = new Question { Kind = QuestionKind.Overlap };
        var now = new DateTimeOffset(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
        string? FindOld(params LogLine[] log) => ScheduledAsking.FindOld(contract, question, new RoomHistory(log), now);
        // The period began on Monday, 30 November.
        Assert.Null(FindOld());
        Assert.Null(FindOld(Upload(1, now.AddDays(-1))));
        Assert.Equal("customers", FindOld(Upload(1, now.AddDays(-2))));
        Assert.Null(FindOld(Upload(1, now.AddDays(-9)), Upload(2, now.AddHours(-30))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"question\": null}")]
    [InlineData("{\"question\": {\"kind\": 7}}")]
    [InlineData("{\"question\": {\"kind\": \"Overlap\"}, \"answered\": \"1\"}")]
    [InlineData("{\"dataSet\": {}}")]
    public void An_entry_of_another_form_is_nothing(string detail)
    {
        var question = new Question { Kind = QuestionKind.Lift };
        foreach (var name in new[] { "question", "free question", "upload" })
        {
            var history = new RoomHistory([Line(1, DateTimeOffset.UnixEpoch, "agency", name, detail)]);
            Assert.Null(history.FindAsked("agency", question, -1));
            Assert.Null(history.FindCharged("agency", question, DateTimeOffset.MinValue, DateTimeOffset.MaxValue));
            Assert.Null(history.FindUpload("customers"));
        }
        Assert.Equal(-1, new RoomHistory([]).Head);
    }

    [Fact]
    public void Another_members_question_a_refused_one_and_one_without_an_answer_are_not_ours()
    {
        var question = new Question { Kind = QuestionKind.Overlap };
        var json = JsonSerializer.Serialize(question, QuestionJson.Default.Question);
        var asked = $"{{\"question\": {json}, \"versions\": {{}}, \"epsilon\": 0.1}}  ";
        var history = new RoomHistory([
            Line(1, DateTimeOffset.UnixEpoch, "retailer", "question", asked),
            Line(2, DateTimeOffset.UnixEpoch, "agency", "free question", $"{{\"question\": {json}, \"reason\": \"x\"}}"),
            Line(3, DateTimeOffset.UnixEpoch, "agency", "free question", $"{{\"question\": {json}, \"answered\": 1}}"),
            Line(4, DateTimeOffset.UnixEpoch, "agency", "question", asked),
            Line(5, DateTimeOffset.UnixEpoch, "retailer", "answer", "{\"asked\": 1, \"outcome\": \"answered\"}"),
            Line(6, DateTimeOffset.UnixEpoch, "agency", "answer", "{\"asked\": 4, \"outcome\": \"answered\"}  "),
            Line(7, DateTimeOffset.UnixEpoch, "agency", "question", asked),
            Line(8, DateTimeOffset.UnixEpoch, "agency", "free question", $"{{\"question\": {json}, \"answered\": 7}}"),
            Line(9, DateTimeOffset.UnixEpoch, "agency", "answer", "{\"asked\": \"7\"}"),
        ]);
        Assert.Equal(1, history.FindAsked("agency", question, 0));
        Assert.Equal(4, history.FindAsked("agency", question, 3));
        Assert.Null(history.FindAsked("agency", question, 4));
        Assert.Equal(4, history.FindCharged("agency", question, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue));
        Assert.Null(history.FindCharged("agency", question, DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch));
    }

    private static LogLine Upload(long sequence, DateTimeOffset instant) =>
        Line(sequence, instant, "retailer", "upload", "{\"dataSet\": \"customers\", \"version\": \"00\"}");

    private static LogLine Line(long sequence, DateTimeOffset instant, string member, string name, string detail) =>
        new(sequence, instant, member, name, detail, "", "");

    private RoomContract ReadContract(string more)
    {
        var problems = new DocumentProblems();
        var text = File.ReadAllText(room.File("room.yaml")).Replace(
            "- name: customers\n", $"- name: customers\n{(more.Length > 0 ? $"    {more}\n" : "")}", StringComparison.Ordinal);
        var contract = ContractReader.Read(System.Text.Encoding.UTF8.GetBytes(text), problems);
        Assert.False(problems.Any, string.Join('\n', problems.Items));
        return contract!;
    }

    private async Task UploadAsync(string dataSet, string owner, string file) =>
        (await room.AsAsync(owner, "upload", "--dataset", dataSet, "--data", file)).Ends(0);

    private async Task<(string State, long? Entry)> RunAsync()
    {
        var outcome = Assert.Single(
            (await room.RunAsync("room", "schedule", "run", "room.yaml", "--room", room.RoomAddress, "--key", "agency.pem", "--json"))
                .Ends(0).Json["questions"]!.AsArray())!;
        return ((string)outcome["state"]!, (long?)outcome["entry"]);
    }

    private async Task<string> NextAsync()
    {
        var listed = (await room.RunAsync("room", "schedule", "list", "room.yaml")).Ends(0).Output;
        return listed.Contains("due", StringComparison.Ordinal) ? "due" : listed;
    }

    private async Task<long> ReadHeadAsync() =>
        (long)(await room.AsAsync("agency", "log", "--json")).Ends(0).Json["entries"]!.AsArray()[^1]!["sequence"]!;

    private async Task<decimal> ReadSpentAsync() =>
        (decimal)(await room.AsAsync("agency", "budget", "--json")).Ends(0).Json["dataSets"]![0]!["spent"]!;
}
