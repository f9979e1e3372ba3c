using System.Globalization;

namespace Guardian.OpenStack.Placement;

/// <summary>The names of enclave memory in Placement and in flavors.</summary>
public static class Epc
{
    /// <summary>The resource class; its unit is MiB, like that of Nova's MEMORY_MB.</summary>
    public const string ResourceClass = "CUSTOM_SGX_EPC_MB";

    /// <summary>The resource class of the right to the provisioning key; a flavor requests 1 of it. Offered by hosts that give the key by
    /// flavor.</summary>
    public const string ProvisionKeyClass = "CUSTOM_SGX_PROVISION_KEY";

    /// <summary>The host's processor has SGX and its firmware lets guests use it. A standard trait.</summary>
    public const string SgxTrait = "HW_CPU_X86_SGX";

    /// <summary>Flexible launch control: guests may run enclaves of any signer.</summary>
    public const string FlcTrait = "CUSTOM_SGX_FLC";

    /// <summary>SGX2: enclaves may add and remove pages while they run.</summary>
    public const string Sgx2Trait = "CUSTOM_SGX2";

    /// <summary>The host's check passes. Flavors require it, so a host that fails gets no new guests.</summary>
    public const string HealthyTrait = "CUSTOM_SGX_HEALTHY";

    /// <summary>Marks the provider of one EPC section, so that Placement can list these providers.</summary>
    public const string SectionTrait = "CUSTOM_SGX_EPC_SECTION";

    /// <summary>Another platform's extra spec for EPC, in MiB. Nova's scheduler does not know it and claims nothing for it.</summary>
    public const string AliasSpec = "sgx:epc_size";

    private const string SectionInfix = "_sgx_epc_";

    /// <summary>The traits that Guardian defines.</summary>
    public static IReadOnlyList<string> CustomTraits { get; } = [FlcTrait, Sgx2Trait, HealthyTrait, SectionTrait];

    /// <summary>Makes the name of the provider of one section of a host.</summary>
    /// <param name="host">The name of the compute host's own provider.</param>
    /// <param name="node">The NUMA node that the section belongs to.</param>
    public static string MakeProviderName(string host, int node) =>
        string.Create(CultureInfo.InvariantCulture, $"{host}{SectionInfix}{node}");

    /// <summary>Reads the NUMA node from the name of a section's provider; null when it is not a section of the host.</summary>
    /// <param name="host">The name of the compute host's own provider.</param>
    /// <param name="providerName">The name of any provider.</param>
    public static int? FindNode(string host, string providerName)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(providerName);
        var prefix = host + SectionInfix;
        return providerName.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(providerName.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var node)
                ? node : null;
    }

    /// <summary>Reads the EPC that Nova's scheduler claims for a flavor, in MiB; 0 when it claims none.</summary>
    /// <param name="extraSpecs">The flavor's extra specs; null counts as empty.</param>
    /// <returns>The sum over all resource groups. <see cref="AliasSpec"/> claims nothing, so it does not count.</returns>
    public static long ReadRequest(IReadOnlyDictionary<string, string>? extraSpecs) =>
        extraSpecs is null ? 0 : extraSpecs.Where(spec => IsEpcKey(spec.Key)).Sum(spec => ParseAmount(spec.Value));

    /// <summary>Whether a flavor requests the right to the provisioning key.</summary>
    /// <param name="extraSpecs">The flavor's extra specs; null counts as empty.</param>
    public static bool RequestsProvisionKey(IReadOnlyDictionary<string, string>? extraSpecs) => Requests(extraSpecs, ProvisionKeyClass);

    /// <summary>Whether a flavor requests at least 1 of a resource class.</summary>
    internal static bool Requests(IReadOnlyDictionary<string, string>? extraSpecs, string resourceClass) =>
        extraSpecs?.Any(spec => IsKeyOf(spec.Key, resourceClass) && ParseAmount(spec.Value) > 0) == true;

    /// <summary>Reads the parts of a flavor's request, in MiB: one for each resource group that asks for EPC.</summary>
    /// <param name="extraSpecs">The flavor's extra specs.</param>
    internal static IReadOnlyList<long> ReadParts(IReadOnlyDictionary<string, string> extraSpecs) =>
        [.. extraSpecs.Where(spec => IsEpcKey(spec.Key)).Select(spec => ParseAmount(spec.Value)).Where(part => part > 0)];

    /// <summary>
    /// Reads the EPC that a flavor means to request with <see cref="AliasSpec"/> alone, in MiB; 0 for every other flavor.
    /// </summary>
    /// <param name="extraSpecs">The flavor's extra specs; null counts as empty.</param>
    /// <returns>An amount that nobody claims: the flavor's servers have no EPC.</returns>
    public static long ReadUnclaimedRequest(IReadOnlyDictionary<string, string>? extraSpecs) =>
        extraSpecs is not null && ReadRequest(extraSpecs) == 0 && extraSpecs.TryGetValue(AliasSpec, out var amount)
            ? ParseAmount(amount) : 0;

    // resources:CLASS or resources<suffix>:CLASS
    private static bool IsEpcKey(string key) => IsKeyOf(key, ResourceClass);

    private static bool IsKeyOf(string key, string resourceClass) =>
        key.StartsWith("resources", StringComparison.Ordinal) && key.EndsWith(":" + resourceClass, StringComparison.Ordinal);

    // No host has so much. Placement refuses such an amount too, and here it must not overflow a sum.
    private static long ParseAmount(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) && amount <= int.MaxValue ? amount : 0;
}
