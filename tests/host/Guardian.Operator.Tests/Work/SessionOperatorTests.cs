using System.Text.Json.Nodes;
using Guardian.Cas.Client.Protocol;
using Guardian.Operator.Objects;
using Guardian.Operator.Tests.Support;
using Guardian.Operator.Work;

namespace Guardian.Operator.Tests.Work;

/// <summary>The operator follows the objects of an API server, and writes what the CAS said.</summary>
public sealed class SessionOperatorTests : IAsyncLifetime
{
    private readonly Author author = new();
    private readonly FakeCas cas = new();
    private readonly CancellationTokenSource stop = new();
    private FakeApi api = null!;
    private Task running = Task.CompletedTask;

    public async ValueTask InitializeAsync() => api = await FakeApi.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        await api.DisposeAsync();
        stop.Dispose();
        author.Dispose();
    }

    [Fact]
    public async Task Objects_of_before_and_after_its_start_are_brought_and_their_status_says_so()
    {
        var early = Put("default", "early");
        Start();
        var status = await api.WaitAcceptedAsync(early);
        Assert.Equal(("early", 64), ((string?)status["session"], ((string?)status["hash"])!.Length));
        Assert.Equal("Accepted", (string?)status["conditions"]![0]!["reason"]);
        await api.WaitForWatchAsync();
        await api.WaitAcceptedAsync(Put("team", "late"));
        Assert.Equal(["early", "late"], cas.Submitted);
    }

    [Fact]
    public async Task A_change_of_the_object_is_brought_again_and_a_status_is_not()
    {
        Start();
        var key = Put("default", "shop");
        await api.WaitAcceptedAsync(key);
        cas.Decide = _ => CasReasons.Conflict.Because("a session 'other' exists already");
        var text = author.Text("other");
        api.Put("default", "shop", Spec(text, author.Sign(text)));
        var status = await api.WaitRefusedAsync(key);
        Assert.Equal("a session 'other' exists already", (string?)status["conditions"]![0]!["message"]);
        Assert.Equal(["shop", "other"], cas.Submitted);
        Assert.Equal(2, api.Patches.Count);
    }

    [Fact]
    public async Task A_long_list_comes_in_parts()
    {
        api.PageSize = 2;
        var keys = Enumerable.Range(0, 5).Select(i => Put("default", $"s{i}")).ToList();
        Start();
        foreach (var key in keys)
        {
            await api.WaitAcceptedAsync(key);
        }
        Assert.Equal(3, api.Reads.Count(path => path.Contains("limit=", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":{"code":410}}""")]
    [InlineData("no JSON")]
    [InlineData("")]
    public async Task A_watch_that_ends_is_followed_by_a_new_list(string last)
    {
        Start();
        await api.WaitForWatchAsync();
        api.EndWatches(last);
        var key = Put("default", "shop");
        await api.WaitForWatchAsync(2);
        await api.WaitAcceptedAsync(key);
    }

    [Fact]
    public async Task An_outage_of_the_cas_leaves_the_status_of_what_it_has_accepted()
    {
        var text = author.Text("known");
        var key = api.Put("default", "known", Spec(text, author.Sign(text)));
        Start();
        await api.WaitAcceptedAsync(key);
        await StopAsync();

        cas.Outage = CasReasons.Unreachable.Because("the CAS does not answer");
        api.Patches.Clear();
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var again = new CancellationTokenSource();
        var work = new SessionOperator(api.Client, cas, TimeProvider.System, lines.Enqueue).RunAsync(again.Token);
        while (lines.IsEmpty)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        await again.CancelAsync();
        await work;
        Assert.Equal("the CAS does not answer", lines.First());
        Assert.Empty(api.Patches);
    }

    [Fact]
    public async Task A_status_that_cannot_be_written_is_written_later()
    {
        api.Failures = 1;
        Start();
        // A naive operator looks at an accepted object again after ten minutes.
        await api.WaitAcceptedAsync(Put("default", "shop"));
    }

    [Fact]
    public async Task A_deleted_object_is_forgotten()
    {
        Start();
        var key = Put("default", "shop");
        await api.WaitAcceptedAsync(key);
        api.Delete(key);
        await api.WaitAcceptedAsync(Put("default", "next"));
        Assert.Equal(["shop", "next"], cas.Submitted);
    }

    private void Start() => running = new SessionOperator(api.Client, cas, TimeProvider.System, _ => { }).RunAsync(stop.Token);

    private async Task StopAsync()
    {
        await stop.CancelAsync();
        await running;
    }

    private ObjectKey Put(string space, string name)
    {
        var text = author.Text(name);
        return api.Put(space, name, Spec(text, author.Sign(text)));
    }

    private static JsonObject Spec(string text, string submission) => new() { ["text"] = text, ["submission"] = submission };
}
