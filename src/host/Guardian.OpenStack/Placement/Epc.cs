using System.Globalization;

namespace Guardian.OpenStack.Placement;

/// <summary>The names by which enclave memory is known in Placement and flavors.</summary>
public static class Epc
{
    /// <summary>The resource class; its unit is MiB, as Nova's MEMORY_MB is.</summary>
    public const string ResourceClass = "CUSTOM_SGX_EPC_MB";

    /// <summary>The host's processor has SGX and its firmware lets guests use it. A standard trait.</summary>
    public const string SgxTrait = "HW_CPU_X86_SGX";

    /// <summary>Flexible launch control: guests may run enclaves of any signer.</summary>
    public const string FlcTrait = "CUSTOM_SGX_FLC";

    /// <summary>SGX2: enclaves may add and remove pages while they run.</summary>
    public const string Sgx2Trait = "CUSTOM_SGX2";

    /// <summary>The host's check passes. Flavors require it, so a host that fails gets no new guests.</summary>
    public const string HealthyTrait = "CUSTOM_SGX_HEALTHY";

    /// <summary>Marks the provider of one EPC section, so that lists can be asked for them.</summary>
    public const string SectionTrait = "CUSTOM_SGX_EPC_SECTION";

    private const string SectionInfix = "_sgx_epc_";

    /// <summary>The traits that exist only for Guardian.</summary>
    public static IReadOnlyList<string> CustomTraits { get; } = [FlcTrait, Sgx2Trait, HealthyTrait, SectionTrait];

    /// <summary>The name of the provider of one section of a host.</summary>
    /// <param name="host">The name of the compute host's own provider.</param>
    /// <param name="node">The NUMA node that the section belongs to.</param>
    public static string ProviderName(string host, int node) => string.Create(CultureInfo.InvariantCulture, $"{host}{SectionInfix}{node}");

    /// <summary>The NUMA node whose section a provider of <paramref name="host"/> is, or null when it is no section.</summary>
    public static int? NodeOf(string host, string providerName)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(providerName);
        return providerName.Length > host.Length + SectionInfix.Length && providerName.StartsWith(host + SectionInfix, StringComparison.Ordinal)
            && int.TryParse(providerName.AsSpan(host.Length + SectionInfix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var node) ? node : null;
    }

    /// <summary>The EPC that a flavor asks for, in MiB: of the unnumbered group, else the sum of numbered ones, else Fogbow's older <c>sgx:epc_size</c>; 0 when none.</summary>
    public static long OfFlavor(IReadOnlyDictionary<string, string>? extraSpecs)
    {
        if (extraSpecs is null)
        {
            return 0;
        }
        var total = extraSpecs.Where(spec => IsEpcKey(spec.Key)).Sum(spec => ParseAmount(spec.Value));
        return total > 0 || !extraSpecs.TryGetValue("sgx:epc_size", out var older) ? total : ParseAmount(older);
    }

    // resources:CLASS or resources<suffix>:CLASS
    private static bool IsEpcKey(string key) => key.StartsWith("resources", StringComparison.Ordinal) && key.EndsWith(":" + ResourceClass, StringComparison.Ordinal);

    // More than any host has is a mistake, which Placement refuses too: it must not overflow a sum.
    private static long ParseAmount(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) && amount <= int.MaxValue ? amount : 0;
}
