using System.Diagnostics;

namespace Guardian.Bench.Start;

/// <summary>Guardian's built programs: for the .NET runtime, or native.</summary>
internal sealed class Installation
{
    private Installation(bool isNative, IReadOnlyDictionary<string, string> folders) => (IsNative, Folders) = (isNative, folders);

    public bool IsNative { get; }

    /// <summary>The folder of each program.</summary>
    public IReadOnlyDictionary<string, string> Folders { get; }

    public static Installation Managed(string repository) => new(false, new Dictionary<string, string>
    {
        ["guardian"] = Path.Combine(repository, "artifacts/bin/Guardian.Cli/release"),
        ["guardian-cas"] = Path.Combine(repository, "artifacts/bin/Guardian.Cas/release"),
        ["guardian-enclave"] = Path.Combine(repository, "artifacts/bin/Guardian.Enclave/release"),
        ["guardian-runtime"] = Path.Combine(repository, "artifacts/bin/Guardian.Runtime/release"),
    });

    public static Installation Native(string repository) => new(
        true,
        new[] { "guardian", "guardian-cas", "guardian-enclave", "guardian-runtime" }.ToDictionary(
            program => program, program => Path.Combine(repository, "artifacts/native", program)));

    /// <summary>Prepares <c>guardian run</c>.</summary>
    public ProcessStartInfo StartRun(IEnumerable<string> arguments) => Start("guardian", ["run", .. arguments]);

    /// <summary>Prepares <c>guardian-runtime</c>.</summary>
    public ProcessStartInfo StartRuntime(IEnumerable<string> arguments) => Start("guardian-runtime", arguments);

    /// <summary>Prepares any of the programs.</summary>
    public ProcessStartInfo Start(string program, IEnumerable<string> arguments)
    {
        var file = Path.Combine(Folders[program], program);
        return IsNative ? new ProcessStartInfo(file, arguments) : new ProcessStartInfo("dotnet", [file + ".dll", .. arguments]);
    }
}
