using System.CommandLine;
using Guardian.ComputeHost.Checks;
using Guardian.ComputeHost.Configuration;
using Guardian.ComputeHost.Machine;
using Guardian.Libvirt;
using Guardian.OpenStack.Compute;
using Guardian.OpenStack.Session;
using Guardian.Refusals;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian node</c>: a compute host.</summary>
internal static class NodeCommands
{
    public static Command Create() => new("node", "Look after a compute host.") { CreateCheck(), ProviderFileCommand.Create() };

    private static Command CreateCheck()
    {
        var options = new NodeOptions();
        var root = new Option<string>("--root") { Description = "Look at files captured from another host instead, as docs/how-to/operate.md says.", DefaultValueFactory = _ => "/", HelpName = "DIR" };
        var check = new Command("check", "Check everything this host needs to give EPC to guests, and say how to fix it.") { root };
        options.AddTo(check);
        check.Runs(async (arguments, terminal, cancellation) =>
        {
            var folder = arguments.GetRequiredValue(root);
            if (!Directory.Exists(folder))
            {
                throw new DirectoryNotFoundException($"there is no folder {folder}");
            }
            var configuration = options.Read(arguments);
            var isHere = folder == "/";
            var cloud = isHere ? await CheckCloudAsync(configuration, cancellation).ConfigureAwait(false) : [];
            var report = HostCheck.Run(
                new HostRoot(folder),
                isHere
                    ? LibvirtFacts.Read(configuration.Upstream)
                    : LibvirtReasons.Unusable.Because("libvirt's answers are not among captured files"),
                configuration.Listen, cloud);
            FindingsView.Show(terminal, report, "this host can give EPC to guests", "this host cannot give EPC to guests yet");
            return report.IsFit ? ExitCode.Done : ExitCode.Refused;
        });
        return check;
    }

    // Most hosts have no credentials for people; the cloud is not examined then.
    private static async Task<IReadOnlyList<Finding>> CheckCloudAsync(NodeConfiguration configuration, CancellationToken cancellation)
    {
        try
        {
            using var session = CloudCommands.Connect(configuration.Cloud);
            return [NovaCheck.CheckAggregates(await new NovaClient(session).ListAggregatesAsync(cancellation).ConfigureAwait(false), configuration.Host)];
        }
        catch (RefusedException failure)
        {
            return [new Finding(
                "isolation", FindingStatus.Unknown, $"the cloud's aggregates were not examined: {failure.Message}",
                "an isolated aggregate keeps plain guests off SGX hosts", "source an administrator's openrc, or set OS_CLOUD")];
        }
    }
}
