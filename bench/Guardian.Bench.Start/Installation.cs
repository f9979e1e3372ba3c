using System.Diagnostics;

namespace Guardian.Bench.Start;

/// <summary>Guardian's programs as they were built: for the .NET runtime, or native.</summary>
internal sealed class Installation
{
    private Installation(bool isNative, IReadOnlyDictionary<string, string> folders) => (IsNative, Folders) = (isNative, folders);

    public bool IsNative { get; }

    /// <summary>Where each program lies.</summary>
    public IReadOnlyDictionary<string, string> Folders { get; }

    public static Installation Managed(string repository) => new(false, new Dictionary<string, string>
    {
        ["guardian"] = Path.Combine(repository, "artifacts/bin/Guardian.Cli/release"),
        ["guardian-cas"] = Path.Combine(repository, "artifacts/bin/Guardian.Cas/release"),
        ["guardian-enclave"] = Path.Combine(repository, "artifacts/bin/Guardian.Enclave/release"),
        ["guardian-runtime"] = Path.Combine(repository, "artifacts/bin/Guardian.Runtime/release"),
    });

    public static Installation Native(string repository) => new(
        true, new[] { "guardian", "guardian-cas", "guardian-enclave", "guardian-runtime" }.ToDictionary(program => program, program => Path.Combine(repository, "artifacts/native", program)));

    /// <summary>The command line with <c>run</c>.</summary>
    public ProcessStartInfo Run(IEnumerable<string> arguments) => Start("guardian", ["run", .. arguments]);

    /// <summary>The runtime alone.</summary>
    public ProcessStartInfo Runtime(IEnumerable<string> arguments) => Start("guardian-runtime", arguments);

    /// <summary>Any of the programs.</summary>
    public ProcessStartInfo Start(string program, IEnumerable<string> arguments)
    {
        var file = Path.Combine(Folders[program], program);
        return IsNative ? new ProcessStartInfo(file, arguments) : new ProcessStartInfo("dotnet", [file + ".dll", .. arguments]);
    }
}
