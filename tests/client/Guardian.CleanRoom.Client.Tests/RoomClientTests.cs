using System.Net;
using System.Net.Sockets;
using System.Text;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client.Tests;

/// <summary>Refusals that a room, or a program in its place, sends.</summary>
public class RoomClientTests
{
    [Theory]
    [InlineData(400, RefusalKind.Invalid)]
    [InlineData(403, RefusalKind.Forbidden)]
    [InlineData(404, RefusalKind.NotFound)]
    [InlineData(409, RefusalKind.Conflict)]
    [InlineData(422, RefusalKind.Withheld)]
    [InlineData(503, RefusalKind.Unavailable)]
    public void A_refusal_of_the_room_keeps_its_code_and_the_kind_of_its_status(int status, RefusalKind kind)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"title":"some-reason","status":{{status}},"detail":"some detail"}""");
        var refusal = RoomClient.ReadRefusal((HttpStatusCode)status, body);
        Assert.Equal(("some-reason", kind, "some detail"), (refusal.Code, refusal.Kind, refusal.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>bad gateway</html>")]
    [InlineData("""{"title":"some-reason"}""")]
    public void An_answer_that_is_not_the_rooms_gives_its_status_only(string body)
    {
        var refusal = RoomClient.ReadRefusal(HttpStatusCode.BadGateway, Encoding.UTF8.GetBytes(body));
        Assert.Equal((RoomClientReasons.HttpStatus, "the room answered with HTTP status 502"), (refusal.Reason, refusal.Detail));
    }

    [Fact]
    public async Task A_room_that_does_not_answer_in_time_is_told_with_the_time_and_what_to_do()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var certificate = LoopbackCertificate.Create();
        using var client = new RoomClient(
            new Uri($"https://{silent.LocalEndpoint}"), TestContract.Read(), certificate, new HastyTime(),
            new EvidenceVerifier([TrustAnchor.Intel], collateral: null));
        var refusal = (await Assert.ThrowsAsync<RefusedException>(() => client.ReadBudgetAsync(TestContext.Current.CancellationToken)))
            .Refusal;
        Assert.Equal((RoomClientReasons.Unreachable, RefusalKind.Unavailable), (refusal.Reason, refusal.Kind));
        Assert.Contains("no answer within 100 seconds", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains("try again later", refusal.Detail, StringComparison.Ordinal);
    }

    // Its timers end at once.
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
