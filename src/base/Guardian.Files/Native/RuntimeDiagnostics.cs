using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using System.Text;

namespace Guardian.Files.Native;

/// <summary>
/// The ways that the .NET runtime opens into a process: a socket for debuggers and traces, and profilers. They have no place in an enclave.
/// </summary>
/// <remarks>
/// The runtime has no setting for this in the files of a program, only an environment variable, which belongs to the host. A native file
/// has no such ways.
/// </remarks>
[SupportedOSPlatform("linux")]
public static class RuntimeDiagnostics
{
    /// <summary>The variable that closes all of them when it is <c>0</c>.</summary>
    public const string Variable = "DOTNET_EnableDiagnostics";

    /// <summary>
    /// Replaces this process by the same program, with the same arguments and without diagnostics, unless it has none. A program calls it
    /// before anything else, so that no secret is in the process before.
    /// </summary>
    /// <exception cref="IOException">The process cannot be replaced.</exception>
    public static void RestartWithout()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported || Environment.GetEnvironmentVariable(Variable) == "0")
        {
            return;
        }
        var program = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)?.FullName
            ?? throw new IOException("/proc does not show this process, which must start again without the runtime's diagnostics");
        var arguments = File.ReadAllText("/proc/self/cmdline", Encoding.UTF8).TrimEnd('\0').Split('\0');
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => (string)variable.Key != Variable).Select(variable => $"{variable.Key}={variable.Value}")
            .Append($"{Variable}=0");
        DeleteSockets();
        throw ProcessImage.Replace(program, arguments, environment);
    }

    // The runtime deletes them when it ends, but not when the process is replaced.
    private static void DeleteSockets()
    {
        if (!Directory.Exists(Path.GetTempPath()))
        {
            return;
        }
        foreach (var pattern in new[] { $"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*" })
        {
            foreach (var file in Directory.GetFiles(Path.GetTempPath(), pattern))
            {
                File.Delete(file);
            }
        }
    }
}
