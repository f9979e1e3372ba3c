using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;
using Guardian.Refusals;
using Guardian.Simulation;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Contracts that succeed others: they need votes, and spent budgets stay spent.</summary>
public sealed class SuccessionTests
{
    private static readonly IdentityKey Third = IdentityKey.Create();

    private static readonly Question Overlap = new() { Kind = QuestionKind.Overlap };

    private readonly RoomContract first = TestContract.Read();

    [Fact]
    public void A_successor_needs_the_votes_of_all_members_before()
    {
        var next = Next(first, ("minimum_audience: 20", "minimum_audience: 30"));
        Assert.NotNull(Verify(next, first, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)));
        Assert.Null(Verify(next, null, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)));
        Assert.Null(Verify(next, TestContract.Read(("minimum_audience: 20", "minimum_audience: 21")), ("agency", TestContract.AgencyKey),
            ("retailer", TestContract.RetailerKey)));
        Assert.Null(Verify(next, first, ("agency", TestContract.AgencyKey)));
    }

    [Fact]
    public void Who_joins_signs_and_who_leaves_can_be_outvoted_only_where_a_majority_decides()
    {
        var three = ("  - {name: retailer,", $"  - {{name: press, key: {Third.PublicKey}}}\n  - {{name: retailer,");
        var joined = Next(first, three);
        Assert.Null(Verify(joined, first, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)));
        Assert.NotNull(Verify(joined, first, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey), ("press", Third)));

        foreach (var (rule, isEnough) in new[] { ("all", false), ("majority", true) })
        {
            var before = TestContract.Read(three, ("version: 1", $"version: 1\namendment: {rule}"));
            var without = Next(before);
            Assert.Equal(
                isEnough, Verify(without, before, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)) is not null);
            Assert.NotNull(
                Verify(without, before, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey), ("press", Third)));
        }
    }

    [Fact]
    public void Another_room_or_a_skipped_version_is_no_successor()
    {
        Assert.Null(Verify(Next(first, ("room: test-room", "room: other")), first, ("agency", TestContract.AgencyKey),
            ("retailer", TestContract.RetailerKey)));
        Assert.Null(Verify(
            Next(first, ("version: 2", "version: 3")), first, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)));
    }

    [Fact]
    public void The_budget_and_the_log_go_over_to_new_code_with_a_new_session()
    {
        using var room = new TestRoom(TestContract.Read(SuccessionContracts.Rules), seed: 1);
        SuccessionContracts.Upload(room, room.Service);
        room.Ask(Overlap);
        var next = SuccessionContracts.Next(room.Contract, SuccessionContracts.NewSession);
        var statement = room.HandOverTo(next);
        using var successor = room.OpenSuccessor(
            SuccessionContracts.Sign(next, room.Contract), statement, (new TestTag(), new TestTag()));
        Assert.All(successor.Questions.ReadBudget().DataSets, dataSet => Assert.Equal((0.5m, 3), (dataSet.Spent, dataSet.AnswersLeft)));

        // Members verify across the hand-over.
        var handOver = HandOver.Verify(
            statement, room.Contract, next, TimeProvider.System.GetUtcNow(), SimulatedPlatforms.Verifier).Value!;
        var (old, log) = (room.Service.ReadLog().Entries, successor.ReadLog().Entries);
        Assert.Equal(("hand-over", old[^1].Hash, old.Count), (old[^1].Event, handOver.LogHash, (int)handOver.Entries));
        Assert.Null(LogChain.FindProblem(log));
        Assert.Null(LogChain.FindProblem(handOver, log));
        Assert.Contains(old[^1].Hash, Assert.Single(log).Detail, StringComparison.Ordinal);
        Assert.NotNull(LogChain.FindProblem(handOver with { LogHash = old[^2].Hash }, log));
        Assert.NotNull(LogChain.FindProblem(handOver, old));

        // Ordinary life goes on: the owners upload again and ask.
        SuccessionContracts.Upload(room, successor);
        Assert.Null(successor.Questions.Ask(room.Agency, Overlap).Refusal);
        Assert.Equal(1m, successor.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void The_session_may_stay_the_same()
    {
        using var room = new TestRoom(TestContract.Read(SuccessionContracts.Rules), seed: 1);
        SuccessionContracts.Upload(room, room.Service);
        room.Ask(Overlap);
        var next = SuccessionContracts.Next(room.Contract);
        using var successor = room.OpenSuccessor(SuccessionContracts.Sign(next, room.Contract), room.HandOverTo(next), null);
        Assert.Equal(0.5m, successor.Questions.ReadBudget().DataSets[0].Spent);
        SuccessionContracts.Upload(room, successor);
        Assert.Null(successor.Questions.Ask(room.Agency, Overlap).Refusal);
    }

    [Fact]
    public void A_contract_that_this_release_cannot_read_whole_may_succeed()
    {
        using var room = new TestRoom(TestContract.Read(SuccessionContracts.Rules), seed: 1);
        var text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(TestContract.TextOf(SuccessionContracts.Next(room.Contract))).Replace(
            "analyses:\n", "analyses:\n  forecast: {years: 3}\n", StringComparison.Ordinal));
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(text, problems));
        var head = ContractHead.Read(text, new DocumentProblems())!;
        // Signed like members with a later release do.
        var signatures = SuccessionContracts.Both.ToDictionary(signer => signer.Name, signer => Convert.ToBase64String(
            signer.Key.Sign([.. "guardian-room-contract-v1\0"u8, .. head.Hash.Span])));
        Assert.Null(room.Service.Succession.HandOver(room.Agency, new SuccessorRequest(text, signatures)).Refusal);
    }

    private static RoomContract Next(RoomContract before, params (string Old, string New)[] changes) => TestContract.Read(
        [("version: 1\n", $"version: 2\nprevious: {Convert.ToHexStringLower(before.Hash.Span)}\nguard: reset\n"), .. changes]);

    private static SignedContract? Verify(RoomContract contract, RoomContract? previous, params (string Name, IdentityKey Key)[] signers) =>
        SignedContract.Verify(
        contract, signers.ToDictionary(signer => signer.Name, signer => SignedContract.Sign(contract, signer.Key)), out _, previous);
}
