using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Room;

/// <summary>Contracts that succeed others: they need votes, and spent budgets stay spent.</summary>
public sealed class SuccessionTests
{
    private static readonly IdentityKey Third = IdentityKey.Create();

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
    public void What_was_spent_stays_spent_under_the_successor_and_the_old_room_ends()
    {
        using var room = new TestRoom(TestContract.Read(("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n")), seed: 1);
        var random = new Random(8);
        var (campaign, customers) = (TestRows.Campaign(random, 1_500, 2_000), TestRows.Customers(random, 1_500, 2_000));
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(customers));
        room.Ask(new Question { Kind = QuestionKind.Overlap });

        var next = Next(
            room.Contract, ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n"), ("minimum_audience: 20", "minimum_audience: 30"));
        using var successor = room.OpenSuccessor(
            Verify(next, room.Contract, ("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey))!);
        Assert.All(successor.Questions.ReadBudget().DataSets, dataSet => Assert.Equal((0.5m, 3), (dataSet.Spent, dataSet.AnswersLeft)));
        Assert.Equal("succession", successor.ReadLog().Entries.Single().Event);
        Assert.Throws<RefusedException>(
            () =>
                room.Service.Questions.Ask(
                room.Agency, new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.age", ">", ["20"])] }));
    }

    private static RoomContract Next(RoomContract before, params (string Old, string New)[] changes) => TestContract.Read(
        [("version: 1\n", $"version: 2\nprevious: {Convert.ToHexStringLower(before.Hash.Span)}\n"), .. changes]);

    private static SignedContract? Verify(RoomContract contract, RoomContract? previous, params (string Name, IdentityKey Key)[] signers) =>
        SignedContract.Verify(
        contract, signers.ToDictionary(signer => signer.Name, signer => SignedContract.Sign(contract, signer.Key)), out _, previous);
}
