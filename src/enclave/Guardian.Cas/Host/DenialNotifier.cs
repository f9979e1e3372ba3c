using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Guardian.Hosting;

namespace Guardian.Cas.Host;

/// <summary>
/// Tells the operator of denials: sends their numbers to the one address that the operator gave. No caller decides where, how often or what
/// the CAS sends. Thread-safe.
/// </summary>
/// <remarks>
/// Denials of an interval are one message, so callers cause no more than one call for each interval, however many they are. A message that
/// is not accepted is not repeated; the audit log has every denial.
/// </remarks>
internal sealed class DenialNotifier : IAsyncDisposable
{
    private const int MaxServices = 256;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly Uri address;
    private readonly string cas;
    private readonly TimeSpan interval;
    private readonly TimeProvider time;
    private readonly Dictionary<(string Session, string Service), long> denials = [];
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
    });

    private readonly CancellationTokenSource ending = new();
    private readonly Task working;
    private long dropped;
    private long sent;
    private long failed;
    private long lost;

    /// <param name="address">Where the messages go, <c>https://…</c>.</param>
    /// <param name="authorities">The only issuers of the receiver's certificate; null for the well-known ones.</param>
    /// <param name="cas">The identity of the CAS.</param>
    /// <param name="interval">The time between two messages, at least.</param>
    /// <param name="time">The clock.</param>
    public DenialNotifier(Uri address, X509Certificate2Collection? authorities, string cas, TimeSpan interval, TimeProvider time)
    {
        (this.address, this.cas, this.interval, this.time) = (address, cas, interval, time);
        http = new HttpClient(CreateHandler(authorities)) { Timeout = Timeout };
        working = RunAsync(ending.Token);
    }

    /// <summary>The time between two messages of a CAS, at least.</summary>
    public static TimeSpan DefaultInterval { get; } = TimeSpan.FromSeconds(10);

    /// <summary>How many messages were accepted, how many were not, and of how many denials no message tells.</summary>
    public (long Sent, long Failed, long Lost) Measure() =>
        (Interlocked.Read(ref sent), Interlocked.Read(ref failed), Interlocked.Read(ref lost));

    /// <summary>Reads the address and the issuers from the options; null when the operator wants no messages.</summary>
    /// <exception cref="Refusals.RefusedException">The address is no HTTPS address, or the file holds no certificates.</exception>
    public static DenialNotifier? Open(HostOptions options, string cas, TimeProvider time)
    {
        if (options.Find("notify") is not { } text)
        {
            return options.Find("notify-ca") is null ? null : throw HostingReasons.RefuseInput("--notify-ca is for --notify");
        }
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || address.UserInfo.Length > 0)
        {
            throw HostingReasons.RefuseInput($"'{text}' is no address for messages", "--notify takes https://host/path without a password");
        }
        return new DenialNotifier(
            address, options.Find("notify-ca") is { } file ? ReadAuthorities(file) : null, cas, DefaultInterval, time);
    }

    /// <summary>Notes a denial. Returns at once.</summary>
    public void Note(string session, string service)
    {
        lock (denials)
        {
            var key = (session, service);
            if (denials.TryGetValue(key, out var count) || denials.Count < MaxServices)
            {
                denials[key] = count + 1;
            }
            else
            {
                dropped++;
            }
        }
        wake.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await working.ConfigureAwait(false);
        http.Dispose();
        ending.Dispose();
    }

    private static SocketsHttpHandler CreateHandler(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler
        {
            // The receiver chooses no further destination, and no proxy of the environment sees the messages.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 1,
            ConnectTimeout = Timeout,
        };
        if (authorities is not null)
        {
            var chain = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            chain.CustomTrustStore.AddRange(authorities);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        }
        return handler;
    }

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(File.ReadAllText(file));
            return authorities.Count > 0 ? authorities : throw new CryptographicException("no certificate");
        }
        catch (CryptographicException)
        {
            throw HostingReasons.RefuseInput($"{file} holds no certificates in PEM", "--notify-ca takes the issuers of the receiver");
        }
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (await wake.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false))
            {
                wake.Reader.TryRead(out _);
                await SendAsync(Take(), cancellation).ConfigureAwait(false);
                await Task.Delay(interval, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The CAS ends.
        }
    }

    private DenialMessage Take()
    {
        lock (denials)
        {
            List<DeniedService> services =
                [.. denials.Select(each => new DeniedService(each.Key.Session, each.Key.Service, each.Value))];
            var message = new DenialMessage("service-denied", cas, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}", services, dropped);
            Interlocked.Add(ref lost, dropped);
            denials.Clear();
            dropped = 0;
            return message;
        }
    }

    private async Task SendAsync(DenialMessage message, CancellationToken cancellation)
    {
        try
        {
            using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(message, DenialJson.Default.DenialMessage));
            content.Headers.ContentType = new("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
            // Nothing of the answer but its status is read.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation)
                .ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                Interlocked.Increment(ref sent);
                return;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            // Counted below.
        }
        Interlocked.Increment(ref failed);
        Interlocked.Add(ref lost, message.Denials.Sum(denial => denial.Count));
    }
}

/// <summary>Denials since the last message.</summary>
/// <param name="Event">The kind of message: <c>service-denied</c>.</param>
/// <param name="Cas">The identity of the CAS.</param>
/// <param name="At">The time, UTC.</param>
/// <param name="Denials">The services, and how often enclaves were not admitted to each.</param>
/// <param name="More">How many denials of further services there were.</param>
internal sealed record DenialMessage(string Event, string Cas, string At, IReadOnlyList<DeniedService> Denials, long More);

/// <summary>The denials of a service. The audit log has their reasons, for the readers of the session and the owners.</summary>
internal sealed record DeniedService(string Session, string Service, long Count);

/// <summary>JSON of the messages.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DenialMessage))]
internal sealed partial class DenialJson : JsonSerializerContext;
