using System.Diagnostics;
using System.Globalization;

namespace Guardian.Bench.Relay;

/// <summary>A private libvirtd, and guardian-node in front of it, as processes.</summary>
internal sealed class Programs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("guardian-bench-").FullName;
    private readonly Process daemon;
    private readonly Process node;

    /// <param name="repository">The folder of the repository.</param>
    /// <param name="cloud">Keystone's address; null for a host without a cloud.</param>
    public Programs(string repository, string? cloud = null)
    {
        daemon = Start(null, Path.Combine(repository, "tests", "libvirt", "private-libvirtd"), folder);
        WaitFor(() => File.Exists(Path.Combine(folder, "ready")) && File.Exists(Direct));
        // Nova's newer definitions contain the flavor's request, so the daemon needs no Placement.
        var configuration = Path.Combine(folder, "node.yaml");
        File.WriteAllText(configuration, $"""
            relay:
              listen: {Relayed}
              upstream: {Direct}
            sgx:
              sections:
                - {"{"} node: 0, mib: 64 {"}"}
                - {"{"} node: 1, mib: 64 {"}"}
            meter:
              journal: {folder}/epc.journal

            """);
        var program = Path.Combine(repository, "artifacts", "bin", "Guardian.Node", "release", "guardian-node.dll");
        node = Start(cloud, "dotnet", program, "--config", configuration);
        WaitFor(() => File.Exists(Relayed));
    }

    public string Direct => Path.Combine(folder, "socket", "libvirt-sock");

    public string Relayed => Path.Combine(folder, "relay.sock");

    /// <summary>guardian-node's resident memory, in MiB.</summary>
    public double NodeMemory
    {
        get
        {
            var line = File.ReadLines($"/proc/{node.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024.0;
        }
    }

    /// <summary>The time of guardian-node's threads on a processor, in microseconds (schedstat: nanoseconds, waiting, slices).</summary>
    public double NodeProcessorTime => Directory.EnumerateDirectories($"/proc/{node.Id}/task").Sum(
        thread => long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture)) / 1000.0;

    public void Dispose()
    {
        node.Kill();
        daemon.Kill();
        node.WaitForExit();
        daemon.WaitForExit();
        node.Dispose();
        daemon.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static Process Start(string? cloud, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (cloud is not null)
        {
            start.Environment["OS_AUTH_URL"] = cloud;
            start.Environment["OS_USERNAME"] = start.Environment["OS_PASSWORD"] = start.Environment["OS_PROJECT_NAME"] = "bench";
        }
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    private static void WaitFor(Func<bool> isReady)
    {
        if (!SpinWait.SpinUntil(() => { Thread.Sleep(50); return isReady(); }, TimeSpan.FromSeconds(120)))
        {
            throw new TimeoutException("a program did not start");
        }
    }
}
