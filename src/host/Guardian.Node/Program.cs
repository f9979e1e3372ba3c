using System.Net.Sockets;
using System.Runtime.InteropServices;
using Guardian.Documents;
using Guardian.Node;
using Guardian.Node.Checks;
using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;
using Guardian.OpenStack;
using Guardian.OpenStack.Configuration;
using Guardian.OpenStack.Placement;
using Guardian.Sgx.Cpu;

const int Usage = 2;
const int World = 3;

if (args is not ["--config", var path])
{
    return Fail(Usage, "guardian-node takes --config FILE", "docs/reference/node.md shows a configuration");
}
NodeConfiguration? configuration;
try
{
    var problems = new DocumentProblems();
    configuration = NodeConfiguration.Read(File.ReadAllBytes(path), File.ReadAllText("/etc/passwd"), problems);
    if (configuration is null)
    {
        return Fail(Usage, $"{path} is no valid configuration", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}

var host = new HostRoot();
var sections = configuration.Sections.Count > 0 ? configuration.Sections : KernelCheck.ReadSections(host);
var rules = new GuestRules { Sections = sections, HidesSgx = sections.Count > 0 || SgxFeatures.Read(host.CpuId).Sgx, ProvisionKey = configuration.ProvisionKey };
using var session = OpenSession(configuration.Cloud);
var kinds = new LibvirtGuestKinds(configuration.Upstream);
var passed = new PassedDefinitions();
PlainInstances plain;
Socket listener;
try
{
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(configuration.Journal))!);
    plain = new PlainInstances(configuration.Journal + ".plain");
    listener = RelayListener.FromSystemd() ?? RelayListener.Bind(configuration.Listen);
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}
catch (SocketException failure)
{
    var folder = Path.GetDirectoryName(Path.GetFullPath(configuration.Listen))!;
    return Fail(World, $"cannot listen on {configuration.Listen}: {(Directory.Exists(folder) ? failure.Message : $"there is no folder {folder}")}");
}
var rewriter = new GuestRewriter(new PlacementClaims(session is null ? null : new EpcClaims(new PlacementClient(session)), configuration.Host, plain, Log), rules);
var relay = new RelayServer(listener, new RelaySettings { Upstream = configuration.Upstream, Users = configuration.Users }, () => new GuestCalls(rewriter, kinds, passed, Log), Log);
using var stopping = new ManualResetEventSlim();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    NodeTasks.Start(configuration, session, passed, () => HostCheck.Run(host, () => LibvirtFacts.Ask(configuration.Upstream), configuration.Listen, []).IsFit, Log);
}
catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
{
    return Fail(World, failure.Message);
}
catch (SocketException failure)
{
    return Fail(World, $"cannot answer monitoring on {configuration.Metrics}: {failure.Message}");
}
Log($"relaying to {configuration.Upstream}");
// systemd keeps the socket for the next start, so it must not be shut down: the process ends, and the kernel closes what was its own.
new Thread(relay.Run) { IsBackground = true, Name = "relay" }.Start();
stopping.Wait();
return 0;

CloudSession? OpenSession(string? cloud)
{
    try
    {
        return new CloudSession(CloudSettings.Load(cloud, Environment.GetEnvironmentVariable), TimeProvider.System);
    }
    catch (OpenStackException failure)
    {
        // The relay still serves: plain guests of other tools pass, and Nova's are refused with this reason.
        Log(failure.Message);
        return null;
    }
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Set();
}

// The journal adds the time.
static void Log(string line) => Console.Error.WriteLine($"guardian-node: {line}");

static int Fail(int exitCode, string message, params string[] details)
{
    Console.Error.WriteLine($"guardian-node: error: {message}");
    foreach (var detail in details)
    {
        Console.Error.WriteLine($"guardian-node: hint: {detail}");
    }
    return exitCode;
}
