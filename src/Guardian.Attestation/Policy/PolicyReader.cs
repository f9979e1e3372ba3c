using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Attestation;

/// <summary>Reads policies from the documents of people.</summary>
/// <remarks>
/// <code>
/// attestation:                        # variants, any of which is accepted; inside one, all must hold
///   - mrenclave: [HEX, …]
///     signer: {mrsigner: HEX, isvprodid: 1, isvsvn_min: 1}
/// platforms: [hardware, simulated]    # default [hardware]
/// debug: false                        # default false
/// </code>
/// </remarks>
internal static class PolicyReader
{
    // The key of Intel's SDK samples, whose private half everybody has.
    private const string SampleSigner = "83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e";

    public static AttestationPolicy Read(YamlMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        var variants = map.Maps("attestation");
        if (variants.Count == 0)
        {
            map.ReportAt("attestation", "'attestation' must list at least one accepted enclave: - mrenclave: [HEX]");
        }
        return new AttestationPolicy
        {
            Identities = [.. variants.Select(ReadIdentity)],
            Platforms = ReadPlatforms(map),
            AllowDebug = map.Flag("debug", absent: false),
        };
    }

    private static List<PlatformKind> ReadPlatforms(YamlMap map)
    {
        if (!map.Has("platforms"))
        {
            return [PlatformKind.Hardware];
        }
        var platforms = new List<PlatformKind>();
        foreach (var word in map.Texts("platforms"))
        {
            switch (word.Value)
            {
                case "hardware":
                    platforms.Add(PlatformKind.Hardware);
                    break;
                case "simulated":
                    platforms.Add(PlatformKind.Simulated);
                    break;
                default:
                    word.Report($"a platform is hardware or simulated, not '{word.Value}'");
                    break;
            }
        }
        if (map.Texts("platforms").Count == 0)
        {
            map.ReportAt("platforms", "'platforms' must list at least one of hardware, simulated");
        }
        return platforms;
    }

    private static AcceptedIdentity ReadIdentity(YamlMap variant)
    {
        var measurements = variant.Texts("mrenclave").Select(ReadMrEnclave).ToList();
        var signer = variant.Map("signer");
        if (measurements.Count == 0 && signer is null)
        {
            variant.Report("name an enclave by 'mrenclave', by 'signer', or by both");
        }
        variant.End();
        if (signer is null)
        {
            return new AcceptedIdentity { MrEnclaves = measurements };
        }
        var identity = new AcceptedIdentity
        {
            MrEnclaves = measurements,
            MrSigner = ReadMrSigner(signer),
            // Without the product, everything its vendor ever signed would be accepted.
            IsvProdId = (ushort)signer.Integer("isvprodid", 0, ushort.MaxValue),
            MinimumIsvSvn = (ushort)signer.Integer("isvsvn_min", 0, ushort.MaxValue),
        };
        signer.End();
        return identity;
    }

    private static MrEnclave ReadMrEnclave(YamlText text)
    {
        if (!MrEnclave.TryParse(text.Value, out var value))
        {
            text.Report($"an mrenclave has 64 hex digits, not '{text.Value}'");
        }
        return value;
    }

    private static MrSigner ReadMrSigner(YamlMap signer)
    {
        var text = signer.Text("mrsigner");
        if (!MrSigner.TryParse(text, out var value) && text.Length > 0)
        {
            signer.ReportAt("mrsigner", $"an mrsigner has 64 hex digits, not '{text}'");
        }
        if (value.ToString() == SampleSigner)
        {
            signer.ReportAt("mrsigner", "this is the sample key of Intel's SDK; anyone can sign with it, so it identifies nobody");
        }
        return value;
    }
}
