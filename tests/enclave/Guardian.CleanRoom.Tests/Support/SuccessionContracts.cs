using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Contracts that succeed others, and what their members do.</summary>
internal static class SuccessionContracts
{
    /// <summary>Rules with a budget; the contract names the code that runs in these tests.</summary>
    public static (string Old, string New)[] Rules =>
    [
        ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 2\n"),
        ($"enclave:\n  attestation:\n    - mrenclave: [{TestContract.Measurement}]",
            $"enclave:\n  attestation:\n    - mrenclave: [{TestRoom.Measurement}]"),
    ];

    /// <summary>The change to a new session.</summary>
    public static (string Old, string New) NewSession => ("session: test-room/room", "session: test-room-2/room");

    /// <summary>Both members, who sign.</summary>
    public static (string Name, IdentityKey Key)[] Both => [("agency", TestContract.AgencyKey), ("retailer", TestContract.RetailerKey)];

    /// <summary>Makes a contract that succeeds another.</summary>
    public static RoomContract Next(RoomContract before, params (string Old, string New)[] changes) => TestContract.Read(
        [("version: 1\n", $"version: 2\nprevious: {Convert.ToHexStringLower(before.Hash.Span)}\nguard: reset\n"), .. Rules, .. changes]);

    /// <summary>Signs it as both members.</summary>
    public static SignedContract Sign(RoomContract contract, RoomContract previous) => SignedContract.Verify(
        contract, Both.ToDictionary(signer => signer.Name, signer => SignedContract.Sign(contract, signer.Key)), out _, previous)!;

    /// <summary>Asks a room to hand itself over.</summary>
    public static Outcome<byte[]> TryHandOver(this TestRoom room, RoomContract next, params (string Name, IdentityKey Key)[] signers) =>
        room.Service.Succession.HandOver(room.Retailer, new SuccessorRequest(
            TestContract.TextOf(next), signers.ToDictionary(signer => signer.Name, signer => SignedContract.Sign(next, signer.Key))));

    /// <summary>Hands a room over.</summary>
    /// <returns>The statement.</returns>
    public static byte[] HandOverTo(this TestRoom room, RoomContract next)
    {
        var (statement, refusal) = room.TryHandOver(next, Both);
        Assert.True(statement is not null, refusal?.Detail);
        return statement;
    }

    /// <summary>Uploads both data sets to the room or its successor.</summary>
    public static void Upload(TestRoom room, RoomService service)
    {
        var random = new Random(8);
        room.UploadTo(service, "campaign", TestRows.Csv(TestRows.Campaign(random, 1_500, 2_000)));
        room.UploadTo(service, "customers", TestRows.Csv(TestRows.Customers(random, 1_500, 2_000)));
    }
}
