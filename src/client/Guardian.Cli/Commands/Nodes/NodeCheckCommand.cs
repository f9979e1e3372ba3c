using System.CommandLine;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Machine;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Nodes;

/// <summary><c>guardian node check</c>.</summary>
internal sealed class NodeCheckCommand : CliCommand
{
    private readonly NodeOptions options = new();
    private readonly CapturedRoot root = new("host");

    public NodeCheckCommand() : base("check", "Check everything that this host needs to give EPC to guests, and say how to fix it.") =>
        AddSymbols(root.Folder, options.Configuration);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var files = root.Open(arguments);
        var configuration = options.Read(arguments);
        var isHere = arguments.GetRequiredValue(root.Folder) == "/";
        var cloud = isHere ? await CheckCloudAsync(configuration, cancellation).ConfigureAwait(false) : [];
        var report = HostCheck.Run(
            files,
            isHere
                ? LibvirtFacts.Read(configuration.Upstream)
                : LibvirtFacts.ReadCaptured(files),
            configuration.Listen, configuration.GuestVsock, cloud);
        return CheckResult.Show(terminal, report, "this host can give EPC to guests", "this host cannot give EPC to guests yet");
    }

    // Most hosts have no credentials of an administrator: then the cloud is not asked.
    private static async Task<IReadOnlyList<Finding>> CheckCloudAsync(NodeConfiguration configuration, CancellationToken cancellation)
    {
        try
        {
            using var session = CloudOptions.Connect(configuration.Cloud);
            var nova = new NovaClient(session);
            var name = new HostName(configuration.Host, configuration.Upstream).Refresh();
            return [NovaCheck.CheckAggregates(
                await nova.ListAggregatesAsync(cancellation).ConfigureAwait(false),
                await nova.FindComputeHostAsync(name, cancellation).ConfigureAwait(false) ?? name)];
        }
        catch (RefusedException failure)
        {
            return
            [
                new Finding(
                    "isolation", FindingStatus.Unknown, $"the cloud's aggregates are unknown: {failure.Message}",
                    "an isolated aggregate keeps plain guests off SGX hosts", "source an administrator's openrc, or set OS_CLOUD"),
            ];
        }
    }
}
