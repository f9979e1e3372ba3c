using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Launch;
using Guardian.Attestation.Quotes;
using Guardian.ComputeHost.Quoting;
using Guardian.Node.Quoting;
using Guardian.Node.Tests.Support;
using Guardian.Simulation;

namespace Guardian.Node.Tests.Quoting;

/// <summary>Guests get quotes over a socket: of the simulated platform end to end, and no more than a guest may ask for.</summary>
public sealed class QuotingServerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly List<IDisposable> open = [];
    private readonly List<string> lines = [];

    public void Dispose()
    {
        stopping.Cancel();
        open.Reverse();
        open.ForEach(each => each.Dispose());
        stopping.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_guest_gets_a_quote_of_its_enclave_which_verifies()
    {
        var address = Serve(Platform("machine"));
        using var process = Launch("machine");
        var nonce = RandomNumberGenerator.GetBytes(64);
        var report = process.Enclave.CreateReport(SimulatedPlatforms.Support.SimulatedQuotingTarget.Span, nonce);
        var quote = new QuotingClient(address).GetQuote(report).Value!;
        var verified = SimulatedPlatforms.Verifier.Verify(quote, Now).Value!;
        Assert.Equal(process.Enclave.Identity.MrEnclave, verified.Report.MrEnclave);
        Assert.Equal(nonce, verified.ReportData.ToArray());

        var info = new QuotingClient(address).Ask(new QgsMessage(QgsMessageType.PlatformInfoRequest, QgsError.None, [])).Value!;
        Assert.Equal((16, 16), (info.Parts[0].Length, info.Parts[1].Length));
        Assert.Equal(process.Enclave.Identity.CpuSvn.ToArray(), info.Parts[1].ToArray());
        Assert.Equal((1, 1), (info.First, info.Second));
    }

    [Fact]
    public void Guests_do_not_fill_the_log()
    {
        var time = new ManualTime();
        var log = new LogBudget(lines.Add, time);
        // The naive log has a line for each of a guest's requests.
        for (var i = 0; i < 1000; i++)
        {
            log.Write("guest 3 is refused");
        }
        Assert.Equal(LogBudget.Lines, lines.Count);
        time.Advance(LogBudget.Window);
        log.Write("guest 4 is refused");
        Assert.Equal([$"{1000 - LogBudget.Lines} lines about guests were left out", "guest 4 is refused"], lines[^2..]);
    }

    [Theory]
    [InlineData("another machine")]
    [InlineData("another target")]
    [InlineData("changed")]
    [InlineData("short")]
    public void A_report_that_this_machine_did_not_make_for_its_quoting_enclave_gets_no_quote(string what)
    {
        var address = Serve(Platform("machine"));
        using var process = Launch(what == "another machine" ? "other" : "machine");
        var target = SimulatedPlatforms.Support.SimulatedQuotingTarget.ToArray();
        if (what == "another target")
        {
            target[0] ^= 1;
        }
        var report = process.Enclave.CreateReport(target, new byte[64]);
        if (what == "changed")
        {
            report[64] ^= 1;
        }
        var refusal = new QuotingClient(address).GetQuote(what == "short" ? report[..^1] : report).Refusal!;
        Assert.Equal(QuotingReasons.Refused, refusal.Reason);
        Assert.Contains("0x12003", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("was not made on this machine", StringComparison.Ordinal));
    }

    [Fact]
    public void On_hardware_the_service_gives_collateral_and_says_who_makes_quotes()
    {
        var vector = Repository.File("tests", "vectors", "dcap", "tdx4-uptodate");
        var collateral = CollateralFiles.Read(vector).Value!;
        var platform = PlatformId.Of(Quote.TryParse(File.ReadAllBytes(Path.Combine(vector, "quote.bin"))).Value!)!;
        var store = new CollateralStore(folder.File("collateral"));
        store.Write(platform, collateral);
        var client = new QuotingClient(Serve(null, store));

        Assert.Equal(QuotingReasons.Refused, client.GetQuote(new byte[1024]).Refusal!.Reason);
        Assert.Contains(lines, line => line.Contains("Intel's own quoting enclave", StringComparison.Ordinal));

        var answer = client.Ask(new QgsMessage(
            QgsMessageType.CollateralRequest, QgsError.None,
            [Convert.FromHexString(platform.Fmspc), Encoding.ASCII.GetBytes(platform.Authority + "\0")])).Value!;
        Assert.Equal((3, 1), (answer.First, answer.Second));
        Assert.Equal(collateral.TcbInfo.ToArray(), answer.Parts[4].ToArray());
        Assert.Equal(collateral.RootCaCrl.ToArray(), answer.Parts[1].ToArray());
        Assert.Equal(collateral.QeIdentity.ToArray(), answer.Parts[6].ToArray());

        Assert.Equal(QuotingReasons.Refused, Ask(client, "000000000000", "platform"));
        Assert.Equal(QuotingReasons.Refused, Ask(client, "0000", "platform"));
        Assert.Equal(QuotingReasons.Refused, Ask(client, platform.Fmspc, "root"));
    }

    [Fact]
    public void A_connection_takes_one_request_and_a_guest_few_connections()
    {
        var address = Serve(Platform("machine"));
        var path = address.Path!;
        // Everything that a stranger may send first.
        foreach (var bytes in new byte[][] { [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 16, .. new byte[16]], [0, 0, 0x40, 1] })
        {
            using var stranger = Connect(path);
            stranger.Send(bytes);
            stranger.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, stranger.Receive(new byte[1]));
        }
        List<Socket> idle = [.. Enumerable.Range(0, QuotingServer.MaxOfPeer).Select(_ => Connect(path))];
        using (var more = Connect(path))
        {
            more.ReceiveTimeout = 5000;
            Assert.Equal(0, more.Receive(new byte[1]));
        }
        idle.ForEach(each => each.Dispose());
        using var process = Launch("machine");
        var report = process.Enclave.CreateReport(SimulatedPlatforms.Support.SimulatedQuotingTarget.Span, new byte[64]);
        byte[]? quote = null;
        for (var tries = 0; quote is null && tries < 100; tries++)
        {
            quote = new QuotingClient(address).GetQuote(report).Value;
        }
        Assert.NotNull(quote);
    }

    [Fact]
    public void Nobody_listening_is_said()
    {
        var refusal = new QuotingClient(QuotingAddress.TryParse("unix:" + folder.File("none"))!).GetQuote(new byte[432]).Refusal!;
        Assert.Equal(QuotingReasons.Unreachable, refusal.Reason);
    }

    [Fact]
    public void Vsock_carries_the_same_messages()
    {
        // CID 1 is this machine itself, where the kernel has the loopback transport.
        const string port = "40501";
        QuotingListener listener;
        try
        {
            listener = QuotingListener.Open(QuotingAddress.TryParse($"vsock:{port}")!);
        }
        catch (IOException failure)
        {
            Assert.Skip(failure.Message);
            return;
        }
        Start(listener, Platform("machine"), null);
        using var process = Launch("machine");
        var report = process.Enclave.CreateReport(SimulatedPlatforms.Support.SimulatedQuotingTarget.Span, new byte[64]);
        var (quote, refusal) = new QuotingClient(QuotingAddress.TryParse($"vsock:1:{port}")!).GetQuote(report);
        Assert.SkipWhen(refusal?.Reason == QuotingReasons.Unreachable, $"this kernel has no loopback for vsock: {refusal?.Detail}");
        Assert.NotNull(SimulatedPlatforms.Verifier.Verify(quote!, Now).Value);
    }

    private static Guardian.Refusals.RefusalReason Ask(QuotingClient client, string fmspc, string authority) => client.Ask(new QgsMessage(
        QgsMessageType.CollateralRequest, QgsError.None, [Convert.FromHexString(fmspc), Encoding.ASCII.GetBytes(authority)]))
        .Refusal!.Reason;

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private IQuotingService Platform(string machine)
    {
        var platform = SimulatedPlatforms.Support.SimulateQuoting!(folder.File(machine));
        open.Add(platform);
        return platform;
    }

    private EnclaveProcess Launch(string machine)
    {
        Directory.CreateDirectory(folder.File("program"));
        File.WriteAllText(Path.Combine(folder.File("program"), "code"), "a program");
        return SimulatedPlatforms.Launch(folder.File("program"), folder.File(machine), EnclaveProduct.Premain, null);
    }

    private QuotingAddress Serve(IQuotingService? platform, ICollateralSource? collateral = null)
    {
        var address = QuotingAddress.TryParse("unix:" + folder.File("quoting.sock"))!;
        Start(QuotingListener.Open(address), platform, collateral);
        return address;
    }

    private void Start(QuotingListener listener, IQuotingService? platform, ICollateralSource? collateral)
    {
        open.Add(listener);
        var server = new QuotingServer(listener, new QuotingService(platform, collateral, Log), Log);
        new Thread(() => server.Run(stopping.Token)) { IsBackground = true }.Start();
    }

    private void Log(string line)
    {
        lock (lines)
        {
            lines.Add(line);
        }
    }
}
