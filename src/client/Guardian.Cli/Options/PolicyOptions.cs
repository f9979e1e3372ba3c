using System.CommandLine;
using System.CommandLine.Parsing;
using Guardian.Attestation.Policy;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Cli.Options;

/// <summary>The options that say which enclave a command accepts as its peer.</summary>
internal sealed class PolicyOptions
{
    private readonly InstalledProgram program;
    private readonly Option<string[]> mrEnclaves;
    private readonly Option<string[]> platforms = new("--platform")
    {
        Description = $"Accepted platform: hardware or simulated; repeatable. Default: {UserDefaults.Platform}, else hardware.",
        HelpName = "KIND",
    };

    /// <param name="program">Its own measurement is the reference value unless the user gives another.</param>
    public PolicyOptions(InstalledProgram program)
    {
        this.program = program;
        mrEnclaves = new Option<string[]>("--mrenclave")
        {
            Description = $"Accepted MRENCLAVE, 64 hex digits; repeatable. The default is the {program.Name} installed here.",
            HelpName = "HEX",
        };
        platforms.AcceptOnlyFromAmong("hardware", "simulated");
    }

    public IReadOnlyList<Option> All => [mrEnclaves, platforms];

    /// <summary>Reads the policy.</summary>
    /// <exception cref="RefusedException">A measurement is malformed.</exception>
    /// <param name="trusted">A CAS that the user trusts by name, whose policy holds where no option is given; null for none.</param>
    public AttestationPolicy Read(ParseResult arguments, TrustedCas? trusted = null)
    {
        var given = arguments.GetValue(mrEnclaves) is { Length: > 0 } options ? options : [.. trusted?.MrEnclaves ?? []];
        return new AttestationPolicy
        {
            Identities = [new AcceptedIdentity { MrEnclaves = given.Length > 0 ? [.. given.Select(ParseMrEnclave)] : [program.Measure()] }],
            Platforms = trusted is not null && arguments.GetValue(platforms) is not { Length: > 0 }
                ? [.. trusted.Platforms.Select(ParsePlatform)]
                : ReadPlatforms(arguments),
        };
    }

    /// <summary>Reads the first measurement alone.</summary>
    /// <param name="program">The program that is measured when none is given.</param>
    /// <exception cref="RefusedException">A measurement is malformed.</exception>
    public MrEnclave ReadMrEnclave(ParseResult arguments, InstalledProgram program) =>
        arguments.GetValue(mrEnclaves) is [var first, ..] ? ParseMrEnclave(first) : program.Measure();

    /// <summary>Reads the platforms alone; hardware when none is given or chosen.</summary>
    public IReadOnlyList<PlatformKind> ReadPlatforms(ParseResult arguments) =>
        arguments.GetValue(platforms) is { Length: > 0 } given
            ? [.. given.Select(ParsePlatform).Distinct()]
            : [ParsePlatform(UserDefaults.FindPlatform() ?? "hardware")];

    private static PlatformKind ParsePlatform(string kind) => kind == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware;

    /// <summary>Reads an MRENCLAVE.</summary>
    /// <exception cref="RefusedException">The text is not 64 hex digits.</exception>
    public static MrEnclave ParseMrEnclave(string hex) => MrEnclave.TryParse(hex, out var value)
        ? value
        : throw CliReasons.BadMrEnclave.Refuse($"'{hex}' is not an MRENCLAVE: 64 hex digits");
}
