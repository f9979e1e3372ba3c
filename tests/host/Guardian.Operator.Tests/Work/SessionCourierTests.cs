using Guardian.Cas.Client.Protocol;
using Guardian.Operator.Objects;
using Guardian.Operator.Tests.Support;
using Guardian.Operator.Work;

namespace Guardian.Operator.Tests.Work;

/// <summary>The CAS gets what an author signed for it, and everything else ends at the operator.</summary>
public sealed class SessionCourierTests : IDisposable
{
    private readonly Author author = new();
    private readonly FakeCas cas = new();

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public void Dispose() => author.Dispose();

    [Fact]
    public async Task A_signed_session_reaches_the_cas()
    {
        var text = author.Text("shop");
        var (status, isOutage) = await DeliverAsync(text, author.Sign(text));
        Assert.Equal((true, false, "shop"), (status.IsAccepted, isOutage, status.Session));
        Assert.Contains(FakeCas.Identity, status.Message, StringComparison.Ordinal);
        Assert.Equal(["shop"], cas.Submitted);
    }

    [Fact]
    public async Task The_status_has_the_words_of_the_cas()
    {
        cas.Decide = _ => CasReasons.NotFound.Because("there is no session 'shop' that your key may see") with
        {
            Problems = ["one", "two"],
        };
        var text = author.Text("shop");
        var (status, _) = await DeliverAsync(text, author.Sign(text));
        Assert.Equal(
            (false, "NotFound", "there is no session 'shop' that your key may see\none\ntwo"),
            (status.IsAccepted, status.Reason, status.Message));
    }

    [Fact]
    public async Task Forged_objects_do_not_even_reach_the_cas()
    {
        var text = author.Text("shop");
        var signed = author.Sign(text);
        using var attacker = new Author();
        (string? Text, string? Submission)[] forged =
        [
            (text + "# more\n", signed), (text, author.Sign(text, new string('2', 64))), (text, author.Sign(author.Text("other"))),
            (text, SessionSignature.Create(new string('3', 64), attacker.Key).ToString()), (text, null), (text, "x"), (text, "x y"),
            (null, signed), ("name: [", signed), ("", signed), (new string('a', (1 << 20) + 1), signed),
            (text, $"{attacker.Key.PublicKey} {signed.Split(' ')[1]}"),
        ];
        foreach (var (changed, submission) in forged)
        {
            var (status, isOutage) = await DeliverAsync(changed, submission);
            Assert.Equal((false, false, "Invalid"), (status.IsAccepted, isOutage, status.Reason));
        }
        Assert.Empty(cas.Submitted);
    }

    [Fact]
    public async Task An_outage_is_no_decision()
    {
        cas.Outage = CasReasons.Unreachable.Because("the CAS does not answer");
        var text = author.Text("shop");
        Assert.True((await DeliverAsync(text, author.Sign(text))).IsOutage);
        cas.Outage = null;
        cas.Decide = _ => CasReasons.Busy.Because("busy");
        Assert.True((await DeliverAsync(text, author.Sign(text))).IsOutage);
    }

    private Task<Delivery> DeliverAsync(string? text, string? submission) =>
        new SessionCourier(cas).DeliverAsync(new SessionObject("default", "o", 1, text, submission, []), Ending);
}
