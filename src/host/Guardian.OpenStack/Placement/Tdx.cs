namespace Guardian.OpenStack.Placement;

/// <summary>The names of TDX in Placement and in flavors.</summary>
public static class Tdx
{
    /// <summary>The resource class of TDX keys; a flavor requests 1. A host has a fixed number of them, and each TDX guest occupies one
    /// while it runs.</summary>
    public const string ResourceClass = "CUSTOM_TDX_KEY";

    private const string Suffix = "_tdx";

    /// <summary>Makes the name of the provider of a host's keys.</summary>
    /// <param name="host">The name of the compute host's own provider.</param>
    public static string MakeProviderName(string host) => host + Suffix;

    /// <summary>Whether Nova's scheduler claims a key for a flavor.</summary>
    /// <param name="extraSpecs">The flavor's extra specs; null counts as empty.</param>
    public static bool RequestsKey(IReadOnlyDictionary<string, string>? extraSpecs) => Epc.Requests(extraSpecs, ResourceClass);
}
