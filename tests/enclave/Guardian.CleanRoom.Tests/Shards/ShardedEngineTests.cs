using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Shards;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Shards;

/// <summary>A room whose shards run in the same process: it answers like a room that computes alone.</summary>
public sealed class ShardedEngineTests : IDisposable
{
    private static readonly (string, string)[] Changes =
    [
        ("max_rows: 4000", "max_rows: 40000\n    rules: {activation: true}"),
        ("max_rows: 5000", "max_rows: 50000\n    rules: {activation: true}"),
        ("  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}"),
    ];

    private static readonly Predicate Young = new("customers.age", "<", ["60"]);

    private readonly TestRoom alone = new(TestContract.Read(Changes), null);
    private readonly TestRoom sharded;
    private readonly LocalShard[] shards = [new("first"), new("second"), new("third")];
    private readonly List<RoomShard> enclaves = [];
    private IReadOnlyList<LocalShard> present = [];

    public ShardedEngineTests()
    {
        sharded = new TestRoom(TestContract.Read(Changes), null, shards: () => present);
        present = shards;
        var random = new Random(3);
        var campaign = TestRows.Csv(TestRows.Campaign(random, 20_000, 30_000));
        var customers = TestRows.Csv(TestRows.Customers(random, 20_000, 30_000));
        foreach (var room in new[] { alone, sharded })
        {
            room.Upload("campaign", campaign);
            room.Upload("customers", customers);
        }
        foreach (var shard in shards)
        {
            shard.Enclave = sharded.OpenShard();
            enclaves.Add(shard.Enclave);
        }
    }

    public void Dispose()
    {
        enclaves.ForEach(enclave => enclave.Dispose());
        sharded.Dispose();
        alone.Dispose();
    }

    public static TheoryData<Question> Questions() => new(
        new Question { Kind = QuestionKind.Overlap, Where = [Young] },
        new Question { Kind = QuestionKind.Overlap, Where = [new AnyOf([Young, new Predicate("campaign.arm", "=", ["Red"])])] },
        new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.region"] },
        new Question { Kind = QuestionKind.Lift },
        new Question { Kind = QuestionKind.Activation, Where = [Young] });

    [Theory]
    [MemberData(nameof(Questions))]
    public void Every_analysis_has_the_same_result_on_shards(Question question)
    {
        var (one, other) = (alone.Ask(question), sharded.Ask(question));
        Assert.Equal(Json(one.Body), Json(other.Body));
        Assert.All(
            sharded.Service.Describe(sharded.Agency).Shards, state => Assert.True(state is { RangesComputed: > 0, RangesFailed: 0 }));

        static string Json(AnswerBody body) => System.Text.Json.JsonSerializer.Serialize<object>(body);
    }

    [Fact]
    public void A_lost_shard_is_replaced_by_another_and_all_lost_shards_by_the_lead_enclave()
    {
        var expected = alone.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap, Where = [Young] });
        shards[1].Enclave = null;
        Assert.Equal(expected, sharded.Ask<OverlapResult>(new Question { Kind = QuestionKind.Overlap, Where = [Young] }));
        Assert.True(sharded.Service.Describe(sharded.Agency).Shards[1].RangesFailed > 0);

        var crosstab = new Question
        {
            Kind = QuestionKind.Crosstab,
            By = ["campaign.arm"],
            Where = [new Predicate("customers.age", ">=", ["60"])],
        };
        Array.ForEach(shards, shard => shard.Enclave = null);
        Assert.Equal(
            alone.Ask<CrosstabResult>(crosstab).Cells.Select(cell => cell.Persons),
            sharded.Ask<CrosstabResult>(crosstab).Cells.Select(cell => cell.Persons));
    }

    [Fact]
    public void Shards_come_and_go_while_the_room_runs_also_during_a_question()
    {
        // The set changes while the first shard works, as when somebody scales it.
        present = shards[..2];
        shards[0].Begin = () => present = shards[1..];
        AskForAgesBelow(60);
        Assert.True(shards[0].Runs > 0);

        AskForAgesBelow(50);
        Assert.Equal((false, true, true), Worked());
        var states = sharded.Service.Describe(sharded.Agency).Shards;
        Assert.Equal([("second", 0), ("third", 0)], states.Select(state => (state.Address, state.RangesFailed)));

        present = [];
        AskForAgesBelow(40);
        Assert.Equal((false, false, false), Worked());
        Assert.Empty(sharded.Service.Describe(sharded.Agency).Shards);

        void AskForAgesBelow(int age)
        {
            Array.ForEach(shards, shard => shard.Runs = 0);
            var question = new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.age", "<", [$"{age}"])] };
            Assert.Equal(alone.Ask<OverlapResult>(question), sharded.Ask<OverlapResult>(question));
        }

        (bool, bool, bool) Worked() => (shards[0].Runs > 0, shards[1].Runs > 0, shards[2].Runs > 0);
    }

    [Fact]
    public void A_shard_refuses_a_request_that_it_does_not_understand()
    {
        var refusal = enclaves[0].Run("{}"u8).Refusal!;
        Assert.Equal((RoomReasons.BadRequest.Code, RefusalKind.Invalid), (refusal.Code, refusal.Kind));
    }

    private sealed class LocalShard(string name) : IShard
    {
        public RoomShard? Enclave { get; set; }

        public Action? Begin { get; set; }

        public int Runs { get; set; }

        public string Name => name;

        public byte[] Run(byte[] request, TimeSpan patience)
        {
            Runs++;
            Begin?.Invoke();
            return Enclave?.Run(request).Value ?? throw new IOException("lost");
        }
    }
}
