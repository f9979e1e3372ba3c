using System.Collections.Concurrent;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Definitions;
using Guardian.Node.Metering;
using Guardian.Node.Relay;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Tests.Support;

/// <summary>A relay between test clients and a fake daemon.</summary>
internal sealed class TestRelay : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RelayServer server;
    private readonly Thread thread;

    public TestRelay(
        IEpcClaims? claims = null, GuestRules? rules = null, IGuestLookup? guests = null, uint? user = null, string? upstream = null)
    {
        Daemon = new FakeDaemon(folder.File("daemon.sock"));
        Path = folder.File("relay.sock");
        var rewriter = new GuestRewriter(claims ?? FixedClaims.None, rules ?? new GuestRules());
        var settings = new RelaySettings
        {
            Upstream = upstream ?? folder.File("daemon.sock"),
            Users = new HashSet<uint> { user ?? CurrentUser },
        };
        server = new RelayServer(
            RelayListener.Bind(Path), settings,
            observer =>
                new GuestCalls(rewriter, guests ?? new FixedLookup(GuestKind.Plain), observer, Statistics, Log.Enqueue),
                Passed.Observe, Log.Enqueue);
        thread = new Thread(server.Run) { IsBackground = true };
        thread.Start();
    }

    public static uint CurrentUser { get; } = uint.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], null);

    public FakeDaemon Daemon { get; }

    public PassedDefinitions Passed { get; } = new();

    public RelayStatistics Statistics { get; } = new();

    public string Path { get; }

    public ConcurrentQueue<string> Log { get; } = [];

    public int ConnectionCount => server.ConnectionCount;

    public Peer Connect() => Peer.Connect(Path);

    public void Dispose()
    {
        server.Dispose();
        thread.Join();
        Daemon.Dispose();
        folder.Dispose();
    }
}

/// <summary>One answer for every instance.</summary>
internal sealed class FixedClaims(EpcClaim[]? claims) : IEpcClaims
{
    public int Questions { get; private set; }

    public static FixedClaims None => new([]);

    public static FixedClaims Of(long mebibytes) => new([new EpcClaim(Guid.Empty, null, mebibytes)]);

    public static FixedClaims Of(params (int Node, long Mebibytes)[] parts) =>
        new([.. parts.Select(part => new EpcClaim(Guid.Empty, part.Node, part.Mebibytes))]);

    public Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova)
    {
        Questions++;
        return Task.FromResult<Outcome<EpcClaim[]>>(
            claims is null ? RelayReasons.UnknownClaim.Because("Placement does not answer") : claims);
    }
}

/// <summary>For decisions that wait for nothing.</summary>
internal static class Rewriters
{
    public static Outcome<Rewriting> Rewrite(this GuestRewriter rewriter, string xml)
    {
        var decision = rewriter.RewriteAsync(xml);
        Assert.True(decision.IsCompleted);
        return decision.GetAwaiter().GetResult();
    }
}

/// <summary>One answer for every guest.</summary>
internal sealed class FixedLookup(GuestKind? kind) : IGuestLookup
{
    public Task<GuestKind?> FindKindAsync(GuestName guest, string connectionUri) => Task.FromResult(kind);
}
