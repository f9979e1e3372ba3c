using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>The room's disk or its CAS fails: a member is told what to do, and pays once.</summary>
[Trait("Starts", "processes")]
public sealed class RoomOutageTests(NoisyRoomFixture room) : IClassFixture<NoisyRoomFixture>, IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        await UploadAsync("campaign", "agency");
        await UploadAsync("customers", "retailer");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_question_that_the_disk_cut_off_is_told_so_and_answered_later_at_no_further_price()
    {
        var (spent, entries) = (await ReadSpentAsync(), (await ReadEventsAsync()).Count);
        // No record of an answer can be written, which is all that a full disk would do here.
        var answers = Directory.GetDirectories(room.File("room"), "answers", SearchOption.AllDirectories).Single();
        Directory.Move(answers, answers + ".away");
        var failed = (await room.AsAsync("agency", "ask", "overlap")).Ends(3);
        failed.Says("the disk of the room is full, or fails").Says("ask the operator of the room for space, and try again");
        Assert.DoesNotContain(answers, failed.Error, StringComparison.Ordinal);
        Directory.Move(answers + ".away", answers);

        room.KillRoom();
        await room.StartRoomAsync();
        var free = (await room.AsAsync("agency", "ask", "overlap", "--dry-run", "--json")).Ends(0).Json;
        Assert.Equal(0m, (decimal)free["price"]!);
        (await room.AsAsync("agency", "ask", "overlap")).Ends(0);
        (await room.AsAsync("agency", "ask", "overlap")).Ends(0);
        Assert.Equal(spent + 0.1m, await ReadSpentAsync());
        Assert.Equal(["question", "free question", "answer", "free question"], (await ReadEventsAsync()).Skip(entries));
    }

    [Fact]
    public async Task A_CAS_that_is_frozen_holds_a_question_no_longer_than_a_person_waits()
    {
        room.FreezeCas(true);
        (await room.AsAsync("agency", "ask", "overlap", "--where", "customers.region = South")).Ends(3)
            .Says("no answer within 15 seconds").Says("see that the CAS runs and that the room reaches it, and try again");
        room.FreezeCas(false);
        var before = await ReadSpentAsync();
        (await room.AsAsync("agency", "ask", "overlap", "--where", "customers.region = South")).Ends(0);
        Assert.Equal(before + 0.1m, await ReadSpentAsync());
    }

    private async Task UploadAsync(string dataSet, string owner) =>
        (await room.AsAsync(owner, "upload", "--dataset", dataSet, "--data", $"{dataSet}.csv")).Ends(0);

    private async Task<IReadOnlyList<string>> ReadEventsAsync() =>
        [.. (await room.AsAsync("agency", "log", "--json")).Ends(0).Json["entries"]!.AsArray().Select(entry => (string)entry!["event"]!)];

    private async Task<decimal> ReadSpentAsync() =>
        (decimal)(await room.AsAsync("agency", "budget", "--json")).Ends(0).Json["dataSets"]![0]!["spent"]!;
}
