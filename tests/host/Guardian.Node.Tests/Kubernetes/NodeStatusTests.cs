using Guardian.Kubernetes;
using Guardian.Node.Kubernetes;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Kubernetes;

/// <summary>The node's EPC reaches the API server, and the token reaches nobody else.</summary>
public sealed class NodeStatusTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private FakeApiServer api = null!;

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await (api?.DisposeAsync() ?? default);
        folder.Dispose();
    }

    [Theory]
    [InlineData(true, "simulated")]
    [InlineData(false, "hardware")]
    public async Task Epc_is_published_in_bytes_with_a_label_that_says_what_it_is(bool isSimulated, string label)
    {
        var status = await ServeAsync();
        await status.PublishAsync("node 1", new NodeEpc(64 << 20, isSimulated), Ending);
        Assert.Equal(
            [
                "PATCH /api/v1/nodes/node%201 application/merge-patch+json Bearer first "
                + """{"metadata":{"labels":{"org.guardian.sgx":"LABEL"}}}""".Replace("LABEL", label, StringComparison.Ordinal),
                "PATCH /api/v1/nodes/node%201/status application/merge-patch+json Bearer first "
                + """{"status":{"capacity":{"sgx.intel.com/epc":"67108864"}}}""",
            ],
            api.Calls);
    }

    [Fact]
    public async Task Without_epc_nothing_stays()
    {
        var status = await ServeAsync();
        await status.PublishAsync("n", new NodeEpc(0, IsSimulated: false), Ending);
        Assert.EndsWith("""{"metadata":{"labels":{"org.guardian.sgx":null}}}""", api.Calls.First(), StringComparison.Ordinal);
        Assert.EndsWith(
            """{"status":{"capacity":{"sgx.intel.com/epc":null},"allocatable":{"sgx.intel.com/epc":null}}}""", api.Calls.Last(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_was_exchanged_is_used()
    {
        var status = await ServeAsync();
        folder.Write("token", "second\n");
        api.Answer = (200, """{"items": [{"metadata": {"name": "a"}}, {"metadata": {}}, {"metadata": {"name": "b"}}]}""");
        Assert.Equal(["a", "b"], await status.ListAsync(Ending));
        Assert.Contains("Bearer second", Assert.Single(api.Calls), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, """{"message": "nodes is forbidden"}""", "answers 403 to PATCH api/v1/nodes/n: nodes is forbidden")]
    [InlineData(500, "<html>", "answers 500 to PATCH api/v1/nodes/n: it gives no reason")]
    [InlineData(500, """{"message": 1}""", "it gives no reason")]
    [InlineData(302, "", "answers 302")]
    public async Task Refusals_are_told(int code, string body, string words)
    {
        var status = await ServeAsync();
        api.Answer = (code, body);
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => status.PublishAsync("n", new NodeEpc(1 << 20, true), Ending));
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("first", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_trusts_any_server_gives_its_token_away_and_this_one_does_not()
    {
        var status = await ServeAsync(isImpostor: true);
        using var naive = new HttpClient(new HttpClientHandler
        {
            CheckCertificateRevocationList = true,
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Address);
        request.Headers.Add("Authorization", "Bearer first");
        (await naive.SendAsync(request, Ending)).Dispose();
        Assert.Contains("Bearer first", Assert.Single(api.Calls), StringComparison.Ordinal);
        api.Calls.Clear();
        await Assert.ThrowsAsync<HttpRequestException>(() => status.ListAsync(Ending));
        Assert.Empty(api.Calls);
    }

    [Theory]
    [InlineData(null, "443")]
    [InlineData("10.0.0.1", null)]
    [InlineData("", "443")]
    public void Outside_of_a_cluster_there_is_no_api(string? host, string? port) =>
        Assert.Null(ClusterApi.TryOpenOfPod(name => name == "KUBERNETES_SERVICE_HOST" ? host : port));

    private async Task<NodeStatus> ServeAsync(bool isImpostor = false)
    {
        api = await FakeApiServer.StartAsync(folder, isImpostor);
        return new NodeStatus(api.Client);
    }
}
