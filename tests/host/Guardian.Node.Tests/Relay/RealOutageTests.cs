using Guardian.ComputeHost.Machine;
using Guardian.Libvirt.Rpc;
using Guardian.Metering;
using Guardian.Node.Definitions;
using Guardian.Node.Relay;
using Guardian.Node.Tests.Support;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;

namespace Guardian.Node.Tests.Relay;

/// <summary>
/// The chaos suite: a real libvirtd with QEMU, the relay, and a control plane in trouble. Known servers restart, plain calls pass, and new
/// servers are refused with a reason. The clock of the relay's limits moves only when a test moves it, so nothing here depends on speed.
/// </summary>
[Trait("Starts", "processes")]
public sealed class RealOutageTests(RealLibvirt libvirt) : IClassFixture<RealLibvirt>
{
    private const int NewServers = 50;

    // libvirt's VIR_DRV_FEATURE_PROGRAM_KEEPALIVE.
    private const uint KeepAliveFeature = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static TheoryData<NetworkTrouble> Troubles => [.. Enum.GetValues<NetworkTrouble>().Where(kind => kind != NetworkTrouble.None)];

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Known_servers_restart_and_plain_calls_pass_while_fifty_new_servers_wait(NetworkTrouble trouble)
    {
        using var host = Begin();
        var (sgx, plain) = (host.Add("sgx", "sgx.small", mebibytes: 8), host.Add("plain", "m1.tiny", mebibytes: 0));
        foreach (var guest in new[] { sgx, plain })
        {
            host.Define(guest).Ends(0);
            host.Virsh("start", guest.Name).Ends(0);
        }
        host.ExpectMapped(sgx, 8192);
        var isSilent = trouble is NetworkTrouble.Hangs or NetworkTrouble.KeystoneHangs or NetworkTrouble.HalfOpen or NetworkTrouble.Slow;
        host.RestartDaemon();
        host.Cloud.Trouble = trouble;

        // nova-compute's one connection: fifty new servers at once, and then a plain call.
        using var nova = host.Connect();
        for (var i = 0; i < NewServers; i++)
        {
            nova.Send(nova.MakeCall(RemoteProcedure.DomainDefineXml, Text(host.New($"new-{i}", "m1.tiny").Xml)));
        }
        nova.Send(nova.MakeCall(RemoteProcedure.ConnectGetLibVersion));
        if (isSilent)
        {
            // No definition can be decided yet, so the first reply shows that the plain call passed them all.
            Assert.Equal((uint)RemoteProcedure.ConnectGetLibVersion, Head(nova.Receive()!).Procedure);
        }
        // A hard reboot as Nova makes it: the guest ends before it is defined again.
        foreach (var guest in new[] { sgx, plain })
        {
            host.Virsh("destroy", guest.Name).Ends(0);
            host.Virsh("undefine", guest.Name).Ends(0);
            await host.WithClockAsync(() => host.Define(guest).Ends(0));
            host.Virsh("start", guest.Name).Ends(0);
        }
        host.ExpectMapped(sgx, 8192);
        host.ExpectMapped(plain, 0);

        var replies = await host.WithClockAsync(() =>
            Enumerable.Range(0, isSilent ? NewServers : NewServers + 1).Select(_ => nova.Receive()!).ToList());
        foreach (var frame in replies.Where(frame => Head(frame).Procedure == (uint)RemoteProcedure.DomainDefineXml))
        {
            Assert.Equal(RpcStatus.Error, Head(frame).Status);
            Assert.Contains("is not known", RpcError.Read(frame.AsSpan(RpcHeader.Size)).Message, StringComparison.Ordinal);
        }

        host.Cloud.Trouble = NetworkTrouble.None;
        host.Cloud.ReleaseSlowAnswers();
        var late = host.Add("late", "sgx.small", mebibytes: 16);
        await host.WithClockAsync(() =>
        {
            Assert.True(SpinWait.SpinUntil(() => host.Define(late).ExitCode == 0, Limit));
            return true;
        });
        host.Virsh("start", late.Name).Ends(0);
        host.ExpectMapped(late, 16_384);
    }

    [Fact]
    public async Task Answers_to_libvirts_keep_alive_pass_while_fifty_servers_wait()
    {
        using var host = Begin();
        host.Cloud.Trouble = NetworkTrouble.Hangs;
        using var nova = host.Connect();
        var (asked, supported) = nova.Call(RemoteProcedure.ConnectSupportsFeature, new XdrWriter().WriteUInt32(KeepAliveFeature).ToArray());
        Assert.Equal((RpcStatus.Ok, 1), (asked.Status, supported[^1]));
        for (var i = 0; i < NewServers; i++)
        {
            nova.Send(nova.MakeCall(RemoteProcedure.DomainDefineXml, Text(host.New($"new-{i}", "m1.tiny").Xml)));
        }
        // This libvirtd asks after each second of silence.
        for (var question = 0; question < 8; question++)
        {
            var ping = Head(nova.Receive()!);
            Assert.Equal((RpcHeader.KeepAliveProgram, 1u), (ping.Program, ping.Procedure));
            nova.Send(new RpcHeader(0, RpcHeader.KeepAliveProgram, 1, 2, RpcType.Message, 0, RpcStatus.Ok).MakeFrame([]));
        }
        nova.Send(nova.MakeCall(RemoteProcedure.ConnectGetLibVersion));
        RpcHeader reply;
        do
        {
            reply = Head(nova.Receive()!);
        }
        while (reply.Program == RpcHeader.KeepAliveProgram);
        Assert.Equal(((uint)RemoteProcedure.ConnectGetLibVersion, RpcStatus.Ok), (reply.Procedure, reply.Status));
        await host.WithClockAsync(() => Enumerable.Range(0, NewServers).Select(_ => nova.Receive()).ToList());
    }

