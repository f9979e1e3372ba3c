using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Host;
using Guardian.Hosting;
using Guardian.Refusals;
using Guardian.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Host;

/// <summary>The operator hears of denials; callers decide neither where the CAS sends, nor how often, nor what.</summary>
public sealed class DenialNotifierTests : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly ConcurrentQueue<string> received = new();
    private readonly ConcurrentQueue<string> redirected = new();
    private readonly SemaphoreSlim arrived = new(0);
    private readonly X509Certificate2 certificate = CreateCertificate();
    private readonly WebApplication server;
    private int status = StatusCodes.Status204NoContent;

    public DenialNotifierTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        server = builder.Build();
        server.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            (context.Request.Path == "/hook" ? received : redirected).Enqueue(await reader.ReadToEndAsync());
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/internal";
            arrived.Release();
        });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
        arrived.Dispose();
    }

    [Fact]
    public async Task Denied_enclaves_are_counted_in_one_message_without_reasons()
    {
        await using var notifier = await StartAsync(TimeSpan.FromMinutes(10));
        using var cas = new TestCas();
        var services = new CasServices(cas.Vault, SimulatedPlatforms.Verifier, cas.Time, onDenied: notifier.Note);
        await cas.CreateAsync(TestCas.Session);
        using var other = TestCas.Launch(2);
        var request = new ConfigurationRequest("shop", "web");
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(services.Admissions.ConfigureAsync(request, cas.Certificate(other))));
        await WaitAsync();
        var message = JsonNode.Parse(received.Single())!;
        Assert.Equal(("service-denied", "shop", "web", 1L),
            ((string)message["event"]!, (string)message["denials"]![0]!["session"]!, (string)message["denials"]![0]!["service"]!,
                (long)message["denials"]![0]!["count"]!));
        Assert.DoesNotContain(other.Identity.MrEnclave.ToString(), received.Single(), StringComparison.Ordinal);

        // Callers without evidence, unknown services and admissions make the CAS call nobody.
        await ExpectReasonAsync(services.Admissions.ConfigureAsync(request, default));
        await ExpectReasonAsync(services.Admissions.ConfigureAsync(request with { Session = "x" }, cas.Certificate(other, "x")));
        await services.Admissions.ConfigureAsync(request, cas.Certificate(TestCas.Program)).ValueAsync();
        // A naive notifier sends a message for each denial, and callers decide how many.
        for (var i = 0; i < 2_000; i++)
        {
            notifier.Note($"session{i}", "web");
        }
        Assert.Single(received);
        Assert.Equal((1, 0, 0), notifier.Measure());
    }

    [Fact]
    public async Task Denials_wait_in_bounded_memory_and_the_rest_is_counted()
    {
        await using var notifier = await StartAsync(TimeSpan.FromMilliseconds(200));
        notifier.Note("first", "web");
        await WaitAsync();
        for (var i = 0; i < 2_000; i++)
        {
            notifier.Note($"session{i % 1_000}", "web");
        }
        await WaitAsync();
        var messages = received.Select(text => JsonNode.Parse(text)!).ToList();
        Assert.All(messages, message => Assert.True(message["denials"]!.AsArray().Count <= 256));
        while (messages.Sum(Total) < 2_001)
        {
            await WaitAsync();
            messages = [.. received.Select(text => JsonNode.Parse(text)!)];
        }
        Assert.Equal(2_001, messages.Sum(Total));
        Assert.Equal(messages.Sum(message => (long)message["more"]!), notifier.Measure().Lost);

        static long Total(JsonNode message) =>
            (long)message["more"]! + message["denials"]!.AsArray().Sum(denial => (long)denial!["count"]!);
    }

    [Fact]
    public async Task The_receiver_chooses_no_other_destination()
    {
        status = StatusCodes.Status307TemporaryRedirect;
        await using var notifier = await StartAsync(TimeSpan.FromMilliseconds(100));
        // A naive client follows.
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(certificate);
        using (var naive = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { CertificateChainPolicy = trust },
            MaxAutomaticRedirections = 1,
        }))
        {
            try
            {
                using var answer = await naive.PostAsync(Address, new StringContent("x"));
            }
            catch (HttpRequestException)
            {
                // The receiver redirects for ever.
            }
        }
        Assert.NotEmpty(redirected);
        redirected.Clear();
        notifier.Note("shop", "web");
        using var limit = new CancellationTokenSource(Limit);
        while (notifier.Measure().Failed == 0)
        {
            await Task.Delay(20, limit.Token);
        }
        Assert.Equal((0, 1, 1), notifier.Measure());
        Assert.Empty(redirected);
    }

    [Fact]
    public async Task A_receiver_with_another_certificate_learns_nothing()
    {
        using var other = CreateCertificate();
        await server.StartAsync();
        await using var notifier = new DenialNotifier(Address, [other], "cas", TimeSpan.FromMilliseconds(50), TimeProvider.System);
        notifier.Note("shop", "web");
        using var limit = new CancellationTokenSource(Limit);
        while (notifier.Measure().Failed == 0)
        {
            await Task.Delay(20, limit.Token);
        }
        Assert.Empty(received);
    }

    [Theory]
    [InlineData("http://127.0.0.1/hook")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:password@host/")]
    [InlineData("host")]
    public void Only_an_https_address_of_the_operator_is_accepted(string address)
    {
        using var folder = new TemporaryFolder();
        var options = HostOptions.Parse(
            ["--listen", "127.0.0.1:0", "--state", folder.Path, "--machine", folder.Path, "--notify", address],
            SimulatedPlatforms.Verifier.Anchors, [], ["notify", "notify-ca"]);
        Assert.Throws<RefusedException>(() => DenialNotifier.Open(options, "cas", TimeProvider.System));
    }

    private Uri Address => new(new Uri(server.Urls.Single()), "/hook");

    private async Task<DenialNotifier> StartAsync(TimeSpan interval)
    {
        await server.StartAsync();
        return new DenialNotifier(Address, [certificate], "cas", interval, TimeProvider.System);
    }

    private async Task WaitAsync() => Assert.True(await arrived.WaitAsync(Limit));

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }
}
