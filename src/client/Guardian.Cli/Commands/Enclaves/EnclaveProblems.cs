using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary>Refuses enclaves that differ from their signature: no processor would start them.</summary>
internal static class EnclaveProblems
{
    /// <summary>Notes each problem.</summary>
    /// <returns>The command's exit code.</returns>
    public static int Judge(string path, IReadOnlyList<EnclaveFile> enclaves, Terminal terminal)
    {
        List<string> problems = [.. enclaves.Select(enclave => enclave.Problem).OfType<string>()];
        foreach (var problem in problems)
        {
            terminal.Note($"warning: {path}: {problem}");
        }
        return problems.Count > 0 ? ExitCode.Refused : ExitCode.Done;
    }
}
