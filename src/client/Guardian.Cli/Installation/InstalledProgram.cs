using System.Diagnostics;
using Guardian.Attestation.Launch;
using Guardian.Cli.Failures;
using Guardian.Files.Native;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Installation;

/// <summary>
/// One of the programs that came with this command line. Its folder is the code that runs inside the enclave, so this command line knows
/// the program's measurement first-hand and uses it as the reference value.
/// </summary>
internal sealed class InstalledProgram
{
    private InstalledProgram(string name, string project)
    {
        Name = name;
        // An installation has a folder for each program; a build has one for each project and configuration.
        var installed = Path.Combine(AppContext.BaseDirectory, "..", name);
        var built = Path.Combine(AppContext.BaseDirectory, "..", "..", project, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')));
        Directory = Path.GetFullPath(System.IO.Directory.Exists(installed) ? installed : built);
    }

    private InstalledProgram(string name, DirectoryInfo folder) => (Name, Directory) = (name, folder.FullName);

    public static InstalledProgram Cas { get; } = new("guardian-cas", "Guardian.Cas");

    public static InstalledProgram Enclave { get; } = new("guardian-enclave", "Guardian.Enclave");

    public static InstalledProgram Runtime { get; } = new("guardian-runtime", "Guardian.Runtime");

    /// <summary>Starts native programs. Only a native file of it can be packed.</summary>
    public static InstalledProgram Premain { get; } = new("guardian-premain", "Guardian.Premain");

    /// <summary>The OCI runtime, which is no enclave.</summary>
    public static InstalledProgram Oci { get; } = new("guardian-oci", "Guardian.Oci");

    /// <summary>This command line, which is no enclave.</summary>
    public static InstalledProgram Cli { get; } = new("guardian", new DirectoryInfo(AppContext.BaseDirectory));

    public static IReadOnlyList<InstalledProgram> All { get; } = [Cas, Enclave, Runtime];

    /// <summary>Finds the runtime in the folder of a compiled program.</summary>
    public static InstalledProgram RuntimeIn(string folder) => new(Runtime.Name, new DirectoryInfo(folder));

    public string Name { get; }

    /// <summary>The folder that is measured.</summary>
    public string Directory { get; }

    /// <summary>Measures the program as it is installed here.</summary>
    /// <exception cref="RefusedException">The program is not installed.</exception>
    public MrEnclave Measure()
    {
        RequireInstalled();
        return EnclaveProcess.Measure(Directory);
    }

    /// <summary>Checks that the program is installed.</summary>
    /// <exception cref="RefusedException">The program is not installed.</exception>
    public void RequireInstalled()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            throw CliReasons.NotInstalled.Refuse($"{Name} is not installed at {Directory}");
        }
    }

    /// <summary>Whether the folder has a native file of the program (deploy/native).</summary>
    public bool IsNative => File.Exists(Path.Combine(Directory, Name));

    /// <summary>Prepares the start: of the native file if the folder has one, else of the .NET program.</summary>
    /// <exception cref="RefusedException">The folder has neither.</exception>
    public ProcessStartInfo CreateStartInfo()
    {
        var native = Path.Combine(Directory, Name);
        if (!IsNative && !File.Exists(native + ".dll"))
        {
            throw CliReasons.NotInstalled.Refuse($"{Name} is not installed at {Directory}");
        }
        var start = IsNative ? new ProcessStartInfo(native) : new ProcessStartInfo(FindDotnet(), [native + ".dll"]);
        // The program insists on it, and would start a second time otherwise.
        start.Environment[RuntimeDiagnostics.Variable] = "0";
        return start;
    }

    // The .NET that runs this command line, or else the first one of the path.
    private static string FindDotnet()
    {
        const string name = "dotnet";
        return Path.GetFileName(Environment.ProcessPath) == name
            ? Environment.ProcessPath!
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))
                .FirstOrDefault(File.Exists) ?? throw CliReasons.NotStarted.Refuse("the .NET runtime 'dotnet' is not in PATH");
    }

    /// <summary>Starts the program. Disposing the result kills it with its whole tree.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="forwardErrors">Whether the program writes to this process's standard error.</param>
    /// <exception cref="RefusedException">The program cannot be started.</exception>
    public RunningProgram Start(IEnumerable<string> arguments, bool forwardErrors)
    {
        var start = CreateStartInfo();
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = !forwardErrors;
        start.Environment.Remove(SystemdNotify.Variable);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        start.ArgumentList.Add("--json");
        return new RunningProgram(Name, Process.Start(start) ?? throw CliReasons.NotStarted.Refuse($"{Name} could not be started"));
    }
}
