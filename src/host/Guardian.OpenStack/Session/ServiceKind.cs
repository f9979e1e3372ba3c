namespace Guardian.OpenStack.Session;

/// <summary>A service of a cloud, and the dialect that Guardian uses with it.</summary>
/// <param name="Name">The name for people.</param>
/// <param name="Type">The type in the catalog.</param>
/// <param name="Microversion">The oldest microversion that has everything we need, so that every later release accepts it.</param>
/// <param name="VersionPath">The path that is added to an endpoint without a version.</param>
internal sealed record ServiceKind(string Name, string Type, string Microversion, string VersionPath)
{
    /// <summary>Placement 1.29: candidates with all providers of their trees; consumer generations since 1.28. Rocky.</summary>
    public static ServiceKind Placement { get; } = new("placement", "placement", "1.29", "");

    /// <summary>
    /// Nova 2.61: extra specs inside flavors, and inside servers since 2.47; identifiers of hypervisors since 2.53; pages of usage since
    /// 2.40 and of actions since 2.58. Rocky.
    /// </summary>
    public static ServiceKind Nova { get; } = new("nova", "compute", "2.61", "v2.1/");

    /// <summary>Keystone, for the names of projects.</summary>
    public static ServiceKind Keystone { get; } = new("keystone", "identity", "", "v3/");

    /// <summary>Makes the address of the service's API from an endpoint of the catalog.</summary>
    public Uri ToAddress(string endpoint)
    {
        var address = endpoint.TrimEnd('/') + "/";
        var isVersioned = VersionPath.Length == 0
            || new Uri(address).AbsolutePath.Split('/').Any(part => part.Length > 1 && part[0] == 'v' && char.IsAsciiDigit(part[1]));
        return new Uri(isVersioned ? address : address + VersionPath);
    }
}
