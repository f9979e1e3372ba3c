using System.CommandLine;
using System.Text.Json.Serialization;
using Guardian.Attestation.Launch;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Enclaves;

/// <summary><c>guardian enclave measure</c>.</summary>
internal sealed class EnclaveMeasureCommand : LocalCommand
{
    private readonly Argument<string?> path = new("FILE")
    {
        Description = "A stream of measurements (.sgxs), an enclave that Intel's SDK signed, a SIGSTRUCT, a manifest of Gramine "
            + "(.manifest.sgx), or a program's folder. Without it, the programs installed here.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> platformLayer = new("--libpal")
    {
        Description = "For a manifest: Gramine's sgx/libpal.so. Default: that of the Gramine that is installed here.",
        HelpName = "FILE",
    };

    public EnclaveMeasureCommand() : base("measure", "Print the MRENCLAVE of enclave code, as its quote will show it.") =>
        AddSymbols(path, platformLayer);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var given = arguments.GetValue(path);
        if (given is null || Directory.Exists(given))
        {
            return MeasurePrograms(terminal, given);
        }
        var enclaves = EnclaveFile.IsManifest(given)
            ? [EnclaveFile.ReadManifest(given, FindLayer(arguments.GetValue(platformLayer)))]
            : EnclaveFile.Read(given);
        terminal.Show(new EnclaveMeasureResult(enclaves), EnclavesJson.Default.EnclaveMeasureResult, people =>
        {
            foreach (var enclave in enclaves)
            {
                people.WriteLine($"{enclave.MrEnclave}  {given}");
            }
        });
        return EnclaveProblems.Judge(given, enclaves, terminal);
    }

    private static string FindLayer(string? given) => given ?? GramineInstallation.FindLibrary("sgx/libpal.so")
        ?? throw CliReasons.NotInstalled.Refuse(
            "the platform layer of Gramine is part of the measurement, and no Gramine with SGX is installed here",
            "name the file: --libpal FILE");

    private static int MeasurePrograms(Terminal terminal, string? folder)
    {
        List<MeasuredProgram> measured = folder is not null
            ? [new(folder, EnclaveProcess.Measure(folder).ToString())]
            : [.. InstalledProgram.All.Select(program => new MeasuredProgram(program.Name, program.Measure().ToString()))];
        terminal.Show(new ProgramsMeasureResult(measured), EnclavesJson.Default.ProgramsMeasureResult, people =>
        {
            foreach (var (name, mrEnclave) in measured)
            {
                people.WriteLine($"{mrEnclave}  {name}");
            }
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>enclave measure</c> for a file: its first enclave, and all of them.</summary>
internal sealed record EnclaveMeasureResult : EnclaveIdentity
{
    internal EnclaveMeasureResult(IReadOnlyList<EnclaveFile> enclaves) : base(enclaves[0])
    {
        Enclaves = [.. enclaves.Select(enclave => new EnclaveIdentity(enclave))];
        Problem = enclaves.Select(enclave => enclave.Problem).FirstOrDefault(problem => problem is not null);
    }

    public IReadOnlyList<EnclaveIdentity> Enclaves { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Problem { get; }
}

/// <summary>The result of <c>enclave measure</c> for programs.</summary>
internal sealed record ProgramsMeasureResult(IReadOnlyList<MeasuredProgram> Programs);

/// <summary>A program and its measurement.</summary>
/// <param name="Name">The program's name, or its folder.</param>
internal sealed record MeasuredProgram(string Name, string MrEnclave);
