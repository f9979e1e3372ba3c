using System.Globalization;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Policy;
using Guardian.Documents;
using Guardian.Sgx;
using Guardian.Sgx.Measurement;

namespace Guardian.Policies;

/// <summary>Reads policies from YAML documents.</summary>
/// <remarks>
/// <code>
/// attestation:                        # variants, any of which is accepted; inside one, all must hold
///   - mrenclave: [HEX, …]
///     signer: {mrsigner: HEX, isvprodid: 1, isvsvn_min: 1, isvsvn_max: 9}
///     configid: HEX
///   - mrtd: [HEX, …]                  # a trust domain, only if the caller allows it
///     rtmr0: [HEX, …]                 # and rtmr1, rtmr2, rtmr3
///     mrseam: [HEX, …]
///     tdattributes: [0x10000000, …]
/// platforms: [hardware, simulated]    # default [hardware]
/// debug: false                        # default false
/// tcb:                                # default: UpToDate alone
///   statuses: [UpToDate, SWHardeningNeeded]
///   ignored_advisories: [INTEL-SA-00615]
///   evaluation_min: 17
///   grace_days: 30
/// </code>
/// </remarks>
public static class PolicyReader
{
    // A TCB recovery takes less in practice.
    private const int MaxGraceDays = 365;

    /// <summary>
    /// Reads the members <c>attestation</c>, <c>platforms</c>, <c>debug</c> and <c>tcb</c> of a map. The caller reads other members and
    /// calls
    /// <see cref="YamlMap.End"/>.
    /// </summary>
    /// <param name="map">The map; it collects the problems.</param>
    /// <param name="allowTrustDomains">Whether variants may name trust domains, as appraisers of any quote want, besides enclaves.</param>
    /// <returns>The policy. It is incomplete if the map has problems, so the caller must check for them.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="map"/> is null.</exception>
    public static AttestationPolicy Read(YamlMap map, bool allowTrustDomains = false)
    {
        ArgumentNullException.ThrowIfNull(map);
        var variants = map.Maps("attestation");
        if (variants.Count == 0)
        {
            map.ReportAt("attestation", "'attestation' must list at least one accepted enclave: - mrenclave: [HEX]");
        }
        var policy = new AttestationPolicy
        {
            Identities =
            [
                .. variants.Select(
                    variant => allowTrustDomains && IsTrustDomain(variant) ? ReadTrustDomain(variant) : ReadIdentity(variant)),
            ],
            Platforms = ReadPlatforms(map),
            AllowDebug = map.Flag("debug", absent: false),
        };
        return map.Map("tcb") is { } tcb ? ReadTcb(tcb, policy) : policy;
    }

    private static AttestationPolicy ReadTcb(YamlMap map, AttestationPolicy policy)
    {
        var statuses = new List<TcbStatus>();
        foreach (var word in map.Texts("statuses"))
        {
            if (Enum.TryParse<TcbStatus>(word.Value, out var status) && status.ToString() == word.Value && status != TcbStatus.Revoked)
            {
                statuses.Add(status);
            }
            else
            {
                var acceptable = Enum.GetValues<TcbStatus>().Where(each => each != TcbStatus.Revoked);
                word.Report($"'{word.Value}' is no TCB status that can be accepted; there are {string.Join(", ", acceptable)}");
            }
        }
        var advisories = map.Texts("ignored_advisories");
        foreach (var advisory in advisories.Where(advisory => !AdvisoryId.IsWellFormed(advisory.Value)))
        {
            advisory.Report($"an advisory is named like INTEL-SA-00615, not '{advisory.Value}'");
        }
        var read = policy with
        {
            Statuses = map.Has("statuses") ? statuses : policy.Statuses,
            IgnoredAdvisories = [.. advisories.Select(advisory => advisory.Value)],
            MinimumEvaluation = (int)(map.OptionalInteger("evaluation_min", 0, int.MaxValue) ?? 0),
            Grace = TimeSpan.FromDays(map.OptionalInteger("grace_days", 0, MaxGraceDays) ?? 0),
        };
        map.End();
        return read;
    }

    private static List<PlatformKind> ReadPlatforms(YamlMap map)
    {
        var words = map.Texts("platforms");
        if (!map.Has("platforms"))
        {
            return [PlatformKind.Hardware];
        }
        var platforms = new List<PlatformKind>();
        foreach (var word in words)
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
        if (words.Count == 0)
        {
            map.ReportAt("platforms", "'platforms' must list at least one of hardware, simulated");
        }
        return platforms;
    }

