using System.Diagnostics;
using Guardian.Node.Tests.Support;

namespace Guardian.Node.Tests.Relay;

/// <summary>
/// A real libvirtd with QEMU for the tests of one class. Its cache of capabilities states that the host has two EPC sections of 64 MiB. If
/// packages or rights are missing, <see cref="Missing"/> names them.
/// </summary>
public sealed class RealLibvirt : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private Process? daemon;

    public RealLibvirt()
    {
        Missing = FindMissing();
        if (Missing is not null)
        {
            return;
        }
        var program = Repository.File("tests", "libvirt", "private-libvirtd");
        daemon = Process.Start(new ProcessStartInfo(program, [folder.Path]) { RedirectStandardError = true })!;
        daemon.ErrorDataReceived += (_, _) => { };
        daemon.BeginErrorReadLine();
        bool IsReady() => File.Exists(folder.File("ready")) && RunVirsh(SocketPath, "version").ExitCode == 0;
        Assert.True(
            SpinWait.SpinUntil(() => daemon.HasExited || IsReady(), TimeSpan.FromMinutes(10)) && !daemon.HasExited,
            File.Exists(folder.File("log/libvirtd.log")) ? File.ReadAllText(folder.File("log/libvirtd.log")) : "libvirtd did not start");
    }

    /// <summary>The reason why there is no libvirt here; null when there is one.</summary>
    public string? Missing { get; }

    public string SocketPath => folder.File("socket/libvirt-sock");

    /// <summary>The process of a running guest's QEMU.</summary>
    public int ProcessOf(string guest) => int.Parse(File.ReadAllText(folder.File($"run/qemu/{guest}.pid")), null);

    public void Dispose()
    {
        if (daemon is not null)
        {
            foreach (var guest in RunVirsh(SocketPath, "list", "--name").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                RunVirsh(SocketPath, "destroy", guest);
            }
            daemon.Kill();
            daemon.WaitForExit();
            daemon.Dispose();
        }
        folder.Dispose();
    }

    /// <summary>Runs the stock client against a socket.</summary>
    internal static Result RunVirsh(string socket, params string[] arguments) =>
        Run("virsh", ["-q", "-c", $"qemu+unix:///system?socket={socket}", .. arguments]);

    internal static Result Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(10)), $"{program} did not end");
        return new Result(process.ExitCode, output.Result, error.Result);
    }

    private static string? FindMissing()
    {
        string[] programs =
        [
            "/usr/sbin/libvirtd", "/usr/bin/virsh", "/usr/bin/virt-xml-validate", "/usr/bin/xmllint", "/usr/bin/qemu-system-x86_64",
            "/usr/bin/unshare",
        ];
        var missing = programs.Where(program => !File.Exists(program)).ToList();
        return missing.Count > 0 ? $"needs {string.Join(", ", missing)}: ./test libvirt installs them"
            : TestRelay.CurrentUser != 0 ? "needs root, for a mount namespace"
            : null;
    }
}
