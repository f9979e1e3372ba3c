using System.Text;
using System.Text.Json;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// Somebody wants a second budget: by a successor that not all agreed on, by two successors, by asking the old room again, or by a
/// hand-over that the old room did not make. A room that hands over what it is asked for, and a successor that believes what it is given,
/// fall for all of them.
/// </summary>
public sealed class SuccessionAttackTests : IDisposable
{
    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };
    private static readonly Question Other = new()
    {
        Kind = QuestionKind.Overlap, Where = [new Predicate("customers.age", ">", ["20"])],
    };

    private readonly TestRoom room = new(TestContract.Read(SuccessionContracts.Rules), seed: 1);
    private readonly NaiveRoomOfBudget naive = new(2);
    private readonly (TestTag, TestTag) tags = (new TestTag(), new TestTag());

    public SuccessionAttackTests()
    {
        Upload(room.Service);
        room.Ask(Overlap);
        naive.Ask();
    }

    public void Dispose() => room.Dispose();

    [Fact]
    public void A_successor_that_a_member_did_not_sign_gets_nothing()
    {
        var next = Next(SuccessionContracts.NewSession);
        Assert.NotNull(naive.HandOver("next"));
        Assert.Equal("no-successor", room.TryHandOver(next, ("agency", TestContract.AgencyKey)).Refusal!.Code);
        using var other = IdentityKey.Create();
        Assert.Equal("no-successor", room.TryHandOver(next, ("agency", TestContract.AgencyKey), ("retailer", other)).Refusal!.Code);
        // A member who joins signs too, and a signature is for one contract.
        var joined = Next(("  - {name: retailer,", $"  - {{name: press, key: {other.PublicKey}}}\n  - {{name: retailer,"));
        Assert.Equal("no-successor", room.TryHandOver(joined, SuccessionContracts.Both).Refusal!.Code);
        var signatures = SuccessionContracts.Both.ToDictionary(signer => signer.Name, signer => SignedContract.Sign(joined, signer.Key));
        Assert.Equal("no-successor", room.Service.Succession.HandOver(
            room.Agency, new SuccessorRequest(TestContract.TextOf(next), signatures)).Refusal!.Code);
        AssertOpen();
    }

    [Fact]
    public void A_contract_of_another_room_or_with_another_predecessor_gets_nothing()
    {
        Assert.NotNull(naive.HandOver("anything"));
        foreach (var contract in new[]
        {
            Next(("room: test-room", "room: other")), Next(("version: 2", "version: 3")), room.Contract,
            SuccessionContracts.Next(TestContract.Read()), SuccessionContracts.Next(Next()),
        })
        {
            Assert.Equal("no-successor", room.TryHandOver(contract, SuccessionContracts.Both).Refusal!.Code);
        }
        foreach (var bytes in new[] { "", "[]", "room: x", "previous: 1" })
        {
            Assert.Equal("no-successor", room.Service.Succession.HandOver(
                room.Agency, new SuccessorRequest(Encoding.UTF8.GetBytes(bytes), new Dictionary<string, string>())).Refusal!.Code);
        }
        AssertOpen();
    }

    [Fact]
    public void There_is_one_successor()
    {
        var (one, two) = (Next(SuccessionContracts.NewSession), Next(("minimum_audience: 20", "minimum_audience: 30")));
        Assert.NotNull(naive.HandOver("one"));
        Assert.NotNull(naive.HandOver("two"));
        room.HandOverTo(one);
        Assert.Equal("handed-over", room.TryHandOver(two, SuccessionContracts.Both).Refusal!.Code);
        room.Reopen();
        Assert.Equal("handed-over", room.TryHandOver(two, SuccessionContracts.Both).Refusal!.Code);
        // A statement that was lost is given again; it is still for the same successor, and for no other.
        var again = room.HandOverTo(one);
        using var successor = room.OpenSuccessor(Sign(one), again, tags);
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(two), again, (new TestTag(), new TestTag()), "two")));
    }

    [Fact]
    public void The_old_room_answers_nothing_more_whatever_the_host_does()
    {
        room.CopyState("before");
        using var twin = room.OpenAnother();
        var head = room.Head.Value;
        room.HandOverTo(Next(SuccessionContracts.NewSession));
        naive.HandOver("next");
        Assert.True(naive.Ask());

        void AssertClosed()
        {
            Assert.Equal("handed-over", room.Refusal(Overlap));
            Assert.Equal("handed-over", room.Refusal(Other));
            Assert.Equal("handed-over", room.Service.DataSets.ReadKeys(room.Agency, "campaign").Refusal!.Code);
            Assert.Equal("handed-over", room.Service.DataSets.BeginUpload(
                room.Agency, "campaign", new UploadRequest(new string('a', 64), 1)).Refusal!.Code);
            Assert.Equal("handed-over", room.Service.DataSets.Delete(room.Agency, "campaign").Refusal!.Code);
            Assert.Empty(Directory.GetFiles(room.StateFolder, "*.chunks", SearchOption.AllDirectories));
        }
        AssertClosed();
        room.Reopen();
        AssertClosed();
        // Members can still read what there was.
        Assert.NotEmpty(room.Service.ReadLog().Entries);
        Assert.Single(room.Service.Questions.ListAnswers(room.Agency).Value!.Answers);

        // An enclave that was running on the same state, and an older copy of the folder.
        Assert.Throws<RefusedException>(() => twin.Questions.Ask(room.Agency, Other));
        room.Service.Dispose();
        room.CopyState("before", restore: true);
        Assert.Equal("state-changed", RefusalOf(() => room.OpenAnother()));
        Assert.NotEqual(head, room.Head.Value);
    }

    [Fact]
    public void A_hand_over_that_the_CAS_did_not_see_gives_no_statement_and_can_be_repeated()
    {
        var next = Next(SuccessionContracts.NewSession);
        room.CopyState("before");
        room.Head.IsAway = true;
        Assert.Throws<RefusedException>(() => room.TryHandOver(next, SuccessionContracts.Both));
        room.Head.IsAway = false;
        // The old copy would still open, so there must not be a statement yet; the next one moves the head.
        room.HandOverTo(next);
        room.Service.Dispose();
        room.CopyState("before", restore: true);
        Assert.Equal("state-changed", RefusalOf(() => room.OpenAnother()));
    }

    [Fact]
    public void A_crash_at_any_step_of_a_hand_over_ends_with_one_budget()
    {
        var next = Next(SuccessionContracts.NewSession);
        var steps = new List<(string Name, byte[]? Head, byte[]? Secret)>();
        void Note()
        {
            var name = $"step{steps.Count}";
            room.CopyState(name);
            steps.Add((name, room.Head.Value, room.KeySecret.Value));
        }
        (room.Head.AtStep, room.KeySecret.AtStep) = (Note, Note);
        room.HandOverTo(next);
        (room.Head.AtStep, room.KeySecret.AtStep) = (null, null);
        Assert.True(steps.Count >= 4);
        foreach (var (name, head, secret) in steps)
        {
            room.CopyState(name, restore: true);
            (room.Head.Value, room.KeySecret.Value) = (head, secret);
            room.Reopen();
            var statement = room.HandOverTo(next);
            Assert.Equal("handed-over", room.Refusal(Overlap));
            using var successor = room.OpenSuccessor(Sign(next), statement, (new TestTag(), new TestTag()), $"next-{name}");
            Assert.Equal(0.5m, successor.Questions.ReadBudget().DataSets[0].Spent);
        }
    }

    [Fact]
    public void A_successor_believes_no_hand_over_but_that_of_the_old_room()
    {
        var next = Next(SuccessionContracts.NewSession);
        // Nothing at all, and something that is no statement.
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), null, tags)));
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), "{}"u8.ToArray(), tags)));
        // Code with another measurement writes that nothing was spent.
        var forged = new HandOverStatement(
            "test-room", Convert.ToHexStringLower(room.Contract.Hash.Span), Convert.ToHexStringLower(next.Hash.Span),
            DateTimeOffset.UnixEpoch, new Dictionary<string, decimal> { ["campaign"] = 0, ["customers"] = 0 }, 1, new string('0', 64));
        var payload = JsonSerializer.SerializeToUtf8Bytes(forged, AnswerJson.Default.HandOverStatement);
        Assert.Equal(0m, NaiveRoomOfBudget.Read(payload)["campaign"]);
        foreach (var contract in new[] { room.Contract, next })
        {
            var statement = TestRoom.SignElsewhere(contract, payload, HandOverStatement.StatementType);
            Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), statement, tags)));
        }
        // The right code, but a statement of another type, or an altered one.
        var answer = room.Service.Questions.Ask(room.Agency, Overlap).Value!;
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), answer, tags)));
        var real = room.HandOverTo(next);
        real[real.Length / 2] ^= 1;
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), real, tags)));
    }

    [Fact]
    public void A_hand_over_is_of_no_use_to_another_contract_and_holds_no_secret()
    {
        var next = Next(SuccessionContracts.NewSession);
        var statement = room.HandOverTo(next);
        // Code with another measurement needs a contract that names it, which the members did not give the room to.
        var stolen = Next(
            SuccessionContracts.NewSession, ($"mrenclave: [{TestRoom.Measurement}]", $"mrenclave: [{new string('f', 64)}]"));
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(stolen), statement, tags)));
        // All that it has is what every member reads in the log and the budget.
        using var json = JsonDocument.Parse(room.Payload(statement, HandOverStatement.StatementType));
        Assert.Equal(
            ["room", "contractHash", "successor", "instant", "spent", "entries", "logHash"],
            json.RootElement.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public void A_successor_that_has_begun_cannot_begin_again_with_an_empty_log()
    {
        var next = Next(SuccessionContracts.NewSession);
        var statement = room.HandOverTo(next);
        using (var successor = room.OpenSuccessor(Sign(next), statement, tags))
        {
            Upload(successor);
            Assert.Null(successor.Questions.Ask(room.Agency, Overlap).Refusal);
        }
        // The host uses an empty folder, or cuts the log.
        Assert.Equal("state-changed", RefusalOf(() => room.OpenSuccessor(Sign(next), statement, tags, "empty")));
        var log = Directory.GetFiles(room.PathOf("next"), "log", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(log);
        File.WriteAllBytes(log, bytes[..10]);
        Assert.Equal("state-changed", RefusalOf(() => room.OpenSuccessor(Sign(next), statement, tags)));
        File.WriteAllBytes(log, bytes);
        using var again = room.OpenSuccessor(Sign(next), null, tags);
        Assert.Equal(1m, again.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void A_log_that_a_crash_cut_off_in_its_first_entry_still_needs_the_hand_over()
    {
        var next = Next(SuccessionContracts.NewSession);
        var statement = room.HandOverTo(next);
        var folder = Path.Combine(room.PathOf("next"), Convert.ToHexStringLower(next.Hash.Span[..8]));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "format"), "3\n");
        File.WriteAllBytes(Path.Combine(folder, "log"), [200, 0, 0, 0, 1, 2, 3]);
        Assert.Equal("no-hand-over", RefusalOf(() => room.OpenSuccessor(Sign(next), null, tags)));
        using var successor = room.OpenSuccessor(Sign(next), statement, tags);
        Assert.Equal(0.5m, successor.Questions.ReadBudget().DataSets[0].Spent);
    }

    private RoomContract Next(params (string Old, string New)[] changes) => SuccessionContracts.Next(room.Contract, changes);

    private SignedContract Sign(RoomContract contract) => SuccessionContracts.Sign(contract, room.Contract);

    private void AssertOpen() => Assert.Null(room.Service.Questions.Ask(room.Agency, Other).Refusal);

    private static string RefusalOf(Func<RoomService> open) => Assert.Throws<RefusedException>(() => open().Dispose()).Refusal.Code;

    private void Upload(RoomService service) => SuccessionContracts.Upload(room, service);

    // Hands its budget to everybody who asks, goes on answering, and believes every statement about what was spent.
    private sealed class NaiveRoomOfBudget(int answers)
    {
        private int left = answers;

        public string? HandOver(string successor) => $"{successor}: {left}";

        public bool Ask() => left-- > 0;

        public static IReadOnlyDictionary<string, decimal> Read(byte[] payload) =>
            JsonSerializer.Deserialize(payload, AnswerJson.Default.HandOverStatement)!.Spent;
    }
}
