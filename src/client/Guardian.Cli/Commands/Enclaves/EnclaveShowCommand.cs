using System.CommandLine;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary><c>guardian enclave show</c>.</summary>
internal sealed class EnclaveShowCommand : LocalCommand
{
    private readonly Argument<string> path = new("FILE")
    {
        Description = "A stream of measurements (.sgxs), an enclave that Intel's SDK signed, or a SIGSTRUCT.",
    };

    public EnclaveShowCommand() : base(
        "show", "Show everything that an enclave's file states: measurement, signer, attributes, and whether the signature is good.") =>
        AddSymbols(path);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var enclaves = EnclaveFile.Read(arguments.GetRequiredValue(path));
        var result = new EnclaveShowResult(enclaves);
        terminal.Show(result, EnclavesJson.Default.EnclaveShowResult, people =>
        {
            foreach (var enclave in result.Enclaves)
            {
                people.WriteFacts(Facts.Of(enclave, EnclavesJson.Default.EnclaveDescription));
            }
        });
        return EnclaveProblems.Judge(arguments.GetRequiredValue(path), enclaves, terminal);
    }
}

/// <summary>The result of <c>enclave show</c>: the file's first enclave, and all of them.</summary>
internal sealed record EnclaveShowResult : EnclaveDescription
{
    internal EnclaveShowResult(IReadOnlyList<EnclaveFile> enclaves) : base(enclaves[0]) =>
        Enclaves = [.. enclaves.Select(enclave => new EnclaveDescription(enclave))];

    public IReadOnlyList<EnclaveDescription> Enclaves { get; }
}
