using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Tests.Support;

/// <summary>A CAS and a room of agency and retailer, set up with the commands that people use, running until the tests end.</summary>
public class RoomFixture : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly int casPort = ReservedPort.Reserve();
    private readonly int roomPort = ReservedPort.Reserve();
    private Running? cas;
    private Running? room;

    internal const int Persons = 3_000;

    internal string Folder => folder.Path;

    internal string CasAddress => $"127.0.0.1:{casPort}";

    internal string RoomAddress => $"127.0.0.1:{roomPort}";

    internal string SessionHash { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var agency = await CreateKeyAsync("agency.pem");
        var retailer = await CreateKeyAsync("retailer.pem");
        await CreateKeyAsync("stranger.pem");
        await StartCasAsync();
        (await RunAsync("room", "session", "test", "--platform", "simulated")).Ends(0);
        var created = (await RunAsync(
            "session", "create", "session.yaml", "--cas", CasAddress, "--key", "agency.pem", "--platform", "simulated", "--json")).Ends(0);
        SessionHash = (string)created.Json["hash"]!;
        var identity = (string)(await RunAsync("cas", "attest", CasAddress, "--platform", "simulated", "--json")).Ends(0).Json["identity"]!;
        (await RunAsync("room", "create", "test", "--session-hash", SessionHash, "--cas-identity", identity, "--member",
            $"agency={agency}", "--member", $"retailer={retailer}", "--platform", "simulated")).Ends(0);
        // Exact figures, so that tests can name them.
        folder.Write("room.yaml",
            Edit((await System.IO.File.ReadAllTextAsync(folder.File("room.yaml")))
            .Replace("noise: {epsilon: 0.1}", "noise: none", StringComparison.Ordinal)));
        (await RunAsync("room", "sign", "room.yaml", "--member", "agency", "--key", "agency.pem")).Ends(0);
        (await RunAsync("room", "sign", "room.yaml", "--member", "retailer", "--key", "retailer.pem")).Ends(0);
        await StartRoomAsync();
        WriteData();
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        room?.Dispose();
        cas?.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    internal Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(Folder, arguments);

    /// <summary>A room command as a member, with the room's address.</summary>
    internal Task<Result> AsAsync(string member, string command, params string[] more) =>
        RunAsync(["room", command, "room.yaml", "--room", RoomAddress, "--key", $"{member}.pem", .. more]);

    internal async Task StartCasAsync()
    {
        cas?.Dispose();
        cas = await GuardianProgram.ServeAsync(
            Folder, "Guardian.Cas", "guardian-cas", "--state", folder.File("cas"), "--machine", folder.File("machine"), "--listen",
            CasAddress, "--owners", GuardianProgram.PublicKey(folder.File("agency.pem")), "--threshold", "1");
    }

    internal async Task StartRoomAsync(params string[] more)
    {
        room?.Dispose();
        room = await GuardianProgram.ServeAsync(
            Folder, "Guardian.Enclave", "guardian-enclave",
            ["--state", folder.File("room"), "--machine", folder.File("machine"), "--listen", RoomAddress, "--contract",
            folder.File("room.yaml"), "--cas", $"https://{CasAddress}", .. more]);
    }

    internal void KillCas() => cas!.Dispose();

    internal void KillRoom() => room!.Dispose();

    internal void FreezeCas(bool isFrozen) => cas!.Freeze(isFrozen);

    /// <summary>The room as a library user reaches it.</summary>
    internal (RoomClient Client, RoomContract Contract) Connect(string member)
    {
        using var key = IdentityKey.Load(folder.File($"{member}.pem"));
        var file = RoomFile.Load(folder.File("room.yaml"));
        return (
            file.Connect(new Uri($"https://{RoomAddress}"), key.CreateClientCertificate(TimeProvider.System.GetUtcNow())), file.Contract);
    }

    /// <summary>The change that the members make to their first contract.</summary>
    protected virtual string Edit(string contract) => contract;

    internal string File(string name) => folder.File(name);

    // Every second customer is in the campaign.
    private void WriteData()
    {
        folder.Write("campaign.csv",
            "email,arm,exposed\n"
            + string.Concat(
            Enumerable.Range(0, Persons).Select(i => $"P{2 * i}@Example.com,{(i % 2 == 0 ? "Treatment" : "Control")},{i % 2}\n")));
        folder.Write("customers.csv",
            "email,region,visit,spend\n"
            + string.Concat(Enumerable.Range(0, Persons).Select(
            i => $"p{i}@example.com,{(i % 3 == 0 ? "North" : "South")},{(i % 5 == 0 ? 1 : 0)},{i % 7}.50\n")));
    }

    private async Task<string> CreateKeyAsync(string name) =>
        (string)(await RunAsync("key", "create", name, "--json")).Ends(0).Json["publicKey"]!;
}
