using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;
using Guardian.Node.Caching;
using Microsoft.AspNetCore.Builder;

namespace Guardian.Node.Tests.Caching;

/// <summary>The cache as its clients see it: over TLS, filled from another service, and by this repository's own verifier.</summary>
public sealed class CollateralCacheTests : IAsyncDisposable
{
    private const string Host = "000102030405060708090a0b0c0d0e0f-0000";

    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly List<string> lines = [];
    private readonly VerifierOptions options;
    private readonly byte[] quote;
    private readonly PlatformId id;
    private readonly List<WebApplication> servers = [];
    private DateTimeOffset now = SyntheticPlatform.At;

    public CollateralCacheTests()
    {
        var evidence = platform.Build();
        (quote, id) = (evidence.Quote, PlatformId.Of(Quote.TryParse(evidence.Quote).Value!)!);
        options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] };
    }

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_the_cache_gives_verifies_a_quote()
    {
        var cache = await StartAsync();
        using var client = CollateralService.CreateClient(cache, Trusted());
        var fetched = await new CollateralService(client, includesQve: false).FetchAsync(id, cancellation: Ending);
        Assert.Equal(TcbStatus.UpToDate, QuoteVerifier.Verify(quote, fetched, now, options).Value!.Tcb!.Status);

        // A second cache may be filled from the first one, which gives root list and PCK list too.
        var second = new CollateralUpdater([new CollateralService(client)], new CollateralStore(folder.File("second")), options);
        Assert.NotNull((await second.UpdateAsync(id, now, Ending)).Value!.Path);

        // The system's authorities did not issue the cache's certificate.
        using var stranger = CollateralService.CreateClient(cache);
        await Assert.ThrowsAsync<HttpRequestException>(() => new CollateralService(stranger).FetchAsync(id, cancellation: Ending));
    }

    [Fact]
    public async Task Answers_have_Intels_headers_encodings_and_statuses()
    {
        var cache = await StartAsync();
        using var http = Client();
        var tcb = await GetAsync(http, cache, "sgx/certification/v4/tcb?fmspc=00606A000000");
        Assert.Contains("BEGIN CERTIFICATE", Uri.UnescapeDataString(tcb.Headers.GetValues("TCB-Info-Issuer-Chain").Single()));
        Assert.Equal("application/json", tcb.Content.Headers.ContentType!.MediaType);

        var hex = await (await GetAsync(http, cache, "sgx/certification/v4/rootcacrl")).Content.ReadAsStringAsync(Ending);
        var der = await (await GetAsync(http, cache, "sgx/certification/v4/pckcrl?ca=platform&encoding=der"))
            .Content.ReadAsByteArrayAsync(Ending);
        Assert.Equal(0x30, Convert.FromHexString(hex)[0]);
        Assert.Equal(0x30, der[0]);
        Assert.Contains(
            "BEGIN X509 CRL", await (await GetAsync(http, cache, "sgx/certification/v4/pckcrl?ca=platform&encoding=pem"))
                .Content.ReadAsStringAsync(Ending), StringComparison.Ordinal);

        var raw = $"qeid={Host[..32]}&cpusvn={Convert.ToHexString(SyntheticPlatform.Components)}&pcesvn=0E00&pceid=0000";
        var pck = await GetAsync(http, cache, $"sgx/certification/v4/pckcert?{raw}");
        Assert.Equal(Convert.ToHexString(SyntheticPlatform.Components) + "0D00", pck.Headers.GetValues("SGX-TCBm").Single());
        Assert.Equal("00606A000000", pck.Headers.GetValues("SGX-FMSPC").Single());
        Assert.Equal("platform", pck.Headers.GetValues("SGX-PCK-Certificate-CA-Type").Single());
        Assert.NotEmpty(pck.Headers.GetValues("SGX-PCK-Certificate-Issuer-Chain"));
        using var certificate = X509Certificate2.CreateFromPem(await pck.Content.ReadAsStringAsync(Ending));

        foreach (var (path, status) in new[]
        {
            ("sgx/certification/v4/tcb?fmspc=000000000000", 404), ("sgx/certification/v4/tcb", 400), ("sgx/certification/v9/tcb", 404),
            ("sgx/certification/v4/pckcrl?ca=processor", 404), ("sgx/certification/v3/qe/identity", 404), ("nothing", 404),
            ($"sgx/certification/v4/pckcert?{raw.Replace("qeid=00", "qeid=ff", StringComparison.Ordinal)}", 461),
            ($"sgx/certification/v4/pckcert?{raw.Replace("0E00", "0100", StringComparison.Ordinal)}", 462),
            ("sgx/certification/v4/tcb?fmspc=00606A000000&tcbEvaluationDataNumber=20", 200),
            ("sgx/certification/v4/tcb?fmspc=00606A000000&tcbEvaluationDataNumber=21", 404),
            ("sgx/certification/v4/tcb?fmspc=00606A000000&update=early", 404),
        })
        {
            using var answer = await http.GetAsync(new Uri(cache, path), Ending);
            Assert.Equal((path, status), (path, (int)answer.StatusCode));
        }
        using var posted = await http.PostAsync(new Uri(cache, "sgx/certification/v4/platforms"), null, Ending);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task Expired_documents_are_not_served_and_early_ones_only_to_who_asks()
    {
        var cache = await StartAsync(early: 21);
        using var http = Client();
        var early = await (await GetAsync(http, cache, "sgx/certification/v4/tcb?fmspc=00606A000000&update=early"))
            .Content.ReadAsStringAsync(Ending);
        var standard = await (await GetAsync(http, cache, "sgx/certification/v4/tcb?fmspc=00606A000000")).Content.ReadAsStringAsync(Ending);
        Assert.Contains("\"tcbEvaluationDataNumber\":21", early, StringComparison.Ordinal);
        Assert.Contains("\"tcbEvaluationDataNumber\":20", standard, StringComparison.Ordinal);

        now = now.AddMonths(2);
        using var expired = await http.GetAsync(new Uri(cache, "sgx/certification/v4/tcb?fmspc=00606A000000"), Ending);
        Assert.Equal(HttpStatusCode.NotFound, expired.StatusCode);
    }

    [Fact]
    public async Task A_client_that_asks_too_often_waits_and_causes_no_request_to_others()
    {
        var requests = 0;
        var cache = await StartAsync(onRequest: () => requests++);
        var before = requests;
        using var http = Client();
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < AddressBudget.Requests + 10; i++)
        {
            using var answer = await http.GetAsync(new Uri(cache, $"sgx/certification/v4/tcb?fmspc={i:x12}"), Ending);
            statuses.Add(answer.StatusCode);
        }
        Assert.Equal(AddressBudget.Requests, statuses.Count(status => status == HttpStatusCode.NotFound));
        Assert.Equal(10, statuses.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(before, requests);
        now += AddressBudget.Window;
        await GetAsync(http, cache, "sgx/certification/v4/qe/identity");
    }

    [Fact]
    public async Task An_address_holds_few_connections_and_gets_them_back()
    {
        var cache = await StartAsync();
        var held = new List<System.Net.Sockets.TcpClient>();
        for (var i = 0; i < CacheEndpoint.ConnectionsOfAddress; i++)
        {
            held.Add(new System.Net.Sockets.TcpClient(cache.Host, cache.Port));
        }
        using (var more = new System.Net.Sockets.TcpClient(cache.Host, cache.Port))
        {
            // Closed at once: a client in order would now wait for the handshake.
            var read = new byte[1];
            Assert.Equal(0, await ReadEndAsync(more.GetStream(), read));
        }
        held.ForEach(each => each.Dispose());
        using var http = Client();
        HttpStatusCode? status = null;
        for (var tries = 0; status is null && tries < 100; tries++)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri(cache, "metrics"), Ending);
                status = answer.StatusCode;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, Ending);
            }
        }
        Assert.Equal(HttpStatusCode.OK, status);

        static async Task<int> ReadEndAsync(Stream stream, byte[] buffer)
        {
            try
            {
                return await stream.ReadAsync(buffer, Ending);
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    [Fact]
    public async Task Metrics_tell_age_expiry_and_failures()
    {
        var cache = await StartAsync();
        using var http = Client();
        var text = await (await GetAsync(http, cache, "metrics")).Content.ReadAsStringAsync(Ending);
        const string labels = "{host=\"cache\",tee=\"sgx\",fmspc=\"00606a000000\",ca=\"platform\",edition=\"standard\",version=\"4\"}";
        Assert.Contains(
            $"guardian_collateral_expiry_timestamp_seconds{labels} {At("2026-06-19T00:00:00Z")}\n", text, StringComparison.Ordinal);
        Assert.Contains(
            $"guardian_collateral_issued_timestamp_seconds{labels} {At("2026-05-20T00:00:00Z")}\n", text, StringComparison.Ordinal);
        Assert.Contains($"guardian_collateral_update_failures_total{labels} 0\n", text, StringComparison.Ordinal);
        Assert.Contains($"guardian_collateral_evaluation_number{labels} 20\n", text, StringComparison.Ordinal);
        Assert.Contains("guardian_pck_hosts{host=\"cache\"} 1\n", text, StringComparison.Ordinal);

        // The alert rules name metrics that exist.
        var rules = await File.ReadAllTextAsync(Repository.File("deploy", "prometheus", "guardian-collateral.rules.yaml"), Ending);
        var used = System.Text.RegularExpressions.Regex.Matches(rules, "guardian_[a-z_]+").Select(match => match.Value).ToHashSet();
        Assert.True(used.Count > 2);
        Assert.All(used, name => Assert.Contains($"# TYPE {name} ", text, StringComparison.Ordinal));

        static long At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();
    }

    [Theory]
    [InlineData("listen: 192.0.2.1:8081\n", "is not a loopback address")]
    [InlineData("listen: nowhere\n", "is not an address to listen on")]
    [InlineData("services: [nowhere]\n", "is no address")]
    [InlineData("platforms: [00606a000000]\n", "is no platform")]
    [InlineData("hosts: /h\n", "belong together")]
    [InlineData("certificate: /c\n", "belong together")]
    [InlineData("other: 1\n", "other")]
    public void A_bad_configuration_is_refused_with_its_place(string yaml, string words)
    {
        var problems = new Guardian.Documents.DocumentProblems();
        Assert.Null(CacheConfiguration.Read(Encoding.UTF8.GetBytes(yaml), problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(words, StringComparison.Ordinal));
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient http, Uri cache, string path)
    {
        var answer = await http.GetAsync(new Uri(cache, path), Ending);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
        return answer;
    }

    private async Task<Uri> StartAsync(int? early = null, Action? onRequest = null)
    {
        var time = new MovingTime(() => now);
        List<KeptStore> stores = [await KeepAsync(EvaluationSet.Standard, time, onRequest)];
        if (early is { } number)
        {
            platform.TcbInfo.Content["tcbEvaluationDataNumber"] = number;
            stores.Add(await KeepAsync(EvaluationSet.Early, time, onRequest));
        }
        var pck = new PckStore(folder.File("pck"), options, lines.Add);
        Assert.Null(pck.Write(Host, SyntheticPlatform.Utf8(platform.Pck.Pem() + platform.Authority.Pem() + platform.Root.Pem())));
        var metrics = new CacheMetrics();
        var problems = new Guardian.Documents.DocumentProblems();
        var configuration = CacheConfiguration.Read(
            Encoding.UTF8.GetBytes($"listen: 127.0.0.1:0\ncertificate: {Certificate()}\nkey: {folder.File("key.pem")}\n"), problems);
        Assert.Empty(problems.Items);
        var server = CacheEndpoint.Create(
            configuration!, new CollateralAnswers(new CacheContent(stores), pck, time), metrics,
            () => metrics.Write("cache", stores, pck.Hosts.Count, 0), time, lines.Add);
        servers.Add(server);
        await server.StartAsync(Ending);
        return new Uri(server.Urls.Single() + "/");
    }

    private async Task<KeptStore> KeepAsync(EvaluationSet edition, TimeProvider time, Action? onRequest)
    {
        var store = new CollateralStore(folder.File("collateral"), edition);
        var upstream = new Upstream(platform.Build().Collateral, onRequest);
        var service = new CollateralService(new HttpClient(upstream) { BaseAddress = new Uri("https://upstream.example/") });
        var keeper = new CollateralKeeper(new CollateralUpdater([service], store, options), time, lines.Add);
        keeper.Add(id);
        using var first = CancellationTokenSource.CreateLinkedTokenSource(Ending);
        var running = keeper.RunAsync(first.Token);
        while (keeper.Kept[0].Summary is null)
        {
            Assert.False(running.IsCompleted);
            await Task.Yield();
        }
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return new KeptStore(keeper, store, 4);
    }

    private string Certificate()
    {
        if (!File.Exists(folder.File("cert.pem")))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=cache", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            folder.Write("cert.pem", made.ExportCertificatePem());
            folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
        }
        return folder.File("cert.pem");
    }

    private X509Certificate2Collection Trusted()
    {
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(Certificate());
        return trusted;
    }

    private HttpClient Client() => CollateralService.CreateClient(new Uri("https://127.0.0.1/"), Trusted());

    private sealed class MovingTime(Func<DateTimeOffset> read) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => read();
    }

    private sealed class Upstream(QuoteCollateral collateral, Action? onRequest) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            onRequest?.Invoke();
            var (body, header, chain) = request.RequestUri!.AbsolutePath.Split('/')[^1] switch
            {
                "tcb" => (collateral.TcbInfo, "TCB-Info-Issuer-Chain", collateral.TcbInfoIssuerChain),
                "identity" => (collateral.QeIdentity, "SGX-Enclave-Identity-Issuer-Chain", collateral.QeIdentityIssuerChain),
                "pckcrl" => (collateral.PckCrl, "SGX-PCK-CRL-Issuer-Chain", collateral.PckCrlIssuerChain),
                _ => (collateral.RootCaCrl, "X-None", default),
            };
            var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body.ToArray()) };
            answer.Headers.Add(header, Uri.EscapeDataString(Encoding.ASCII.GetString(chain.Span)));
            return Task.FromResult(answer);
        }
    }
}