    private static AcceptedIdentity ReadIdentity(YamlMap variant)
    {
        var measurements = variant.Texts("mrenclave").Select(ReadMrEnclave).ToList();
        var signer = variant.Map("signer");
        var configId = ReadConfigId(variant);
        if (measurements.Count == 0 && signer is null)
        {
            variant.Report("name an enclave by 'mrenclave', by 'signer', or by both");
        }
        variant.End();
        if (signer is null)
        {
            return new AcceptedIdentity { MrEnclaves = measurements, ConfigId = configId };
        }
        var identity = new AcceptedIdentity
        {
            MrEnclaves = measurements,
            ConfigId = configId,
            MrSigner = ReadMrSigner(signer),
            // Without the product, the policy would accept everything that the vendor ever signed.
            IsvProdId = (ushort)signer.Integer("isvprodid", 0, ushort.MaxValue),
            MinimumIsvSvn = (ushort)signer.Integer("isvsvn_min", 0, ushort.MaxValue),
            MaximumIsvSvn = (ushort?)signer.OptionalInteger("isvsvn_max", 0, ushort.MaxValue),
        };
        if (identity.MaximumIsvSvn < identity.MinimumIsvSvn)
        {
            signer.ReportAt("isvsvn_max", "'isvsvn_max' is below 'isvsvn_min', so no enclave matches");
        }
        signer.End();
        return identity;
    }

    // A misplaced member of an enclave is then unknown where it stands.
    private static bool IsTrustDomain(YamlMap variant) => variant.Names.Any(
        name => name is "mrtd" or "rtmr0" or "rtmr1" or "rtmr2" or "rtmr3" or "mrseam" or "tdattributes");

    private static AcceptedIdentity ReadTrustDomain(YamlMap variant)
    {
        var trustDomain = new AcceptedTrustDomain
        {
            MrTds = ReadTdMeasurements(variant, "mrtd"),
            Rtmr0 = ReadTdMeasurements(variant, "rtmr0"),
            Rtmr1 = ReadTdMeasurements(variant, "rtmr1"),
            Rtmr2 = ReadTdMeasurements(variant, "rtmr2"),
            Rtmr3 = ReadTdMeasurements(variant, "rtmr3"),
            MrSeams = ReadTdMeasurements(variant, "mrseam"),
            Attributes = [.. ReadList(variant, "tdattributes").Select(ReadTdAttributes)],
        };
        if (!variant.Has("mrtd"))
        {
            variant.Report("name a trust domain by 'mrtd'");
        }
        variant.End();
        return new AcceptedIdentity { TrustDomain = trustDomain };
    }

    private static List<ReadOnlyMemory<byte>> ReadTdMeasurements(YamlMap variant, string name)
    {
        var values = new List<ReadOnlyMemory<byte>>();
        foreach (var text in ReadList(variant, name))
        {
            var bytes = new byte[48];
            if (text.Value.Length != 2 * bytes.Length
                || Convert.FromHexString(text.Value, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            {
                text.Report($"'{name}' has 96 hex digits, not '{text.Value}'");
            }
            values.Add(bytes);
        }
        return values;
    }

    private static ulong ReadTdAttributes(YamlText text)
    {
        if (!text.Value.StartsWith("0x", StringComparison.Ordinal)
            || !ulong.TryParse(text.Value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            text.Report($"TDATTRIBUTES are written like 0x10000000, not '{text.Value}'");
            return 0;
        }
        return value;
    }

    // An empty list would accept everything, which nobody means who writes it.
    private static IReadOnlyList<YamlText> ReadList(YamlMap variant, string name)
    {
        var texts = variant.Texts(name);
        if (variant.Has(name) && texts.Count == 0)
        {
            variant.ReportAt(name, $"'{name}' must list at least one value");
        }
        return texts;
    }

    private static ReadOnlyMemory<byte> ReadConfigId(YamlMap variant)
    {
        if (variant.OptionalText("configid") is not { } text)
        {
            return default;
        }
        var bytes = new byte[64];
        if (text.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done)
        {
            return bytes;
        }
        variant.ReportAt("configid", $"a configid has 128 hex digits, not '{text}'");
        return default;
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
        if (value == MrSigner.SdkSample)
        {
            signer.ReportAt("mrsigner", "this is the sample key of Intel's SDK; anyone can sign with it, so it identifies nobody");
        }
        return value;
    }
}