    private OutageHost Begin()
    {
        Assert.SkipWhen(libvirt.Missing is not null, libvirt.Missing ?? "");
        return new OutageHost(libvirt);
    }

    private static byte[] Text(string xml) => new XdrWriter().WriteString(xml).ToArray();

    private static RpcHeader Head(byte[] frame)
    {
        RpcHeader.TryRead(frame, out var header);
        return header;
    }

    /// <summary>A server as Nova defines it.</summary>
    private sealed record Server(string Name, Guid Id, string Xml);

    /// <summary>A host: the relay with the daemon's own lookups, before the real libvirtd.</summary>
    private sealed class OutageHost : IDisposable
    {
        private static readonly GuestRules Rules =
            new() { Sections = [new EpcSection(0, 65_536), new EpcSection(1, 65_536)], HidesSgx = true };

        private readonly RealLibvirt libvirt;
        private readonly TemporaryFolder folder = new();
        private readonly ManualTime time = new();
        private readonly List<Server> servers = [];
        private readonly Guid section;
        private KnownClaims known;
        private CloudSession session;
        private TestRelay relay;

        public OutageHost(RealLibvirt libvirt)
        {
            this.libvirt = libvirt;
            section = Cloud.Placement.AddSection(Cloud.Placement.AddHost("host"), 0).Id;
            (known, session, relay) = Start();
        }

        public TcpCloud Cloud { get; } = new();

        /// <summary>A server that was never on this host.</summary>
        public Server New(string name, string flavor)
        {
            var id = Guid.NewGuid();
            var xml = TestDomain.Nova(type: "qemu")
                .Replace("524288", "65536", StringComparison.Ordinal)
                .Replace(TestDomain.Uuid, id.ToString(), StringComparison.Ordinal)
                .Replace("instance-00000001", name, StringComparison.Ordinal)
                .Replace("sgx.small", flavor, StringComparison.Ordinal);
            var server = new Server(name, id, xml);
            servers.Add(server);
            return server;
        }

        /// <summary>A server whose EPC the scheduler has claimed.</summary>
        public Server Add(string name, string flavor, long mebibytes)
        {
            var server = New(name, flavor);
            if (mebibytes > 0)
            {
                Cloud.Placement.Claims[server.Id] = new() { [section] = mebibytes };
            }
            return server;
        }

        public Result Virsh(params string[] arguments) => RealLibvirt.RunVirsh(relay.Path, arguments);

        public Result Define(Server server) => Virsh("define", folder.Write($"{server.Name}.xml", server.Xml));

        public Peer Connect()
        {
            var peer = relay.Connect();
            Assert.Equal(RpcStatus.Ok, peer.Call(RemoteProcedure.AuthList).Header.Status);
            var open = new XdrWriter().WriteOptionalString("qemu:///system").WriteUInt32(0).ToArray();
            Assert.Equal(RpcStatus.Ok, peer.Call(RemoteProcedure.ConnectOpen, open).Header.Status);
            return peer;
        }

        /// <summary>Does something that may wait for the relay's limits, while their clock runs.</summary>
        public async Task<T> WithClockAsync<T>(Func<T> work)
        {
            var done = Task.Run(work);
            while (!done.IsCompleted)
            {
                await Task.WhenAny(done, Task.Delay(20));
                time.Advance(TimeSpan.FromSeconds(1));
            }
            return await done;
        }

        public void ExpectMapped(Server server, long kibibytes)
        {
            var maps = File.ReadAllLines($"/proc/{libvirt.ProcessOf(server.Name)}/smaps");
            var mapped = maps.Zip(maps.Skip(1)).Where(pair => pair.First.EndsWith("/dev/sgx_vepc", StringComparison.Ordinal))
                .Sum(pair => long.Parse(pair.Second.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null));
            Assert.Equal(kibibytes, mapped);
        }

        /// <summary>A new process has no token and no connection, only the file of claims.</summary>
        public void RestartDaemon()
        {
            Stop();
            (known, session, relay) = Start();
        }

        public void Dispose()
        {
            var defined = RealLibvirt.RunVirsh(libvirt.SocketPath, "list", "--all", "--name").Output.Split('\n');
            foreach (var server in servers.Where(server => defined.Contains(server.Name)))
            {
                RealLibvirt.RunVirsh(libvirt.SocketPath, "destroy", server.Name);
                RealLibvirt.RunVirsh(libvirt.SocketPath, "undefine", server.Name);
            }
            Stop();
            Cloud.Dispose();
            folder.Dispose();
        }

        private void Stop()
        {
            relay.Dispose();
            session.Dispose();
            known.Dispose();
        }

        private (KnownClaims Known, CloudSession Session, TestRelay Relay) Start()
        {
            var claims = KnownClaims.Open(folder.File("claims"));
            var cloud = Cloud.Connect();
            var placement = new PlacementClient(cloud);
            var circuit = new PlacementCircuit(cancellation => placement.ListProvidersAsync("host", cancellation), time, _ => { });
            var lookups = new PlacementClaims(
                new EpcClaims(placement), () => "host", claims, circuit, new RelayStatistics(), time, _ => { });
            return (claims, cloud, new TestRelay(
                lookups, Rules, new LibvirtGuestLookup(libvirt.SocketPath), upstream: libvirt.SocketPath));
        }
    }
}
