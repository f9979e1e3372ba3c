using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;
using Guardian.Documents;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Tests;

/// <summary>
/// The creator of a room's session wants the room's key. A member who compares the session's hash with the contract's, and no more, agrees
/// to sessions that give it away; the CLI reads the session.
/// </summary>
public sealed class RoomSessionTests
{
    private static readonly MrEnclave Enclave = MrEnclave.TryParse(new string('a', 64), out var value) ? value : default;

    public static TheoryData<string, string, string> Attacks() => new()
    {
        // The text may be changed, and the key keeps its value or not.
        { "update: [NONE]", "update: [CREATOR]", "can be changed" },
        { "pinned: true\n", "pinned: false\n", "not pinned" },
        { "pinned: true\n", "\n", "not pinned" },
        // The same text gives the key to somebody else.
        {
            "secrets:\n", "  - name: spy\n    command: spy\n    environment:\n      KEY: $$GUARDIAN::room_key:hex$$\n    attestation:\n"
                + $"      - mrenclave: [{new string('b', 64)}]\n    platforms: [simulated]\nsecrets:\n",
            "other services"
        },
        { "    pinned: true\n", "    pinned: true\n    export: [{session: other}]\n", "exported" },
        // The key goes to other code, to debug enclaves, or to hardware that the members did not accept.
        { $"mrenclave: [{new string('a', 64)}]", $"mrenclave: [{new string('a', 64)}, {new string('b', 64)}]", "does not accept" },
        { "    platforms: [simulated]\n", "    platforms: [simulated]\n    debug: true\n", "does not accept" },
        { "    platforms: [simulated]\n", "    platforms: [simulated, hardware]\n", "does not accept" },
        { "    platforms: [simulated]\n", "    platforms: [simulated]\n    tcb: {statuses: [UpToDate, OutOfDate]}\n", "does not accept" },
        // The room has no key, or one that somebody chose.
        { "ROOM_KEY: $$GUARDIAN::room_key:hex$$", $"ROOM_KEY: {new string('0', 64)}", "gets no secret" },
        { "ROOM_KEY: $$GUARDIAN::room_key:hex$$", "OTHER: $$GUARDIAN::room_key:hex$$", "gets no secret" },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public void A_session_through_which_the_key_could_leave_is_refused_although_the_members_signed_its_hash(
        string old, string replacement, string expected)
    {
        Assert.Contains(old, Honest, StringComparison.Ordinal);
        var session = Honest.Replace(old, replacement, StringComparison.Ordinal);
        var contract = ReadContract(session);
        // Naive: the hash is the one that everybody signed.
        Assert.Equal(HashOf(session), contract.Cas.SessionHash);
        var refusal = Assert.Throws<RefusedException>(() => RoomSession.Require(contract, Encoding.UTF8.GetBytes(session))).Refusal;
        Assert.Contains(expected, refusal.Detail, StringComparison.Ordinal);
        Assert.True(refusal.Code is "open-session" or "bad-session", refusal.Code);
    }

    [Fact]
    public void The_session_that_the_cli_writes_is_accepted_and_another_text_is_not()
    {
        var contract = ReadContract(Honest);
        RoomSession.Require(contract, Encoding.UTF8.GetBytes(Honest));
        Assert.Equal("other-session", Assert.Throws<RefusedException>(
            () => RoomSession.Require(contract, Encoding.UTF8.GetBytes(Honest + "\n"))).Refusal.Code);
    }

    private static string Honest { get; } = RoomTemplates.WriteSession("test", Enclave, [PlatformKind.Simulated]);

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static RoomContract ReadContract(string session)
    {
        using var agency = IdentityKey.Create();
        using var retailer = IdentityKey.Create();
        var text = RoomTemplates.WriteContractHead(
            "test", [("agency", agency.PublicKey), ("retailer", retailer.PublicKey)], Enclave, Enclave, [PlatformKind.Simulated],
            HashOf(session), new string('0', 64)) + RoomTemplates.WriteContractBody("agency", "retailer");
        var problems = new DocumentProblems();
        return ContractReader.Read(Encoding.UTF8.GetBytes(text), problems)
            ?? throw new InvalidDataException(string.Join('\n', problems.Items));
    }
}
