using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Shards;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// The host sees the size of every message, record and log entry. It tries to learn from them whether an answer was withheld, and how large
/// its figures are. Plain JSON tells both; the room's sizes follow from the contract and the question.
/// </summary>
public sealed class SizeAttackTests
{
    private static readonly (string, string)[] Changes =
    [
        ("max_rows: 4000", "max_rows: 4000\n    rules: {activation: true}"),
        ("max_rows: 5000", "max_rows: 5000\n    rules: {activation: true}"),
        ("  overlap: true", "  overlap: true\n  sum: true\n  activation: {dataset: campaign, receiver: agency}\n"
            + "  reach: {frequency: campaign.contacts, maximum: 3}"),
        ("{name: exposed, type: flag, filter: true}",
            "{name: exposed, type: flag, filter: true}\n      - {name: contacts, type: integer, minimum: 0, maximum: 9}"),
        ("{name: age, type: integer, minimum: 0, maximum: 120, filter: true}",
            "{name: age, type: integer, minimum: 0, maximum: 120, filter: true, sum: true, cap: 100}"),
        ("    population: matched", "    population: matched\n    exposure: campaign.exposed\n    covariate: customers.age"),
    ];

    public static TheoryData<Question> Questions() => new(
        new Question { Kind = QuestionKind.Overlap },
        new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm"] },
        new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] },
        new Question { Kind = QuestionKind.Sum, Column = "customers.age" },
        new Question { Kind = QuestionKind.Reach },
        new Question { Kind = QuestionKind.Lift },
        new Question { Kind = QuestionKind.Lift, By = ["customers.region"] },
        new Question { Kind = QuestionKind.Activation });

    [Theory]
    [MemberData(nameof(Questions))]
    public void Sizes_tell_neither_whether_an_answer_was_withheld_nor_its_figures(Question question)
    {
        var seen = Persons().Select(persons => See(question, persons)).ToList();
        // Some are withheld and some are answered, with figures of several lengths.
        Assert.Equal(2, seen.Select(each => each.IsWithheld).Distinct().Count());
        Assert.True(seen.Select(each => each.Naive).Distinct().Count() > 2, string.Join(", ", seen.Select(each => each.Naive)));
        Assert.All(seen, each => Assert.Equal(seen[0].Sizes, each.Sizes));
    }

    [Fact]
    public void Noise_does_not_change_sizes_either()
    {
        var noisy = new[] { 1, 2 }.SelectMany(seed => Persons().Select(persons =>
            See(new Question { Kind = QuestionKind.Lift }, persons, seed, ("  noise: none\n", "  noise: {epsilon: 0.5}\n")))).ToList();
        Assert.True(noisy.Select(each => each.Naive).Distinct().Count() > 2);
        Assert.All(noisy, each => Assert.Equal(noisy[0].Sizes, each.Sizes));
    }

    [Fact]
    public void Numbers_of_rows_do_not_show_in_the_sizes_of_announcements_receipts_and_descriptions()
    {
        var sizes = new[] { 9, 10, 3_999 }.Select(rows =>
        {
            using var room = new TestRoom(TestContract.Read(), null, time: new StoppedClock());
            var csv = TestRows.Csv(TestRows.Campaign(new Random(1), rows, 4_000));
            var request = new UploadRequest(new string('a', 64), rows);
            var receipt = room.TryUpload("campaign", csv).Value!;
            var description = room.Service.Describe(room.Agency);
            return string.Join(' ',
                PaddedJson.Write(request, request.ToWidest(), RoomJson.Default.UploadRequest).Length, receipt.Length,
                PaddedJson.Write(description, description.ToWidest(), RoomJson.Default.RoomDescription).Length
                    - JsonSerializer.SerializeToUtf8Bytes(description.Epc, RoomJson.Default.EpcDescription).Length,
                new FileInfo(Directory.GetFiles(room.StateFolder, "*.versions").Single()).Length);
        }).ToList();
        Assert.Single(sizes.Select(text => text).Distinct());
        // The old announcement, for comparison.
        Assert.NotEqual(Naive(new UploadRequest("", 9)), Naive(new UploadRequest("", 10)));

        static int Naive(UploadRequest request) => JsonSerializer.SerializeToUtf8Bytes(request, RoomJson.Default.UploadRequest).Length;
    }

    [Fact]
    public void Replies_of_shards_have_one_size_whatever_they_count()
    {
        var seen = Persons().Select(persons =>
        {
            var shard = new SeenShard();
            using var room = new TestRoom(TestContract.Read(Changes), null, shards: () => [shard], time: new StoppedClock());
            using var enclave = room.OpenShard();
            shard.Enclave = enclave;
            Upload(room, persons);
            foreach (var question in Questions())
            {
                Assert.Null(room.Service.Questions.Ask(room.Agency, question.Data).Refusal);
            }
            return shard;
        }).ToList();
        Assert.All(seen, shard => Assert.Equal(seen[0].Sizes, shard.Sizes));
        Assert.True(seen.Select(shard => string.Join(' ', shard.Naive)).Distinct().Count() > 2);
    }

    // From nobody to nearly everybody.
    private static IEnumerable<(int Common, int Others)> Persons() => [(0, 100), (35, 500), (150, 3_000), (1_200, 2_000), (3_900, 0)];

    private static Sighting See(
        Question question, (int Common, int Others) persons, int? seed = null, params (string Old, string New)[] more)
    {
        using var room = new TestRoom(TestContract.Read([.. Changes, .. more]), seed, time: new StoppedClock());
        Upload(room, persons);
        var before = room.Service.ReadLog().Entries.Count;
        var statement = room.Service.Questions.Ask(room.Agency, question).Value!;
        var answer = JsonSerializer.Deserialize(room.Payload(statement, Answer.StatementType), AnswerJson.Default.Answer)!;
        var log = room.Service.ReadLog();
        var asked = log.Entries[before].Sequence;
        var list = room.Service.Questions.ListAnswers(room.Agency).Value!;
        var sizes = string.Join(
            ' ',
            // Messages: the reply, the same answer again in two ways, the list of answers, and the log.
            statement.Length, room.Service.Questions.ReadAnswer(room.Agency, asked).Value!.Length,
            room.Service.Questions.Ask(room.Agency, question).Value!.Length,
            PaddedJson.Write(list, list.ToWidest(), QuestionJson.Default.AnswerList).Length,
            JsonSerializer.SerializeToUtf8Bytes(log, RoomJson.Default.LogPage).Length,
            // The disk.
            string.Join(
                ' ', Directory.GetFiles(room.StateFolder, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path).Length)
                    .Order()));
        // The old behaviour: a refusal was a short problem, and an answer was plain JSON.
        var naive = answer.Body is WithheldResult
            ? JsonSerializer.SerializeToUtf8Bytes(
                RoomProblem.Of(RoomReasons.BelowMinimumAudience.Because("about too few"), 422), RoomJson.Default.RoomProblem).Length
            : JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Default.Answer).Length;
        return new Sighting(answer.Body is WithheldResult, sizes, naive);
    }

    private static void Upload(TestRoom room, (int Common, int Others) persons)
    {
        var arms = new[] { "Red", "Blue", "None" };
        var regions = new[] { "North", "South", "East", "West" };
        room.Upload("campaign", "email,arm,exposed,contacts,score\n" + string.Concat(
            Enumerable.Range(0, persons.Common + (persons.Others / 30) + 30).Select(i =>
                $"p{(i < persons.Common ? i : i + 100_000)}@x.org,{arms[i % 3]},{i % 2},{i % 10},{i}\n")));
        room.Upload("customers", "mail,region,visit,spend,age\n" + string.Concat(
            Enumerable.Range(0, persons.Common + persons.Others + 30).Select(i =>
                $"p{i}@x.org,{regions[i % 7 % 4]},{i % 5 / 4},{i % 997}.5,{18 + (i % 77)}\n")));
    }

    // A shard in this process whose replies are measured, as the host could.
    private sealed class SeenShard : IShard
    {
        public RoomShard? Enclave { get; set; }

        public List<int> Sizes { get; } = [];

        public List<int> Naive { get; } = [];

        public string Name => "seen";

        public byte[] Run(byte[] request, TimeSpan patience)
        {
            var reply = Enclave!.Run(request).Value!;
            Sizes.Add(request.Length);
            Sizes.Add(reply.Length);
            Naive.Add(System.Text.Encoding.UTF8.GetString(reply).TrimEnd().Length);
            return reply;
        }
    }

    // Sizes of instants differ by themselves.
    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 29, 8, 0, 0, TimeSpan.Zero);
    }

    private sealed record Sighting(bool IsWithheld, string Sizes, int Naive);
}
