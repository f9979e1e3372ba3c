using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>A connection that the user remembers, and drafts of data sets.</summary>
[Trait("Starts", "processes")]
public sealed class RoomUseTests(RoomFixture room) : IClassFixture<RoomFixture>
{
    [Fact]
    public async Task A_remembered_connection_is_used_and_named_and_options_win()
    {
        var missing = (await room.RunAsync("room", "budget", "room.yaml", "--key", "agency.pem", "--json")).Ends(2);
        Assert.Equal("no-connection", (string)missing.Json["error"]!);
        var stranger = await room.RunAsync("room", "use", "room.yaml", "--room", room.RoomAddress, "--key", "stranger.pem", "--json");
        Assert.Equal("not-a-member", (string)stranger.Ends(1).Json["error"]!);
        var used = (await room.RunAsync("room", "use", "room.yaml", "--room", room.RoomAddress, "--key", "agency.pem", "--json")).Ends(0);
        Assert.Equal("agency", (string)used.Json["member"]!);

        var both = (await room.RunAsync("room", "budget", "room.yaml", "--json")).Ends(0);
        Assert.Contains(
            $"using --room https://{room.RoomAddress} and --key {room.File("agency.pem")}", both.Error, StringComparison.Ordinal);
        var key = (await room.RunAsync("room", "budget", "room.yaml", "--key", "retailer.pem", "--json")).Ends(0);
        Assert.Contains($"using --room https://{room.RoomAddress}, as", key.Error, StringComparison.Ordinal);
        // The option wins: nothing listens at port 1.
        var other = await room.RunAsync("room", "budget", "room.yaml", "--room", "127.0.0.1:1", "--json");
        Assert.DoesNotContain("--room https", other.Ends(3).Error, StringComparison.Ordinal);
        // The remembered enclave is verified like any other.
        Assert.Contains("simulated platform", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_asks_nothing_and_leaves_no_trace()
    {
        var before = (await room.AsAsync("agency", "log", "--json")).Ends(0).Json["entries"]!.AsArray().Count;
        var refused = (await room.AsAsync("agency", "ask", "overlap", "--dry-run", "--json")).Ends(1);
        Assert.Equal("data-missing", (string)refused.Json["refusal"]!);
        (await room.AsAsync("agency", "lift", "--dry-run")).Ends(1);
        Assert.Equal(before, (await room.AsAsync("agency", "log", "--json")).Ends(0).Json["entries"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_damaged_memory_is_refused_and_says_how_to_repair_it()
    {
        var other = room.File("damaged");
        Directory.CreateDirectory(other);
        foreach (var name in new[] { "room.yaml", "room.yaml.agency.sig", "room.yaml.retailer.sig", "agency.pem" })
        {
            File.Copy(room.File(name), Path.Combine(other, name));
        }
        Task<Result> Run(params string[] words) => GuardianProgram.RunAsync(other, words);
        (await Run("room", "use", "room.yaml", "--room", room.RoomAddress, "--key", "agency.pem")).Ends(0);
        var memory = Directory.GetFiles(Path.Combine(other, ".config", "guardian", "rooms")).Single();
        await File.WriteAllTextAsync(
            memory, """{"room": "http://evil.example/", "key": "agency.pem"}""", TestContext.Current.CancellationToken);
        Assert.Contains("guardian room use", (await Run("room", "budget", "room.yaml")).Ends(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drafts_of_two_members_become_a_contract_that_is_valid_once_all_is_decided()
    {
        var cities = string.Concat(Enumerable.Range(0, 60).Select(i => $"p{i}@example.com,{(i % 2 == 0 ? "Bern" : "Chur")},remark {i}\n"));
        await File.WriteAllTextAsync(room.File("Own file.csv"), "email,city,remark\n" + cities, TestContext.Current.CancellationToken);
        var drafted = (await room.RunAsync(
            "room", "draft", "Own file.csv", "--owner", "agency", "--key", "new.pem", "--output", "agency-draft.yaml")).Ends(0);
        Assert.Contains("new.pem is a new key", drafted.Error, StringComparison.Ordinal);
        Assert.Contains("left out remark", drafted.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("remark", await File.ReadAllTextAsync(room.File("agency-draft.yaml")), StringComparison.Ordinal);
        var printed = (await room.RunAsync("room", "draft", "customers.csv", "--owner", "retailer", "--key", "retailer.pem", "--json"))
            .Ends(0);
        Assert.Equal(["customers"], printed.Json["dataSets"]!.AsArray().Select(name => (string)name!));
        await File.WriteAllTextAsync(
            room.File("retailer-draft.yaml"), (string)printed.Json["text"]!, TestContext.Current.CancellationToken);

        string[] create =
        [
            "room", "create", "drafted", "--draft", "agency-draft.yaml", "--draft", "retailer-draft.yaml", "--platform", "simulated",
            "--output", "drafted/room.yaml", "--json",
        ];
        Directory.CreateDirectory(room.File("drafted"));
        Assert.Equal("no-session", (string)(await room.RunAsync(create)).Ends(2).Json["error"]!);
        (await room.RunAsync([.. create, "--cas", room.CasAddress, "--key", "new.pem"])).Ends(0);
        var open = (await room.RunAsync("room", "check", "drafted/room.yaml", "--json")).Ends(2);
        Assert.Contains("DECIDE", open.Output, StringComparison.Ordinal);
        var path = room.File("drafted/room.yaml");
        var decided = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))
            .Replace(": DECIDE", ": true", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, decided, TestContext.Current.CancellationToken);
        (await room.RunAsync("room", "check", "drafted/room.yaml", "--session", "drafted/session.yaml")).Ends(0);
        (await room.RunAsync("room", "sign", "drafted/room.yaml", "--member", "agency", "--key", "new.pem")).Ends(0);
    }

    [Fact]
    public async Task Drafts_of_several_identifiers_become_a_contract_whose_identifiers_can_be_diagnosed()
    {
        var (header, rows) = ("email,phone,city", Enumerable.Range(0, 60).Select(
            i => $"{(i < 40 ? $"p{i}@example.com" : "")},+49309018210{10 + i},{(i % 2 == 0 ? "Bern" : "Chur")}\n"));
        await File.WriteAllTextAsync(room.File("both.csv"), $"{header}\n{string.Concat(rows)}", TestContext.Current.CancellationToken);
        foreach (var (owner, file) in new[] { ("agency", "both.csv"), ("retailer", "customers.csv") })
        {
            var draft = $"{owner}-several.yaml";
            (await room.RunAsync(
                "room", "draft", file, "--owner", owner, "--several", "--key", $"{owner}.pem", "--output", draft)).Ends(0);
            await File.WriteAllTextAsync(
                room.File(draft),
                (await File.ReadAllTextAsync(room.File(draft))).Replace(": DECIDE", ": true", StringComparison.Ordinal),
                TestContext.Current.CancellationToken);
        }
        Directory.CreateDirectory(room.File("several"));
        (await room.RunAsync(
            "room", "create", "several", "--draft", "agency-several.yaml", "--draft", "retailer-several.yaml", "--platform", "simulated",
            "--output", "several/room.yaml", "--cas", room.CasAddress, "--key", "agency.pem")).Ends(0);
        var check = (await room.RunAsync("room", "check", "several/room.yaml", "--json")).Ends(0);
        Assert.Contains(check.Json["warnings"]!.AsArray(), text => ((string)text!).StartsWith("rows match by 2", StringComparison.Ordinal));
        var counted = (await room.RunAsync(
            "room", "diagnose", "both.csv", "--contract", "several/room.yaml", "--dataset", "both", "--json")).Ends(0);
        Assert.Equal((60, 60), ((int)counted.Json["rows"]!, (int)counted.Json["identified"]!));
        Assert.Equal(
            [("email", 40, 40), ("phone", 60, 20)],
            counted.Json["identifiers"]!.AsArray().Select(
                each => ((string)each!["kind"]!, (int)each["present"]!, (int)each["reached"]!)));
        var shown = (await room.RunAsync("room", "diagnose", "both.csv")).Ends(0).Output;
        Assert.Contains("60 rows, 100.0 % with an identifier that can match", shown, StringComparison.Ordinal);
        var refused = await room.RunAsync("room", "diagnose", "both.csv", "--contract", "several/room.yaml", "--json");
        Assert.Equal("no-dataset", (string)refused.Ends(2).Json["error"]!);
    }

    [Theory]
    [InlineData("members: []\n")]
    [InlineData("datasets: none\n")]
    [InlineData("\0")]
    [InlineData("datasets: [{name: a\n")]
    public async Task A_file_that_is_no_draft_is_refused(string text)
    {
        var path = $"no-draft-{text.Length}.yaml";
        await File.WriteAllTextAsync(room.File(path), text, TestContext.Current.CancellationToken);
        var refused = await room.RunAsync("room", "create", "drafted", "--draft", path, "--output", "none.yaml", "--json");
        Assert.Equal("bad-file", (string)refused.Ends(2).Json["error"]!);
    }
}
