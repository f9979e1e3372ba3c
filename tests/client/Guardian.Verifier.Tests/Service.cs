using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation.Envelopes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Policy;
using Guardian.Sgx;
using Guardian.Simulation;
using Guardian.Verifier.Appraising;

namespace Guardian.Verifier.Tests;

/// <summary>A clock that stands still until a test sets it, or lets time pass.</summary>
internal sealed class TestClock(DateTimeOffset now) : TimeProvider
{
    private TimeSpan passed;

    public DateTimeOffset Now { get; set; } = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => passed.Ticks;

    public void Pass(TimeSpan time) => (passed, Now) = (passed + time, Now + time);
}

/// <summary>An answer of the service.</summary>
internal sealed record Answer(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, string? Type)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>The reason of a refusal.</summary>
    public string Reason => Type == "application/problem+json" ? (string)Json["reason"]! : $"{(int)Status}, no refusal: {Text}";

    /// <summary>Asserts a token.</summary>
    public string Token()
    {
        Assert.True(Status == HttpStatusCode.OK, Text);
        Assert.Equal("application/eat+jwt", Type);
        return Text;
    }
}

/// <summary>A service on loopback in this process, with an enclave on a simulated machine that makes quotes for it.</summary>
internal sealed class Service : IAsyncDisposable
{
    private static readonly Lazy<EnclaveProcess> Enclave = new(Launch);

    private readonly X509Certificate2 certificate = VerifierServer.CreateCertificate(DateTimeOffset.UtcNow);
    private readonly HttpClient http;
    private VerifierServer? server;

    private Service(IdentityKey key)
    {
        Key = key;
        // The tests of TLS are others'; here the connection is only a way to the calls.
        http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetRawCertData().SequenceEqual(certificate.RawData),
            },
        });
    }

    public static IQuoteProvider Quotes => Enclave.Value.Quotes;

    /// <summary>Accepts the enclave on the simulated machine.</summary>
    public static AttestationPolicy Policy { get; } = new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [Enclave.Value.Enclave.Identity.MrEnclave] }],
        Platforms = [PlatformKind.Simulated],
    };

    public IdentityKey Key { get; }

    public TestClock Clock { get; } = new(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));

    public Uri Address => server!.Address;

    public static async Task<Service> StartAsync(
        Func<AppraisalSettings, AppraisalSettings>? change = null, int rate = 10_000, IdentityKey? key = null, DateTimeOffset? at = null)
    {
        var service = new Service(key ?? IdentityKey.Create());
        service.Clock.Now = at ?? service.Clock.Now;
        var appraisal = new AppraisalSettings
        {
            Key = service.Key, Policy = Policy, Quotes = SimulatedPlatforms.Verifier, Time = service.Clock,
        };
        service.server = await VerifierServer.StartAsync(new VerifierSettings
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Certificate = service.certificate,
            Appraisal = change?.Invoke(appraisal) ?? appraisal,
            RequestsPerSecond = rate,
        });
        return service;
    }

    /// <summary>A quote of the enclave whose report data begins with a nonce.</summary>
    public static byte[] Quote(string nonce, byte[]? rest = null)
    {
        var reportData = new byte[64];
        System.Buffers.Text.Base64Url.DecodeFromChars(nonce).CopyTo(reportData, 0);
        rest?.CopyTo(reportData, 32);
        return Quotes.CreateQuote(reportData);
    }

    public async Task<string> NonceAsync() => (string)(await PostAsync("/v1/nonces", null)).Json["nonce"]!;

    public Task<Answer> AppraiseAsync(byte[] evidence, string? nonce = null, JsonObject? endorsements = null)
    {
        var request = new JsonObject { ["evidence"] = Convert.ToBase64String(evidence) };
        if (nonce is not null)
        {
            request["nonce"] = nonce;
        }
        if (endorsements is not null)
        {
            request["endorsements"] = endorsements;
        }
        return PostAsync("/v1/appraisals", JsonContent.Create(request));
    }

    public Task<Answer> PostAsync(string path, HttpContent? content) => SendAsync(HttpMethod.Post, path, content);

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path)) { Content = content };
        return await ReadAsync(await http.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public async Task<TokenKeys> KeysAsync() =>
        TokenKeys.Read(System.Text.Encoding.UTF8.GetBytes((await GetAsync("/.well-known/jwks.json")).Text)).Value!;

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        certificate.Dispose();
        Key.Dispose();
    }

    private static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            return new Answer(
                response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response.Headers,
                response.Content.Headers.ContentType?.MediaType);
        }
    }

    private static EnclaveProcess Launch()
    {
        var folder = new TemporaryFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        Directory.CreateDirectory(folder.File("code"));
        folder.Write("code/program", "a program");
        return SimulatedPlatforms.Launch(folder.File("code"), folder.File("machine"), EnclaveProduct.Cas, epcSize: null);
    }
}
