using System.Collections.Concurrent;
using Guardian.Node.Libvirt;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Tests.Support;

/// <summary>A relay between test clients and a fake daemon.</summary>
internal sealed class TestRelay : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RelayServer server;
    private readonly Thread thread;

    public TestRelay(IEpcClaims? claims = null, GuestRules? rules = null, IGuestKinds? kinds = null, uint? user = null, string? upstream = null)
    {
        Daemon = new FakeDaemon(folder.File("daemon.sock"));
        Path = folder.File("relay.sock");
        var rewriter = new GuestRewriter(claims ?? FixedClaims.None, rules ?? new GuestRules());
        var settings = new RelaySettings { Upstream = upstream ?? folder.File("daemon.sock"), Users = new HashSet<uint> { user ?? CurrentUser } };
        server = new RelayServer(RelayListener.Bind(Path), settings, () => new GuestCalls(rewriter, kinds ?? new FixedKinds(false), Passed, Log.Enqueue), Log.Enqueue);
        thread = new Thread(server.Run) { IsBackground = true };
        thread.Start();
    }

    public static uint CurrentUser { get; } = uint.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1], null);

    public FakeDaemon Daemon { get; }

    public PassedDefinitions Passed { get; } = new();

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
internal sealed class FixedClaims(IReadOnlyList<EpcClaim>? claims) : IEpcClaims
{
    public int Questions { get; private set; }

    public static FixedClaims None => new([]);

    public static FixedClaims Of(long mebibytes) => new([new EpcClaim(Guid.Empty, null, mebibytes)]);

    public static FixedClaims Of(params (int Node, long Mebibytes)[] parts) => new([.. parts.Select(part => new EpcClaim(Guid.Empty, part.Node, part.Mebibytes))]);

    public ClaimAnswer Find(NovaMetadata nova)
    {
        Questions++;
        return new ClaimAnswer(claims, claims is null ? "Placement does not answer" : null);
    }
}

/// <summary>One answer for every guest.</summary>
internal sealed class FixedKinds(bool? hasEpc) : IGuestKinds
{
    public bool? HasEpc(GuestName guest, string connectionUri) => hasEpc;
}
