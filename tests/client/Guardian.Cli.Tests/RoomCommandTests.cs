using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Tests.Support;
using Parquet;
using Parquet.Schema;

namespace Guardian.Cli.Tests;

/// <summary>A room as its users meet it: what works, what is refused, and what they are told.</summary>
[Trait("Starts", "processes")]
public sealed class RoomCommandTests(RoomFixture room) : IClassFixture<RoomFixture>
{
    private const string WrongMeasurement = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task A_kill_of_enclave_and_cas_amid_an_upload_loses_nothing_and_the_upload_resumes()
    {
        foreach (
            var (member, dataSet, file) in new[] { ("agency", "campaign", "campaign.csv"), ("retailer", "customers", "customers.csv") })
        {
            var (client, contract) = room.Connect(member);
            using (client)
            {
                var data = contract.FindDataSet(dataSet)!;
                var keys = await client.ReadKeysAsync(dataSet);
                var prepared = new DataSetPreparer(data, Guardian.CleanRoom.Layout.RoomLayout.For(contract))
                    .Prepare(room.File(file), keys.MatchKey);
                Assert.True(prepared.GroupCount >= 4);
                var acknowledged = new List<long>();
                Task? restart = null;
                await new RoomUploader(client, contract, data) { Patience = TimeSpan.FromMinutes(10) }.UploadAsync(
                    prepared, keys.UploadSecret, new OnReport(progress =>
                {
                    acknowledged.Add(progress.Bytes);
                    if (restart is null && acknowledged.Count == 2)
                    {
                        room.KillRoom();
                        room.KillCas();
                        restart = RestartAsync();
                    }
                }));
                await restart!;
                // Each acknowledgement is one chunk further than the last: nothing was sent twice, nothing is missing.
                Assert.Equal(Enumerable.Range(1, prepared.GroupCount).Select(chunk => acknowledged[0] * chunk), acknowledged);
            }
        }
        await AnswersAreRightAsync();

        async Task RestartAsync()
        {
            await room.StartCasAsync();
            await room.StartRoomAsync();
        }
    }

