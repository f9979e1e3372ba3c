using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>A room in four enclaves: a lead and three shards, each admitted by the same session of the CAS.</summary>
[Trait("Starts", "processes")]
public sealed class ShardTests : IAsyncLifetime
{
    private readonly RoomFixture room = new();
    private readonly List<Running> shards = [];

    public async ValueTask InitializeAsync()
    {
        await room.InitializeAsync();
        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "campaign.csv")).Ends(0);
        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "customers.csv")).Ends(0);
    }

    public async ValueTask DisposeAsync()
    {
        shards.ForEach(shard => shard.Dispose());
        await room.DisposeAsync();
    }

    [Fact]
    public async Task Shards_answer_as_one_enclave_does_also_when_one_is_lost_and_replaced()
    {
        for (var i = 0; i < 3; i++)
        {
            // One is replaced at its address.
            shards.Add(await StartShardAsync($"127.0.0.1:{ReservedPort.Reserve()}"));
        }
        var addresses = shards.Select(shard => shard.Address.ToString().TrimEnd('/')).ToList();
        await room.StartRoomAsync("--shards", string.Join(',', addresses));

        // Every second customer is in the campaign, every third of them in the north.
        Assert.Equal(RoomFixture.Persons / 2, await AskAsync("overlap"));
        // The first question also reserves the sets of lift, so the second shows the work of one question.
        var before = await StatesAsync();
        Assert.Equal(RoomFixture.Persons / 4, await AskAsync("overlap", "--where", "campaign.arm = Control"));
        var first = await StatesAsync();
        Assert.All(first, shard => Assert.True(shard is { Computed: > 0, Failed: 0 }));

        shards[1].Dispose();
        Assert.Equal(RoomFixture.Persons / 6, await AskAsync("overlap", "--where", "customers.region = North"));
        var second = await StatesAsync();
        Assert.Equal(first[1].Computed, second[1].Computed);
        Assert.True(second[1].Failed > 0);
        Assert.Equal(
            first.Sum(shard => shard.Computed) - before.Sum(shard => shard.Computed),
            second.Sum(shard => shard.Computed) - first.Sum(shard => shard.Computed));

        shards[1] = await StartShardAsync(new Uri(addresses[1]).Authority);
        // Of the matched, one in six is in the north and in control.
        Assert.Equal(
            RoomFixture.Persons * 5 / 12, await AskAsync("overlap", "--where", "customers.region = South or campaign.arm = Treatment"));
        var third = await StatesAsync();
        Assert.True(third[1].Computed > second[1].Computed);
        Assert.Equal(second[1].Failed, third[1].Failed);

        // Without any shard, the lead computes alone.
        shards.ForEach(shard => shard.Dispose());
        Assert.Equal(RoomFixture.Persons / 4, await AskAsync("overlap", "--where", "campaign.arm = Treatment"));
    }

    [Fact]
    public async Task A_shard_answers_nobody_but_an_enclave_of_its_room()
    {
        shards.Add(await StartShardAsync("127.0.0.1:0"));
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var stranger = new HttpClient(handler) { BaseAddress = shards[0].Address };
        Assert.Equal(System.Net.HttpStatusCode.Forbidden,
            (await stranger.PostAsync(new Uri("v1/shard", UriKind.Relative), new ByteArrayContent("{}"u8.ToArray()))).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await stranger.GetAsync(new Uri("v1/room", UriKind.Relative))).StatusCode);
    }

    private Task<Running> StartShardAsync(string listen) => GuardianProgram.ServeAsync(
        room.Folder, "Guardian.Enclave", "guardian-enclave", "--role", "shard", "--state", room.File("room"), "--machine",
        room.File("machine"), "--listen", listen,
        "--contract", room.File("room.yaml"), "--cas", $"https://{room.CasAddress}", "--working-set", "64");

    private async Task<long> AskAsync(params string[] question)
    {
        var answer = (await room.AsAsync("agency", "ask", [.. question, "--json"])).Ends(0).Json;
        return (long)answer["overlap"]!["persons"]!;
    }

    private async Task<List<(long Computed, long Failed)>> StatesAsync()
    {
        var (client, _) = room.Connect("agency");
        using (client)
        {
            return [.. (await client.DescribeAsync()).Shards.Select(shard => (shard.RangesComputed, shard.RangesFailed))];
        }
    }
}
