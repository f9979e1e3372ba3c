using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Privacy;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Members may read budgets and answers during an analysis; an answer is readable only when the log has it.</summary>
public sealed class RoomConcurrencyTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private readonly BlockingNoise noise = new();
    private readonly TestRoom room;

    public RoomConcurrencyTests()
    {
        room = new TestRoom(TestContract.Read(("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n")), null, noise: noise);
        var random = new Random(8);
        room.Upload("campaign", TestRows.Csv(TestRows.Campaign(random, 1_500, 2_000)));
        var customers = TestRows.Customers(random, 1_500, 2_000).Select(row => row with { Age = row.Age ?? 30 });
        room.Upload("customers", TestRows.Csv(customers));
    }

    public void Dispose()
    {
        room.Dispose();
        noise.Dispose();
    }

    [Fact]
    public async Task Budgets_and_answers_can_be_read_during_an_analysis()
    {
        var first = room.Ask(Overlap);
        noise.IsBlocked = true;
        var asked = Task.Run(() => room.Ask(Overlap with { Where = [new Predicate("customers.age", ">=", ["20"])] }), Token);
        noise.WaitUntilReached(Patience);

        var questions = room.Service.Questions;
        var budget = await Task.Run(questions.ReadBudget, Token).WaitAsync(Patience, Token);
        Assert.All(budget.DataSets, dataSet => Assert.Equal((1m, 2), (dataSet.Spent, dataSet.AnswersLeft)));
        var listed = await Task.Run(() => questions.ListAnswers(room.Agency).Value!, Token).WaitAsync(Patience, Token);
        var answered = Assert.Single(listed.Answers);
        Assert.NotNull((await Task.Run(() => questions.ReadAnswer(room.Agency, answered.Asked), Token).WaitAsync(Patience, Token)).Value);
        var entries = room.Service.ReadLog().Entries;
        Assert.Equal("question", entries[^1].Event);
        Assert.Equal("no-answer", questions.ReadAnswer(room.Agency, entries[^1].Sequence).Refusal!.Code);

        noise.IsBlocked = false;
        Assert.NotEqual(first.LogHash, (await asked.WaitAsync(Patience, Token)).LogHash);
        Assert.Equal(2, questions.ListAnswers(room.Agency).Value!.Answers.Count);
    }

    [Fact]
    public void An_outcome_that_was_logged_while_the_head_was_away_is_kept_and_guarded()
    {
        noise.OnDraw = () => room.Head.IsAway = true;
        Assert.Equal(RefusalKind.Unavailable, Assert.Throws<RefusedException>(() => room.Ask(Overlap)).Refusal.Kind);
        noise.OnDraw = null;
        room.Head.IsAway = false;
        Assert.Equal("answer", room.Service.ReadLog().Entries[^1].Event);

        // The same question is free; the same persons in other words are withheld, now and after a restart.
        Assert.NotNull(room.Ask<OverlapResult>(Overlap));
        Assert.All(room.Service.Questions.ReadBudget().DataSets, dataSet => Assert.Equal(0.5m, dataSet.Spent));
        Assert.Equal("below-minimum-audience", room.Refusal(Overlap with { Where = [new Predicate("customers.age", ">=", ["0"])] }));
        room.Reopen();
        Assert.NotNull(room.Ask<OverlapResult>(Overlap));
    }

    [Fact]
    public async Task Hundreds_of_calls_that_wait_hold_no_thread_and_leave_their_turn_to_another_member()
    {
        using var release = new ManualResetEventSlim();
        List<string> order = [];
        int Note(string name)
        {
            release.Wait(Token);
            order.Add(name);
            return order.Count;
        }
        Task<int> Call(RoomMember member, string name) => room.Service.TakeTurnAsync(member, () => Note(name), Token);
        var calls = Enumerable.Range(0, 500).Select(number => Call(room.Agency, $"agency {number}")).ToList();
        var other = Call(room.Retailer, "retailer");
        using var gone = new CancellationTokenSource();
        var left = room.Service.TakeTurnAsync(room.Agency, () => Note("left"), gone.Token);
        await gone.CancelAsync();

        // A pool whose threads wait for a lock would begin nothing else for minutes.
        Assert.Equal(7, await Task.Run(() => 7, Token).WaitAsync(Patience, Token));
        release.Set();
        await Task.WhenAll([.. calls, other]).WaitAsync(Patience, Token);
        Assert.Equal(["agency 0", "retailer", "agency 1"], order.Take(3));
        Assert.Equal(501, order.Count);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Noise that a test can hold up, and so the analysis that draws it.
    private sealed class BlockingNoise : IRandomBytes, IDisposable
    {
        private readonly SeededBytes random = new(4);
        private readonly ManualResetEventSlim released = new(initialState: true);
        private readonly ManualResetEventSlim reached = new();

        public Action? OnDraw { get; set; }

        public bool IsBlocked
        {
            set
            {
                if (value)
                {
                    reached.Reset();
                    released.Reset();
                }
                else
                {
                    released.Set();
                }
            }
        }

        public void WaitUntilReached(TimeSpan patience) => Assert.True(reached.Wait(patience, Token), "the analysis draws no noise");

        public void Fill(Span<byte> bytes)
        {
            OnDraw?.Invoke();
            reached.Set();
            released.Wait(Token);
            random.Fill(bytes);
        }

        public void Dispose()
        {
            released.Dispose();
            reached.Dispose();
        }
    }
}