    [Fact]
    public async Task Upload_goes_on_after_its_own_end_and_says_so()
    {
        var (client, contract) = room.Connect("agency");
        using (client)
        {
            var data = contract.FindDataSet("campaign")!;
            var path = room.File("other.csv");
            await File.WriteAllTextAsync(
                path,
                "email,arm,exposed\n,Control,0\nx,Control,0\n"
                + string.Concat(Enumerable.Range(0, 500).Select(i => $"q{i / 2}@example.com,Control,0\n")));
            var keys = await client.ReadKeysAsync("campaign");
            var prepared = new DataSetPreparer(data, Guardian.CleanRoom.Layout.RoomLayout.For(contract)).Prepare(path, keys.MatchKey);
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () =>
                    new RoomUploader(client, contract, data).UploadAsync(
                    prepared, keys.UploadSecret, new OnReport(_ => stop.Cancel()), cancellation: stop.Token));
        }
        var again = (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "other.csv", "--json")).Ends(0).Json;
        Assert.Equal((1, 502, 250, 1, 1, 250), (
            (int)again["resumedAt"]!, (int)again["rows"]!, (int)again["persons"]!, (int)again["empty"]!, (int)again["invalid"]!,
            (int)again["duplicates"]!));
    }

    [Fact]
    public async Task Files_that_do_not_fit_are_refused_with_row_and_column()
    {
        async Task Refused(string text, string words)
        {
            await File.WriteAllTextAsync(room.File("bad.csv"), text);
            (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "bad.csv")).Ends(2).Says(words);
        }
        await Refused("email,arm\na@x.org,Control\n", "column 'exposed' is missing");
        await Refused("email,arm,exposed\na@x.org,Red,1\n", "row 2, column 'arm': 'Red' is not one of Treatment, Control");
        await File.WriteAllBytesAsync(room.File("latin1.csv"), [.. "email,arm,exposed\nm"u8, 0xFC, .. "ller@x.org,Control,1\n"u8]);
        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "latin1.csv")).Ends(2).Says("line 2");
        await WriteParquetAsync(room.File("bad.parquet"));
        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "bad.parquet")).Ends(2)
            .Says("row 2, column 'arm': 'Red' is not one of Treatment, Control");
        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "absent.csv")).Ends(3).Says("absent.csv");
        (await room.AsAsync("retailer", "upload", "--dataset", "campaign", "--data", "campaign.csv")).Ends(1).Says("may not upload it");
    }

    private static async Task WriteParquetAsync(string path)
    {
        var (email, arm, exposed) = (new DataField<string>("email"), new DataField<string>("arm"), new DataField<int?>("exposed"));
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(email, arm, exposed), file);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync(email, ["a@x.org", "b@x.org"]);
        await group.WriteAsync(arm, ["Control", "Red"]);
        await group.WriteAsync<int>(exposed, new int?[] { 1, null });
        group.CompleteValidate();
    }

    [Fact]
    public async Task Strangers_and_unreachable_rooms_are_told_apart()
    {
        (await room.AsAsync("stranger", "status")).Ends(1).Says("this key is no member's");
        (await room.RunAsync("room", "status", "room.yaml", "--room", "127.0.0.1:1", "--key", "agency.pem")).Ends(3)
            .Says("does not answer");
        (await room.RunAsync("room", "status", "room.yaml", "--room", room.CasAddress, "--key", "agency.pem")).Ends(1).Says("mrenclave");
    }

    [Fact]
    public async Task An_unsigned_or_altered_contract_is_refused_by_everyone()
    {
        var copy = room.File("altered.yaml");
        await File.WriteAllTextAsync(
            copy,
            (await File.ReadAllTextAsync(room.File("room.yaml")))
            .Replace("minimum_audience: 100", "minimum_audience: 20", StringComparison.Ordinal));
        (await room.RunAsync("room", "status", copy, "--room", room.RoomAddress, "--key", "agency.pem")).Ends(1)
            .Says("agency has not signed").Says("retailer has not signed");
        foreach (var member in new[] { "agency", "retailer" })
        {
            File.Copy(room.File($"room.yaml.{member}.sig"), $"{copy}.{member}.sig", overwrite: true);
        }
        (await room.RunAsync("room", "status", copy, "--room", room.RoomAddress, "--key", "agency.pem")).Ends(1)
            .Says("changed after signing");
        (await room.RunAsync("room", "start", copy, "--cas", room.CasAddress)).Ends(1).Says("changed after signing");
        var host = await Assert.ThrowsAsync<InvalidOperationException>(() => GuardianProgram.ServeAsync(
            room.Folder, "Guardian.Enclave", "guardian-enclave", "--state", room.File("other"), "--machine", room.File("machine"),
            "--listen", "127.0.0.1:0",
            "--contract", copy, "--cas", $"https://{room.CasAddress}"));
        Assert.Contains("exit code 1", host.Message, StringComparison.Ordinal);

        // Signed again by both, it is another contract than the one the enclave runs. The old signatures are not overwritten.
        (await room.RunAsync("room", "sign", copy, "--member", "agency", "--key", "retailer.pem")).Ends(1).Says("another key");
        (await room.RunAsync("room", "sign", copy, "--member", "agency", "--key", "agency.pem")).Ends(2).Says("already exists");
        File.Delete($"{copy}.agency.sig");
        File.Delete($"{copy}.retailer.sig");
        (await room.RunAsync("room", "sign", copy, "--member", "agency", "--key", "agency.pem")).Ends(0);
        (await room.RunAsync("room", "sign", copy, "--member", "retailer", "--key", "retailer.pem")).Ends(0);
        (await room.RunAsync("room", "status", copy, "--room", room.RoomAddress, "--key", "agency.pem")).Ends(1)
            .Says("for another context of its role");
    }

    [Fact]
    public async Task A_wrong_measurement_and_a_simulated_quote_are_refused_before_anything_is_sent()
    {
        (await room.RunAsync("cas", "attest", room.CasAddress, "--platform", "simulated")).Ends(0);
        (await room.RunAsync("cas", "attest", room.CasAddress)).Ends(1).Says("platform").Says("simulated");
        (await room.RunAsync("cas", "attest", room.CasAddress, "--platform", "simulated", "--mrenclave", WrongMeasurement)).Ends(1)
            .Says(WrongMeasurement);
        (await room.RunAsync("session", "create", "session.yaml", "--cas", room.CasAddress, "--key", "agency.pem")).Ends(1)
            .Says("platform");
    }

    [Fact]
    public async Task The_cas_denies_code_that_the_session_does_not_name()
    {
        (await room.RunAsync(
            "room", "session", "other", "--platform", "simulated", "--mrenclave", WrongMeasurement, "--output", "other.yaml")).Ends(0);
        (await StartWithSessionAsync("other")).Ends(1).Says("mrenclave").Says(WrongMeasurement);
    }

    // A creator who can change the session adds a service that prints the room's key, and reads the partners' rows.
    [Theory]
    [InlineData("changeable", "access_policy: {update: [NONE], read: [ANY]}\n", "")]
    [InlineData("majority", "update: [NONE]", "update: [{require-all: [CREATOR, NONE]}]")]
    [InlineData("unpinned", "    pinned: true\n", "")]
    [InlineData("exported", "    pinned: true\n", "    pinned: true\n    export_public: true\n")]
    public async Task A_room_whose_key_could_leave_the_enclave_does_not_start(string name, string text, string replacement)
    {
        (await room.RunAsync("room", "session", name, "--platform", "simulated", "--output", $"{name}.yaml")).Ends(0);
        var session = await File.ReadAllTextAsync(room.File($"{name}.yaml"));
        Assert.Contains(text, session, StringComparison.Ordinal);
        await File.WriteAllTextAsync(room.File($"{name}.yaml"), session.Replace(text, replacement, StringComparison.Ordinal));
        (await StartWithSessionAsync(name)).Ends(1).Says("could be changed so that the room's key leaves the enclave");
    }

    [Fact]
    public async Task Wrong_usage_ends_with_two_and_a_hint()
    {
        (await room.RunAsync("room", "ask", "room.yaml", "overlap")).Ends(2).Says("--room").Says("room use");
        (await room.RunAsync("nonsense")).Ends(2);
        (await room.AsAsync("agency", "ask", "overlap", "--where", "nonsense")).Ends(2).Says("dataset.column");
        (await room.RunAsync("room", "check", "session.yaml")).Ends(2).Says("session.yaml:");
        (await room.RunAsync("key", "create", "agency.pem")).Ends(2).Says("the file agency.pem already exists");
        (await room.RunAsync("key", "show", "room.yaml")).Ends(2).Says("guardian key create");
    }

    [Fact]
    public async Task A_room_starts_only_with_the_CAS_and_the_owners_of_its_contract()
    {
        var cas = (await room.RunAsync("cas", "attest", room.CasAddress, "--platform", "simulated", "--json")).Ends(0).Json;
        var (identity, owners, zeros) = ((string)cas["identity"]!, (string)cas["owners"]!["hash"]!, new string('0', 64));
        (await StartPinnedAsync("other-cas", zeros, owners)).Ends(1).Says(identity);
        (await StartPinnedAsync("other-owners", identity, zeros)).Ends(1).Says(owners);
    }

    private async Task<Result> StartPinnedAsync(string name, string identity, string owners)
    {
        await WritePinnedAsync(name, identity, owners);
        return await room.RunAsync(
            "room", "start", $"{name}.yaml", "--cas", room.CasAddress, "--machine", "machine", "--state", name);
    }

    private async Task WritePinnedAsync(string name, string identity, string owners)
    {
        var contract = Regex.Replace(
            await File.ReadAllTextAsync(room.File("room.yaml")), "  identity: [0-9a-f]{64}\n",
            $"  identity: {identity}\n  owners: {owners}\n");
        await File.WriteAllTextAsync(room.File($"{name}.yaml"), contract);
        (await room.RunAsync("room", "sign", $"{name}.yaml", "--member", "agency", "--key", "agency.pem")).Ends(0);
        (await room.RunAsync("room", "sign", $"{name}.yaml", "--member", "retailer", "--key", "retailer.pem")).Ends(0);
    }

    // Starts a room under a contract that names another session than the fixture's.
    private async Task<Result> StartWithSessionAsync(string name)
    {
        var created = (await room.RunAsync(
            "session", "create", $"{name}.yaml", "--cas", room.CasAddress, "--key", "agency.pem", "--platform", "simulated",
            "--json")).Ends(0);
        var contract = (await File.ReadAllTextAsync(room.File("room.yaml")))
            .Replace("session: test/room", $"session: {name}/room", StringComparison.Ordinal)
            .Replace(room.SessionHash, (string)created.Json["hash"]!, StringComparison.Ordinal);
        await File.WriteAllTextAsync(room.File($"{name}-room.yaml"), contract);
        (await room.RunAsync("room", "sign", $"{name}-room.yaml", "--member", "agency", "--key", "agency.pem")).Ends(0);
        (await room.RunAsync("room", "sign", $"{name}-room.yaml", "--member", "retailer", "--key", "retailer.pem")).Ends(0);
        return await room.RunAsync(
            "room", "start", $"{name}-room.yaml", "--cas", room.CasAddress, "--machine", "machine", "--state", $"{name}-room");
    }

    private async Task AnswersAreRightAsync()
    {
        var overlap = (await room.AsAsync("agency", "ask", "overlap", "--json")).Ends(0).Json;
        Assert.Equal(RoomFixture.Persons / 2, (int)overlap["overlap"]!["persons"]!);
        var north = (await room.AsAsync("retailer", "ask", "overlap", "--where", "customers.region = North", "--json")).Ends(0).Json;
        Assert.Equal(RoomFixture.Persons / 6, (int)north["overlap"]!["persons"]!);
        (await room.AsAsync("agency", "ask", "overlap", "--where", "customers.spend > 1")).Ends(1).Says("may not be filtered");
        (await room.AsAsync("agency", "ask", "overlap", "--where", "customers.region in North, South", "--where", "campaign.exposed = 1",
            "--where", "campaign.arm = Treatment")).Ends(1).Says("fewer than 100 persons");

        (await room.AsAsync("agency", "lift", "--output", "lift.jws")).Ends(0);
        (await room.RunAsync("room", "verify", "lift.jws", "--contract", "room.yaml")).Ends(0);
        var statement = JsonNode.Parse(await File.ReadAllTextAsync(room.File("lift.jws")))!;
        // The last characters have bits that must be zero, so a change there is no statement at all.
        var payload = (string)statement["payload"]!;
        statement["payload"] = payload[..^4].Replace('A', 'B') + payload[^4..];
        await File.WriteAllTextAsync(room.File("forged.jws"), statement.ToJsonString());
        (await room.RunAsync("room", "verify", "forged.jws", "--contract", "room.yaml")).Ends(1).Says("altered after it was signed");

        var log = (await room.AsAsync("retailer", "log", "--json")).Ends(0).Json;
        Assert.Contains("not-filterable", log.ToJsonString(), StringComparison.Ordinal);
    }

    private sealed class OnReport(Action<UploadProgress> report) : IProgress<UploadProgress>
    {
        public void Report(UploadProgress value) => report(value);
    }
}
