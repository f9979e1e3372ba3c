using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Operator;

/// <summary>The settings of the operator, which are words of its command line.</summary>
/// <param name="Cas">The CAS, <c>https://host:port</c>.</param>
/// <param name="Policy">The CAS that is accepted.</param>
/// <param name="Pins">The CAS that is meant.</param>
/// <param name="Collateral">The folder with Intel's statements about platforms; unused for simulated ones.</param>
internal sealed record OperatorSettings(Uri Cas, AttestationPolicy Policy, CasPins Pins, string Collateral)
{
    /// <summary>The usage.</summary>
    public const string Usage =
        "guardian-operator --cas https://HOST:PORT --mrenclave HEX[,HEX…] [--identity HEX] [--platform hardware|simulated] "
        + "[--collateral DIR]";

    private const string MrEnclaveVariable = "GUARDIAN_CAS_MRENCLAVE";

    /// <summary>Reads the words.</summary>
    /// <param name="words">The words.</param>
    /// <param name="variable">Reads a variable: an image says there which CAS it was built with.</param>
    /// <param name="problem">The mistake; null when there is none.</param>
    /// <returns>The settings; null when there is a mistake.</returns>
    public static OperatorSettings? Read(IReadOnlyList<string> words, Func<string, string?> variable, out string? problem)
    {
        var values = new Dictionary<string, string>();
        for (var i = 0; i < words.Count; i += 2)
        {
            if (words[i] is not ("--cas" or "--identity" or "--mrenclave" or "--platform" or "--collateral"))
            {
                problem = $"'{words[i]}' is unknown";
                return null;
            }
            if (i + 1 == words.Count || !values.TryAdd(words[i], words[i + 1]))
            {
                problem = $"{words[i]} needs one value";
                return null;
            }
        }
        var codes = ReadCodes(values.GetValueOrDefault("--mrenclave") ?? variable(MrEnclaveVariable));
        var address = Uri.TryCreate(values.GetValueOrDefault("--cas"), UriKind.Absolute, out var uri) && uri.Scheme == "https" ? uri : null;
        var identity = values.GetValueOrDefault("--identity");
        var platform = values.GetValueOrDefault("--platform", "hardware");
        problem = address is null ? "--cas needs an address: https://HOST:PORT"
            : codes.Count == 0 ? $"--mrenclave, or {MrEnclaveVariable}, needs the accepted code of the CAS: 64 hex digits each, with commas"
            : identity is not null && !CasPins.IsPin(identity) ? "--identity is 64 lower-case hex digits"
            : platform is not ("hardware" or "simulated") ? "--platform is hardware or simulated"
            : null;
        return problem is not null ? null : new OperatorSettings(
            address!, Accept(codes, platform == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware),
            new CasPins(identity, null), values.GetValueOrDefault("--collateral", "/var/lib/guardian/collateral"));
    }

    private static AttestationPolicy Accept(IReadOnlyList<MrEnclave> codes, PlatformKind platform) => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = codes }],
        Platforms = [platform],
    };

    private static List<MrEnclave> ReadCodes(string? text)
    {
        var codes = new List<MrEnclave>();
        foreach (var word in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!MrEnclave.TryParse(word, out var code))
            {
                return [];
            }
            codes.Add(code);
        }
        return codes;
    }
}
