using Guardian.Metering;
using Guardian.Node.Kubernetes;
using Guardian.Node.Metering;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The EPC that pods hold is counted for their namespaces, through restarts of the daemon.</summary>
public sealed class PodMeterTests : IAsyncLifetime
{
    private const string First = "00000000-0000-0000-0000-00000000000a";
    private const string Second = "00000000-0000-0000-0000-00000000000b";
    private static readonly DateTimeOffset Begin = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Boot = Guid.NewGuid();

    private readonly TemporaryFolder folder = new();
    private FakeApiServer api = null!;
    private TimeSpan now = TimeSpan.FromHours(5);

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => api = await FakeApiServer.StartAsync(folder);

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_pod_counts_from_its_start_to_its_end_for_its_namespace()
    {
        using (var meter = Open())
        {
            var pods = new PodMeter(api.Client, meter, "node 1", Read, _ => { });
            // The pod started half an hour before the daemon.
            await LookAsync(pods, 5, Pod(First, "team-a", "16Mi", startedAt: 4.5));
            await LookAsync(pods, 6, Pod(First, "team-a", "16Mi", startedAt: 4.5), Pod(Second, "team-b", "1Gi", startedAt: 6));
            await LookAsync(pods, 8, Pod(Second, "team-b", "1Gi", startedAt: 6));
            await LookAsync(pods, 9);
        }
        Assert.Contains("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode%201", api.Calls.First(), StringComparison.Ordinal);
        var usage = Usage();
        // The end is when the pod was seen last, at most ten seconds before it was missed.
        Assert.Equal((16 * 1.5m, "team-a"), usage[First]);
        Assert.Equal((1024 * 2m, "team-b"), usage[Second]);
    }

    [Fact]
    public async Task A_restart_of_the_daemon_loses_and_adds_nothing()
    {
        for (var hour = 5; hour <= 8; hour++)
        {
            using var meter = Open();
            // The clocks of the API server differ a little each time.
            await LookAsync(
                new PodMeter(api.Client, meter, "n", Read, _ => { }), hour, Pod(First, "team", "16Mi", startedAt: 5 + (hour * 0.001)));
        }
        using (var last = Open())
        {
            await LookAsync(new PodMeter(api.Client, last, "n", Read, _ => { }), 9);
        }
        Assert.InRange(Usage()[First].Epc, 47.9m, 48.1m);
    }

    [Fact]
    public async Task An_api_server_that_is_away_ends_no_pod()
    {
        using (var meter = Open())
        {
            var pods = new PodMeter(api.Client, meter, "n", Read, _ => { });
            await LookAsync(pods, 5, Pod(First, "team", "16Mi", startedAt: 5));
            now = TimeSpan.FromHours(6);
            foreach (var answer in new[] { (500, ""), (200, "{}"), (200, "no JSON") })
            {
                api.Answer = answer;
                await Assert.ThrowsAnyAsync<Exception>(() => pods.LookAsync(Ending));
            }
            await LookAsync(pods, 7, Pod(First, "team", "16Mi", startedAt: 5));
            await LookAsync(pods, 8);
        }
        Assert.Equal(16 * 2m, Usage()[First].Epc);
    }

    [Theory]
    [InlineData("16Mi", 16 << 20)]
    [InlineData("1Gi", 1 << 30)]
    [InlineData("67108864", 67108864)]
    [InlineData("1k", 1000)]
    [InlineData("", 0)]
    [InlineData("-1", 0)]
    [InlineData("1.5Gi", 0)]
    [InlineData("1Zi", 0)]
    [InlineData("999999999999999999Ti", 0)]
    [InlineData("9999999999999999999999", 0)]
    [InlineData(null, 0)]
    public void A_quantity_is_bytes(string? text, long bytes) => Assert.Equal(bytes, NodePods.ReadBytes(text));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"items\": {}}")]
    public void Other_texts_are_no_list(string text) => Assert.Null(NodePods.Read(text));

    [Fact]
    public void Pods_that_hold_nothing_or_have_no_form_are_left_out()
    {
        string[] pods =
        [
            "1", "null", "{}", Pod(First, "a", "0", 1), Pod("no-guid", "a", "1Mi", 1), Pod(First, "", "1Mi", 1),
            Pod(First, "a", "1Mi", 1).Replace("Running", "Succeeded", StringComparison.Ordinal),
            Pod(First, "a", "1Mi", 1).Replace("containers", "others", StringComparison.Ordinal),
        ];
        Assert.Empty(NodePods.Read($"{{\"items\": [{string.Join(',', pods)}]}}")!);
    }

    [Fact]
    public void Containers_add_up_and_the_first_ones_run_alone()
    {
        const string Text =
            """
            {"items": [{"metadata": {"uid": "00000000-0000-0000-0000-00000000000a", "namespace": "a", "name": "b"},
            "spec": {"initContainers": [{"resources": {"limits": {"sgx.intel.com/epc": "5Mi"}}},
              {"resources": {"limits": {"sgx.intel.com/epc": "7Mi"}}}],
            "containers": [{"resources": {"limits": {"sgx.intel.com/epc": "4Mi"}}}, {},
              {"resources": {"requests": {"sgx.intel.com/epc": "4194305"}}}]}, "status": {"phase": "Pending"}}]}
            """;
        var pod = Assert.Single(NodePods.Read(Text)!);
        Assert.Equal(9, pod.Mebibytes);
        Assert.Null(pod.StartedAt);
    }

    private Meter Open() => new(folder.File("n.journal"), Read, line => Assert.Fail(line));

    private ClockReading Read() => new(Boot, (long)now.TotalMilliseconds, Begin.ToUnixTimeMilliseconds() + (long)now.TotalMilliseconds);

    private Task LookAsync(PodMeter pods, double hour, params string[] list)
    {
        now = TimeSpan.FromHours(hour);
        api.Answer = (200, $"{{\"items\": [{string.Join(',', list)}]}}");
        return pods.LookAsync(Ending);
    }

    private Dictionary<string, (decimal Epc, string? Project)> Usage() =>
        Timeline.Build(Journal.Read(folder.File("n.journal"), DateTimeOffset.MinValue)).ToDictionary(
            each => each.Key.ToString(), each => (EpcUsage.SumRunning(each.Value, Begin, Begin.AddDays(1)), each.Value.Project));

    private static string Pod(string id, string space, string epc, double startedAt) =>
        $$$$"""
        {"metadata": {"uid": "{{{{id}}}}", "namespace": "{{{{space}}}}", "name": "web"},
        "spec": {"containers": [{"resources": {"limits": {"sgx.intel.com/epc": "{{{{epc}}}}"}}}]},
        "status": {"phase": "Running", "startTime": "{{{{Begin.AddHours(startedAt):yyyy-MM-dd'T'HH:mm:ss'Z'}}}}"}}
        """;
}
