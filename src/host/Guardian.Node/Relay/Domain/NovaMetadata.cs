using System.Xml.Linq;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay.Domain;

/// <summary>What Nova writes about an instance into its definition. Only nova-compute writes it; a tenant chooses nothing of it but names.</summary>
/// <param name="Instance">The instance's identifier, which is its consumer in Placement.</param>
/// <param name="Flavor">The flavor's name, or empty.</param>
/// <param name="ExtraSpecs">The flavor's extra specs, which Nova writes since 32.0 (2025.2); null in older ones.</param>
internal sealed record NovaMetadata(Guid Instance, string Flavor, IReadOnlyDictionary<string, string>? ExtraSpecs)
{
    // The version at the end has changed once, and may again.
    private const string Namespace = "http://openstack.org/xmlns/libvirt/nova/";

    /// <summary>What the flavor asks for in MiB, or null where the definition does not say.</summary>
    public long? RequestedMebibytes => ExtraSpecs is null ? null : Epc.OfFlavor(ExtraSpecs);

    /// <summary>Whether Nova wrote the definition.</summary>
    public static bool IsIn(XElement domain) => FindInstance(domain) is not null;

    /// <summary>Reads what Nova wrote; null when it has no instance or no identifier.</summary>
    public static NovaMetadata? TryRead(XElement domain)
    {
        if (FindInstance(domain) is not { } instance || !Guid.TryParse(domain.Element("uuid")?.Value, out var uuid))
        {
            return null;
        }
        var flavor = Child(instance, "flavor");
        var specs = flavor is null ? null : Child(flavor, "extraSpecs");
        return new NovaMetadata(
            uuid,
            (string?)flavor?.Attribute("name") ?? "",
            specs?.Elements().Where(spec => spec.Name.LocalName == "extraSpec")
                .GroupBy(spec => (string?)spec.Attribute("name") ?? "").ToDictionary(group => group.Key, group => group.Last().Value.Trim()));
    }

    private static XElement? FindInstance(XElement domain) => domain.Elements("metadata").Elements()
        .FirstOrDefault(element => element.Name.LocalName == "instance" && element.Name.NamespaceName.StartsWith(Namespace, StringComparison.Ordinal));

    private static XElement? Child(XElement parent, string name) => parent.Element(parent.Name.Namespace + name);
}
