using System.Security.Cryptography;
using Guardian.ComputeHost.Machine;
using Guardian.Files.Native;
using Guardian.Kubernetes;
using Guardian.Node.Kubernetes;
using Guardian.Node.Metering;
using Guardian.Refusals;

namespace Guardian.Node.Daemon;

/// <summary>The process of the role <c>guardian-node kubernetes</c>.</summary>
internal static class KubernetesDaemon
{
    private const int Usage = 2;
    private const int World = 3;

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <param name="words">The words after <c>kubernetes</c>.</param>
    /// <param name="log">Receives a line for each event.</param>
    /// <param name="fail">Reports an exit code, a message and details.</param>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> words, Action<string> log, Func<int, string, string[], int> fail)
    {
        using var signals = new EndingSignals();
        return RunAsync(words, log, fail, signals.Token).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(
        IReadOnlyList<string> words, Action<string> log, Func<int, string, string[], int> fail, CancellationToken stopping)
    {
        string? problem = null;
        var isWithdrawal = words is ["withdraw"];
        var settings = isWithdrawal ? null : KubernetesSettings.Read(words, out problem);
        if (problem is not null)
        {
            return fail(Usage, problem, [KubernetesSettings.Usage]);
        }
        try
        {
            using var api = ClusterApi.TryOpenOfPod(Environment.GetEnvironmentVariable);
            var status = api is null ? null : new NodeStatus(api);
            if (isWithdrawal)
            {
                return status is null
                    ? fail(World, "this is no pod of Kubernetes", ["run it in a pod whose service account may list and patch nodes"])
                    : await WithdrawAsync(status, log, stopping).ConfigureAwait(false);
            }
            if (!Directory.Exists(settings!.Folder))
            {
                return fail(
                    World, $"there is no folder {settings.Folder}", ["the kubelet's folder of device plugins; --folder names another"]);
            }
            if (status is null)
            {
                log("this is no pod of Kubernetes, so the node's EPC is not published");
            }
            var host = new HostRoot();
            using var meter = settings.Journal is null ? null : OpenMeter(settings.Journal, log);
            await Task.WhenAll(
                new KubernetesRole(settings, () => KernelEpc.ReadSections(host), status, log).RunAsync(stopping),
                meter is null || api is null
                    ? Task.CompletedTask
                    : new PodMeter(api, meter, settings.Node, new HostClock(TimeProvider.System).Read, log).RunAsync(stopping))
                .ConfigureAwait(false);
            return 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException
            or HttpRequestException or UriFormatException or RefusedException)
        {
            return fail(World, failure.Message, []);
        }
    }

    private static Meter OpenMeter(string journal, Action<string> log)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(journal))!);
        return new Meter(journal, new HostClock(TimeProvider.System).Read, log);
    }

    private static async Task<int> WithdrawAsync(NodeStatus status, Action<string> log, CancellationToken stopping)
    {
        foreach (var node in await status.ListAsync(stopping).ConfigureAwait(false))
        {
            await status.PublishAsync(node, new NodeEpc(0, IsSimulated: false), stopping).ConfigureAwait(false);
            log($"{node} publishes no EPC any more");
        }
        return 0;
    }
}
