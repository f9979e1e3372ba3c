using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Tests.Keeping;

/// <summary>Kept collateral is renewed before it expires, and services are not hurried.</summary>
public sealed class CollateralKeeperTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly PretendedService service;
    private readonly SetTime time = new();
    private readonly List<string> lines = [];
    private readonly PlatformId id;
    private readonly VerifierOptions options;

    public CollateralKeeperTests()
    {
        var evidence = platform.Build();
        id = PlatformId.Of(Quote.TryParse(evidence.Quote).Value!)!;
        options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] };
        service = new PretendedService { Collateral = evidence.Collateral };
    }

    public void Dispose()
    {
        service.Dispose();
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Nothing_stored_is_fetched_at_once_and_then_once_a_day()
    {
        var keeper = Keeper(0.5);
        keeper.Add(id);
        keeper.Add(id);
        Assert.Null(Assert.Single(keeper.Kept).Summary);
        Assert.Equal(time.Now + TimeSpan.FromHours(21), await StepAsync(keeper));
        var kept = Assert.Single(keeper.Kept);
        Assert.Equal((20, time.Now, 0L, null), (kept.Summary!.EvaluationDataNumber, kept.CheckedAt, kept.Failures, kept.Problem));
        Assert.Contains("is current", Assert.Single(lines), StringComparison.Ordinal);

        var asked = service.Requests.Count;
        time.Now += TimeSpan.FromHours(20);
        await StepAsync(keeper);
        Assert.Equal(asked, service.Requests.Count);
        time.Now += TimeSpan.FromHours(1);
        await StepAsync(keeper);
        Assert.Equal(2 * asked, service.Requests.Count);
        Assert.Single(lines);
    }

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.5, 12)]
    public async Task After_a_restart_a_machine_asks_at_an_instant_of_its_own(double drawn, int hours)
    {
        var first = Keeper(0.5);
        first.Add(id);
        await StepAsync(first);
        var second = Keeper(drawn);
        second.Add(id);
        Assert.NotNull(Assert.Single(second.Kept).Summary);
        var due = await StepAsync(second);
        Assert.Equal(hours == 0 ? time.Now + TimeSpan.FromHours(18) : time.Now + TimeSpan.FromHours(hours), due);
    }

    [Fact]
    public async Task Collateral_that_expires_soon_is_asked_for_again_each_hour()
    {
        var keeper = Keeper(0);
        keeper.Add(id);
        await StepAsync(keeper);
        // Everything is valid until the 19th, and a week remains on the 12th.
        time.Now = new DateTimeOffset(2026, 6, 11, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(new DateTimeOffset(2026, 6, 12, 0, 0, 0, TimeSpan.Zero), await StepAsync(keeper));
        time.Now = new DateTimeOffset(2026, 6, 12, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(time.Now + TimeSpan.FromHours(1), await StepAsync(keeper));
    }

    [Fact]
    public async Task Failures_are_counted_said_once_and_followed_by_growing_pauses()
    {
        var keeper = Keeper(1);
        keeper.Add(id);
        await StepAsync(keeper);
        service.Failure = HttpStatusCode.ServiceUnavailable;
        time.Now += TimeSpan.FromDays(1);
        var pauses = new List<TimeSpan>();
        for (var i = 0; i < 8; i++)
        {
            var due = await StepAsync(keeper);
            pauses.Add(due - time.Now);
            time.Now = due;
        }
        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], pauses.Select(pause => pause.TotalMinutes));
        var kept = Assert.Single(keeper.Kept);
        Assert.Equal(8, kept.Failures);
        // Clients still get what is valid.
        Assert.Equal(20, kept.Summary!.EvaluationDataNumber);
        Assert.Equal(2, lines.Count);
        Assert.Contains("is not renewed, the kept one expires 2026-06-19", lines[1], StringComparison.Ordinal);

        service.Failure = null;
        await StepAsync(keeper);
        Assert.Contains("is current", lines[2], StringComparison.Ordinal);
        Assert.Equal((8L, null), (keeper.Kept[0].Failures, keeper.Kept[0].Problem));
    }

    [Fact]
    public async Task Who_waits_for_a_platform_is_woken_and_a_failure_is_not_repeated_for_the_next_one()
    {
        using var ending = new CancellationTokenSource();
        var keeper = Keeper(1);
        var running = keeper.RunAsync(ending.Token);
        service.Failure = HttpStatusCode.ServiceUnavailable;
        Assert.False(await keeper.FetchAsync(id, TestContext.Current.CancellationToken));
        var asked = service.Requests.Count;
        Assert.False(await keeper.FetchAsync(id, TestContext.Current.CancellationToken));
        Assert.Equal(asked, service.Requests.Count);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        using var ended = new CancellationTokenSource();
        service.Failure = null;
        keeper = Keeper(1);
        var waiting = keeper.FetchAsync(id, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        running = keeper.RunAsync(ended.Token);
        Assert.True(await waiting);
        Assert.True(await keeper.FetchAsync(id, TestContext.Current.CancellationToken));
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private CollateralKeeper Keeper(double drawn) => new(
        new CollateralUpdater([service.Service], new CollateralStore(folder.Path), options), time, lines.Add, () => drawn);

    private static Task<DateTimeOffset> StepAsync(CollateralKeeper keeper) => keeper.UpdateDueAsync(CancellationToken.None);
}
