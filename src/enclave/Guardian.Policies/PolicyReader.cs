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
///   - mrtd: [HEX, …]                  # a trust domain, only if the caller allows virtual machines
///     rtmr0: [HEX, …]                 # and rtmr1, rtmr2, rtmr3
///     mrseam: [HEX, …]
///     tdattributes: [0x10000000, …]   # and xfam
///     mrconfigid: [HEX, …]            # and mrowner, mrownerconfig
///   - measurement: [HEX, …]           # a guest of SEV-SNP, likewise
///     host_data: [HEX, …]             # and id_key_digest
///     guest_policy: [0x3001f, …]
///     vmpl_max: 0
///     guest_svn_min: 1
///     tcb_min: {bootloader: 4, tee: 0, snp: 24, microcode: 219}     # Turin: fmc too
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
    /// <param name="allowVirtualMachines">Whether variants may name trust domains and guests of SEV-SNP too, as appraisers of any
    /// evidence want.</param>
    /// <returns>The policy. It is incomplete if the map has problems, so the caller must check for them.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="map"/> is null.</exception>
    public static AttestationPolicy Read(YamlMap map, bool allowVirtualMachines = false)
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
                .. variants.Select(variant =>
                    allowVirtualMachines && IsTrustDomain(variant) ? ReadTrustDomain(variant)
                    : allowVirtualMachines && SnpVariantReader.IsSnpGuest(variant) ? SnpVariantReader.Read(variant)
                    : ReadIdentity(variant)),
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
        name => name is "mrtd" or "rtmr0" or "rtmr1" or "rtmr2" or "rtmr3" or "mrseam" or "tdattributes"
            or "xfam" or "mrconfigid" or "mrowner" or "mrownerconfig");

    private static AcceptedIdentity ReadTrustDomain(YamlMap variant)
    {
        var trustDomain = new AcceptedTrustDomain
        {
            MrTds = ReadHexList(variant, "mrtd", 48),
            Rtmr0 = ReadHexList(variant, "rtmr0", 48),
            Rtmr1 = ReadHexList(variant, "rtmr1", 48),
            Rtmr2 = ReadHexList(variant, "rtmr2", 48),
            Rtmr3 = ReadHexList(variant, "rtmr3", 48),
            MrSeams = ReadHexList(variant, "mrseam", 48),
            Attributes = [.. ReadList(variant, "tdattributes").Select(text => ReadFlags(text, "TDATTRIBUTES"))],
            Xfams = [.. ReadList(variant, "xfam").Select(text => ReadFlags(text, "XFAM"))],
            MrConfigIds = ReadHexList(variant, "mrconfigid", 48),
            MrOwners = ReadHexList(variant, "mrowner", 48),
            MrOwnerConfigs = ReadHexList(variant, "mrownerconfig", 48),
        };
        if (!variant.Has("mrtd"))
        {
            variant.Report("name a trust domain by 'mrtd'");
        }
        variant.End();
        return new AcceptedIdentity { TrustDomain = trustDomain };
    }

    /// <summary>Reads a list of values of a fixed size, in hexadecimal.</summary>
    internal static List<ReadOnlyMemory<byte>> ReadHexList(YamlMap variant, string name, int size)
    {
        var values = new List<ReadOnlyMemory<byte>>();
        foreach (var text in ReadList(variant, name))
        {
            var bytes = new byte[size];
            if (text.Value.Length != 2 * bytes.Length
                || Convert.FromHexString(text.Value, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            {
                text.Report($"'{name}' has {2 * size} hex digits, not '{text.Value}'");
            }
            values.Add(bytes);
        }
        return values;
    }

    /// <summary>Reads flags, written like 0x10000000.</summary>
    internal static ulong ReadFlags(YamlText text, string what)
    {
        if (!text.Value.StartsWith("0x", StringComparison.Ordinal)
            || !ulong.TryParse(text.Value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            text.Report($"{what} must be written like 0x10000000, not '{text.Value}'");
            return 0;
        }
        return value;
    }

    // An empty list would accept everything, which nobody means who writes it.
    internal static IReadOnlyList<YamlText> ReadList(YamlMap variant, string name)
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
