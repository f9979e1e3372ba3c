using System.Diagnostics;
using System.Text.Json.Nodes;
using Guardian.Attestation.Launch;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli;

/// <summary>
/// One of the programs that came with this CLI: <c>guardian-cas</c>, <c>guardian-enclave</c> or <c>guardian-runtime</c>. Its folder is what runs inside the
/// enclave, so its measurement is the reference value that this CLI knows first-hand.
/// </summary>
internal sealed class InstalledProgram
{
    private InstalledProgram(string name, string project)
    {
        Name = name;
        // Installed, each program has its folder beside the CLI's; built, beside it among the artifacts.
        var installed = Path.Combine(AppContext.BaseDirectory, "..", name);
        var built = Path.Combine(AppContext.BaseDirectory, "..", "..", project, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')));
        Directory = Path.GetFullPath(System.IO.Directory.Exists(installed) ? installed : built);
    }

    public static InstalledProgram Cas { get; } = new("guardian-cas", "Guardian.Cas");

    public static InstalledProgram Enclave { get; } = new("guardian-enclave", "Guardian.Enclave");

    public static InstalledProgram Runtime { get; } = new("guardian-runtime", "Guardian.Runtime");

    public static IReadOnlyList<InstalledProgram> All { get; } = [Cas, Enclave, Runtime];

    public string Name { get; }

    /// <summary>The folder that is measured.</summary>
    public string Directory { get; }

    /// <summary>MRENCLAVE of the program as it is installed here.</summary>
    public MrEnclave Measure() => System.IO.Directory.Exists(Directory)
        ? EnclaveProcess.Measure(Directory)
        : throw new CliException(ExitCode.World, "not-installed", $"{Name} is not installed at {Directory}", hint: "install all of Guardian's programs, or build them with ./guardian");

    /// <summary>How it is started: its native file where the folder has one (deploy/native), else in the .NET runtime.</summary>
    public ProcessStartInfo HowToStart()
    {
        var native = Path.Combine(Directory, Name);
        return File.Exists(native) ? new ProcessStartInfo(native) : new ProcessStartInfo("dotnet", [native + ".dll"]);
    }

    /// <summary>Starts the program; it is killed with its whole tree when the result is disposed.</summary>
    /// <param name="forward">Whether what it says goes to this process's own streams.</param>
    public RunningProgram Start(IEnumerable<string> arguments, bool forward)
    {
        var start = HowToStart();
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = !forward;
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.ArgumentList.Add("--json");
        return new RunningProgram(Name, Process.Start(start)
            ?? throw new CliException(ExitCode.World, "not-started", $"{Name} could not be started"));
    }
}

/// <summary>A program that serves until it is ended.</summary>
internal sealed class RunningProgram : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string name;
    private readonly Process process;
    private readonly Task<string> errors;

    public RunningProgram(string name, Process process)
    {
        this.name = name;
        this.process = process;
        errors = process.StartInfo.RedirectStandardError ? process.StandardError.ReadToEndAsync() : Task.FromResult("");
    }

    /// <summary>Waits for the line that says where it listens.</summary>
    /// <exception cref="CliException">It ended before that; the message carries what it said.</exception>
    public async Task<JsonNode> WaitUntilListeningAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        while (await process.StandardOutput.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
        {
            if (JsonNode.Parse(line) is { } message && (string?)message["event"] == "listening")
            {
                return message;
            }
        }
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        var said = (await errors.ConfigureAwait(false)).Trim().Split('\n');
        // Its own exit code says whether it was refused, misused or failed.
        throw new CliException(process.ExitCode, "not-started", $"{name} ended with exit code {process.ExitCode}", said);
    }

    /// <summary>Waits until it ends and gives its exit code.</summary>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        process.Dispose();
    }
}
