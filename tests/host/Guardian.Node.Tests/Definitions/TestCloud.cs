using System.Collections.Concurrent;
using System.Net;
using Guardian.Libvirt.Domain;
using Guardian.Metering;
using Guardian.Node.Definitions;
using Guardian.Node.Tests.Publishing;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Definitions;

/// <summary>A host with two sections, its Placement, and the daemon's memory of claims. The clock stands still.</summary>
internal sealed class TestCloud : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly PretendedPlacement.Provider host;
    private readonly List<CloudSession> sessions = [];

    public TestCloud()
    {
        host = Placement.AddHost("host");
        Sections = [Placement.AddSection(host, 0), Placement.AddSection(host, 1)];
        Known = KnownClaims.Open(folder.File("claims"));
        Claims = Restart();
    }

    public PretendedPlacement Placement { get; } = new();

    public PretendedPlacement.Provider[] Sections { get; }

    public ManualTime Time { get; } = new();

    public RelayStatistics Statistics { get; } = new();

    public KnownClaims Known { get; private set; }

    public PlacementClaims Claims { get; private set; }

    public ConcurrentQueue<string> Log { get; } = [];

    /// <summary>Everything that a control plane in trouble does, by name.</summary>
    public static IReadOnlyDictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>>> Troubles { get; } =
        new Dictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>>>
        {
            ["refused"] = (_, _) => throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused"),
            ["reset"] = (_, _) => throw new HttpRequestException(HttpRequestError.ResponseEnded, "reset"),
            ["placement 500"] = At("/placement", HttpStatusCode.InternalServerError),
            ["placement 503"] = At("/placement", HttpStatusCode.ServiceUnavailable),
            ["placement 429"] = At("/placement", HttpStatusCode.TooManyRequests),
            ["placement 401"] = At("/placement", HttpStatusCode.Unauthorized),
            ["placement 403"] = At("/placement", HttpStatusCode.Forbidden),
            ["placement 404"] = At("/placement", HttpStatusCode.NotFound),
            ["a page of a proxy"] = At("/placement", HttpStatusCode.OK),
            ["keystone 401"] = At("/identity", HttpStatusCode.Unauthorized),
            ["keystone 500"] = At("/identity", HttpStatusCode.InternalServerError),
            ["keystone 503"] = At("/identity", HttpStatusCode.ServiceUnavailable),
            ["keystone answers nonsense"] = At("/identity", HttpStatusCode.Created),
        };

    /// <summary>Troubles in which no answer comes.</summary>
    public static IReadOnlyDictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>>> Silences { get; } =
        new Dictionary<string, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>>>
        {
            ["hangs"] = async (_, cancellation) =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return null;
            },
            ["half-open"] = (_, _) => Task.FromResult<HttpResponseMessage?>(
                new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new SilentStream()) }),
            ["only keystone hangs"] = async (request, cancellation) =>
            {
                await Task.Delay(request.RequestUri!.AbsolutePath.StartsWith("/identity", StringComparison.Ordinal)
                    ? Timeout.Infinite : 0, cancellation);
                return null;
            },
        };

    public static NovaMetadata Server(int number, string flavor, IReadOnlyDictionary<string, string>? specs = null) =>
        new(new Guid(number, 0, 0, new byte[8]), flavor, Project: null, specs);

    /// <summary>Sets the claim of a server, in MiB by section.</summary>
    public void Claim(NovaMetadata server, params long[] mebibytes) => Placement.Claims[server.Instance] = mebibytes
        .Select((size, index) => (Sections[index].Id, size)).Where(claim => claim.size > 0).ToDictionary();

    /// <summary>Restarts the daemon.</summary>
    public PlacementClaims Restart(bool hasCloud = true)
    {
        Known.Dispose();
        Known = KnownClaims.Open(folder.File("claims"));
        // A new daemon has no token yet.
        sessions.Add(Placement.Connect());
        var placement = new PlacementClient(sessions[^1]);
        var circuit = new PlacementCircuit(cancellation => placement.ListProvidersAsync("host", cancellation), Time, Log.Enqueue);
        return Claims = new PlacementClaims(
            hasCloud ? new EpcClaims(placement) : null, () => "host", Known, circuit, Statistics, Time, Log.Enqueue);
    }

    /// <summary>Finds claims, as sizes and nodes.</summary>
    public async Task<string> FindAsync(NovaMetadata server) => Describe(await Claims.FindAsync(server).WaitAsync(Limit));

    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(10);

    public static string Describe(Outcome<EpcClaim[]> outcome) => outcome.Refusal is { } refusal
        ? refusal.Reason.ToString()
        : string.Join(' ', outcome.Value!.Select(claim => $"{claim.Mebibytes}@{claim.Node}{(claim.TdxKey ? "+tdx" : "")}"));

    public void Dispose()
    {
        Known.Dispose();
        sessions.ForEach(session => session.Dispose());
        folder.Dispose();
    }

    private static Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage?>> At(string path, HttpStatusCode status) =>
        (request, _) => Task.FromResult(request.RequestUri!.AbsolutePath.StartsWith(path, StringComparison.Ordinal)
            ? new HttpResponseMessage(status) { Content = new StringContent("<html>out of order</html>") }
            : null);

    /// <summary>A body of which no byte comes.</summary>
    private sealed class SilentStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();
    }
}
