using System.Net.Sockets;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Guests;
using Guardian.ComputeHost.Machine;
using Guardian.Documents;
using Guardian.Files.Native;
using Guardian.Metering;
using Guardian.Node.Admission;
using Guardian.Node.Daemon;
using Guardian.Node.Definitions;
using Guardian.Node.Kubernetes;
using Guardian.Node.Metering;
using Guardian.Node.Relay;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.OpenStack.Session;
using Guardian.Refusals;
using Guardian.Sgx.Cpu;

const int Usage = 2;
const int World = 3;

InheritedStreams.FillMissing();
if (args is ["admission", .. var admissionWords])
{
    return AdmissionDaemon.Run(admissionWords, Log, Fail);
}
if (args is ["kubernetes", .. var words])
{
    return KubernetesDaemon.Run(words, Log, Fail);
}
if (args is ["collateral", .. var collateralWords])
{
    return CollateralDaemon.Run(collateralWords, Log, Fail);
}
if (args is ["quoting", .. var quotingWords])
{
    return QuotingDaemon.Run(quotingWords, Log, Fail);
}
if (args is not ["--config", var path])
{
    return Fail(
        Usage, "guardian-node takes --config FILE, or one of the roles 'admission', 'collateral', 'kubernetes' and 'quoting'",
        "docs/reference/node.md shows a configuration", AdmissionSettings.Usage, CollateralDaemon.Usage,
        KubernetesSettings.Usage, QuotingDaemon.Usage);
}
NodeConfiguration? configuration;
try
{
    var problems = new DocumentProblems();
    configuration = NodeConfiguration.Read(File.ReadAllBytes(path), File.ReadAllText("/etc/passwd"), problems);
    if (configuration is null)
    {
        return Fail(Usage, $"{path} is not a valid configuration", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}

var host = new HostRoot();
using var session = OpenSession(configuration.Cloud);
var name = new HostName(configuration.Host, configuration.Upstream);
name.Refresh();
var clock = new HostClock(TimeProvider.System);
Meter meter;
KnownClaims known;
Socket listener;
try
{
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(configuration.Journal))!);
    // The journal comes first: another daemon that has it also has the file of claims.
    meter = new Meter(configuration.Journal, clock.Read, Log);
    known = KnownClaims.Open(KnownClaims.PathBeside(configuration.Journal));
    listener = RelayListener.InheritFromSystemd() ?? RelayListener.Bind(configuration.Listen);
}
catch (RefusedException failure)
{
    return Refuse(failure);
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}
catch (SocketException failure)
{
    var folder = Path.GetDirectoryName(Path.GetFullPath(configuration.Listen))!;
    var cause = Directory.Exists(folder) ? failure.Message : $"there is no folder {folder}";
    return Fail(World, $"cannot listen on {configuration.Listen}: {cause}");
}
var passed = new PassedDefinitions();
var statistics = new RelayStatistics();
var placement = session is null ? null : new PlacementClient(session);
var circuit = new PlacementCircuit(
    cancellation => placement!.ListProvidersAsync(name.Current, cancellation), TimeProvider.System, Log);
var relay = CreateRelay();
using var signals = new EndingSignals();
try
{
    var state = new RelayState(statistics, () => relay.ConnectionCount, () => circuit.IsOpen);
    new GuestWatch(meter, new GuestProcesses(), passed, known, clock.Read, configuration.Upstream, Log).Start();
    NodeTasks.Start(configuration, name, session, meter, state, IsFit, Log);
}
catch (RefusedException failure)
{
    return Refuse(failure);
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}
catch (SocketException failure)
{
    return Fail(World, $"cannot answer monitoring on {configuration.Monitoring?.Listen}: {failure.Message}");
}
Log($"relaying to {configuration.Upstream}, as host {name.Current}{(name.IsCertain ? "" : " until libvirt says its name")}");
// systemd keeps the socket for the next start, so it must not be shut down. The process ends, and the kernel closes its descriptors.
new Thread(relay.Run) { IsBackground = true, Name = "relay" }.Start();
signals.Token.WaitHandle.WaitOne();
return 0;

CloudSession? OpenSession(string? cloud)
{
    try
    {
        return new CloudSession(CloudSettings.Load(cloud, Environment.GetEnvironmentVariable), TimeProvider.System);
    }
    catch (RefusedException failure)
    {
        // The relay still serves: plain guests of other tools pass, and it refuses Nova's guests for this reason.
        Log(failure.Message);
        return null;
    }
}

RelayServer CreateRelay()
{
    var sections = configuration.Sections.Count > 0 ? configuration.Sections : KernelEpc.ReadSections(host);
    var rules = new GuestRules
    {
        Sections = sections,
        HidesSgx = sections.Count > 0 || SgxFeatures.Read(host.ReadCpuId).Sgx,
        ProvisionKey = configuration.ProvisionKey,
        AddsVsock = configuration.GuestVsock,
    };
    var claims = placement is null ? null : new EpcClaims(placement);
    var rewriter = new GuestRewriter(
        new PlacementClaims(claims, () => name.Current, known, circuit, statistics, TimeProvider.System, Log), rules);
    var guests = new LibvirtGuestLookup(configuration.Upstream);
    var settings = new RelaySettings { Upstream = configuration.Upstream, Users = configuration.Users };
    return new RelayServer(
        listener, settings, observer => new GuestCalls(rewriter, guests, observer, statistics, Log), passed.Observe, Log);
}

bool IsFit() => HostCheck.Run(
    host, LibvirtFacts.Read(configuration.Upstream), configuration.Listen, configuration.GuestVsock, []).IsFit;

// systemd's journal adds the time.
static void Log(string line) => Console.Error.WriteLine($"guardian-node: {line}");

static int Refuse(RefusedException failure) =>
    Fail(World, failure.Message, failure.Refusal.Remedy is { } remedy ? [remedy] : []);

static int Fail(int exitCode, string message, params string[] details)
{
    Console.Error.WriteLine($"guardian-node: error: {message}");
    foreach (var detail in details)
    {
        Console.Error.WriteLine($"guardian-node: hint: {detail}");
    }
    return exitCode;
}
