using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Node.Caching;

namespace Guardian.Node.Tests.Caching;

/// <summary>PCK certificates are fetched with the operator's key, which goes to services with TLS alone.</summary>
public sealed class PckFetcherTests : IDisposable
{
    private const string Key = "0123456789abcdef-subscription";

    private static readonly CollateralHost Host = new(
        "000102030405060708090a0b0c0d0e0f-0000", new string('a', 768), "0000");

    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly List<string> lines = [];
    private readonly MovingClock clock = new();
    private readonly PckStore store;

    public PckFetcherTests() => store = new PckStore(
        folder.File("pck"),
        new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(platform.Root.Pem()))!] }, lines.Add);

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_new_host_is_fetched_at_once_and_again_after_a_week()
    {
        using var service = new Service(this);
        var fetcher = Fetcher(service, "https://pcs.example/");
        await fetcher.UpdateAsync([Host], Ending);
        Assert.Equal("00606a000000", store.Find(Host.Name)!.Platform.Fmspc);
        var request = Assert.Single(service.Requests);
        Assert.Equal($"/sgx/certification/v4/pckcerts?encrypted_ppid={Host.EncryptedPpid}&pceid=0000", request.Path);
        Assert.Equal(Key, request.Key);

        await fetcher.UpdateAsync([Host], Ending);
        Assert.Single(service.Requests);
        clock.Now = clock.Now.AddDays(8);
        await fetcher.UpdateAsync([Host], Ending);
        Assert.Equal(2, service.Requests.Count);
        Assert.Equal(0, fetcher.Failures);
    }

    [Fact]
    public async Task A_failure_is_said_once_without_the_PPID_and_tried_again_after_an_hour()
    {
        using var service = new Service(this) { Status = HttpStatusCode.NotFound };
        var fetcher = Fetcher(service, "https://pcs.example/");
        for (var i = 0; i < 3; i++)
        {
            await fetcher.UpdateAsync([Host], Ending);
            clock.Now = clock.Now.AddMinutes(i == 0 ? 30 : 31);
        }
        Assert.Equal((2, 2L), (service.Requests.Count, fetcher.Failures));
        var line = Assert.Single(lines);
        Assert.Contains("answered 404", line, StringComparison.Ordinal);
        Assert.DoesNotContain(Host.EncryptedPpid, line, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_does_not_go_over_a_network_without_TLS()
    {
        using var service = new Service(this);
        await Fetcher(service, "http://pcs.example/").UpdateAsync([Host], Ending);
        Assert.Empty(service.Requests);
        Assert.Contains("without encryption", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Null(store.Find(Host.Name));

        // A request as one writes it first carries the key there.
        using var http = new HttpClient(service);
        using var naive = new HttpRequestMessage(HttpMethod.Get, "http://pcs.example/sgx/certification/v4/pckcerts");
        naive.Headers.Add("Ocp-Apim-Subscription-Key", Key);
        using var answer = await http.SendAsync(naive, Ending);
        Assert.Equal(Key, Assert.Single(service.Requests).Key);
    }

    [Fact]
    public async Task Certificates_of_another_root_are_not_stored()
    {
        using var other = new SyntheticPlatform();
        using var service = new Service(this) { Issuer = other };
        await Fetcher(service, "https://pcs.example/").UpdateAsync([Host], Ending);
        Assert.Null(store.Find(Host.Name));
        Assert.Contains("no root of trust", Assert.Single(lines), StringComparison.Ordinal);
    }

    private PckFetcher Fetcher(Service service, string address) => new(
        [new CollateralService(new HttpClient(service) { BaseAddress = new Uri(address) })], store, Key, clock, lines.Add);

    private sealed class MovingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Service(PckFetcherTests test) : HttpMessageHandler
    {
        public List<(string Path, string? Key)> Requests { get; } = [];

        public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

        public SyntheticPlatform Issuer { get; init; } = test.platform;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add((
                request.RequestUri!.PathAndQuery,
                request.Headers.TryGetValues("Ocp-Apim-Subscription-Key", out var keys) ? keys.Single() : null));
            var answer = new HttpResponseMessage(Status) { RequestMessage = request };
            var body = new JsonArray(
                new JsonObject { ["tcb"] = new JsonObject(), ["tcbm"] = "00", ["cert"] = "Not available" },
                new JsonObject { ["tcb"] = new JsonObject(), ["tcbm"] = "00", ["cert"] = Uri.EscapeDataString(Issuer.Pck.Pem()) });
            answer.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            answer.Headers.Add(
                "SGX-PCK-Certificate-Issuer-Chain", Uri.EscapeDataString(Issuer.Authority.Pem() + Issuer.Root.Pem()));
            return Task.FromResult(answer);
        }
    }
}
