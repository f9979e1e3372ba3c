using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Attestation.Policy;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli;

/// <summary>The options that say which enclave a command accepts as its peer.</summary>
internal sealed class PolicyOptions
{
    private readonly InstalledProgram program;

    /// <param name="program">Whose own measurement is the reference value when no other is given.</param>
    public PolicyOptions(InstalledProgram program)
    {
        this.program = program;
        MrEnclaves = new Option<string[]>("--mrenclave") { Description = $"Accepted MRENCLAVE, 64 hex digits; may be given again. Without any, that of the {program.Name} installed here.", HelpName = "HEX" };
        Platforms = new Option<string[]>("--platform") { Description = "Accepted platform: hardware (default) or simulated; may be given again.", HelpName = "KIND" };
        Platforms.AcceptOnlyFromAmong("hardware", "simulated");
    }

    private Option<string[]> MrEnclaves { get; }

    private Option<string[]> Platforms { get; }

    public void AddTo(Command command)
    {
        command.Options.Add(MrEnclaves);
        command.Options.Add(Platforms);
    }

    /// <exception cref="CliException">A measurement is not 64 hex digits.</exception>
    public AttestationPolicy Read(ParseResult arguments)
    {
        var given = arguments.GetValue(MrEnclaves) ?? [];
        return new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = given.Length > 0 ? [.. given.Select(Parse)] : [program.Measure()] }],
            Platforms = ReadPlatforms(arguments),
        };
    }

    /// <summary>The platforms alone, hardware when none is given.</summary>
    public IReadOnlyList<PlatformKind> ReadPlatforms(ParseResult arguments) =>
        arguments.GetValue(Platforms) is { Length: > 0 } given
            ? [.. given.Select(kind => kind == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware).Distinct()]
            : [PlatformKind.Hardware];

    private static MrEnclave Parse(string hex) => MrEnclave.TryParse(hex, out var value)
        ? value
        : throw new CliException(ExitCode.Usage, "bad-mrenclave", $"'{hex}' is not an MRENCLAVE: 64 hex digits");
}
