using System.Xml.Linq;

namespace Guardian.Libvirt.Domain;

/// <summary>Nova's notes about a server in its definition. Only nova-compute writes them; a tenant chooses nothing but names.</summary>
/// <param name="Instance">The server's UUID, which is its consumer in Placement.</param>
/// <param name="Flavor">The flavor's name, or empty.</param>
/// <param name="Project">The UUID of the project that pays; null when it is absent.</param>
/// <param name="ExtraSpecs">The flavor's extra specs; null before Nova 32.0 (2025.2), which was the first to write them.</param>
public sealed record NovaMetadata(Guid Instance, string Flavor, string? Project, IReadOnlyDictionary<string, string>? ExtraSpecs)
{
    // The version at the end has changed once, and may change again.
    private const string Namespace = "http://openstack.org/xmlns/libvirt/nova/";

    /// <summary>Whether Nova wrote the definition.</summary>
    public static bool IsIn(XElement domain) => FindInstance(domain) is not null;

    /// <summary>Reads Nova's notes; null when there are none, or when the definition has no UUID.</summary>
    public static NovaMetadata? TryRead(XElement domain)
    {
        if (FindInstance(domain) is not { } instance || !Guid.TryParse(domain.Element("uuid")?.Value, out var uuid))
        {
            return null;
        }
        var flavor = Child(instance, "flavor");
        var owner = Child(instance, "owner");
        var specs = flavor is null ? null : Child(flavor, "extraSpecs");
        return new NovaMetadata(
            uuid,
            (string?)flavor?.Attribute("name") ?? "",
            owner is null ? null : (string?)Child(owner, "project")?.Attribute("uuid"),
            specs?.Elements().Where(spec => spec.Name.LocalName == "extraSpec")
                .GroupBy(spec => (string?)spec.Attribute("name") ?? "")
                .ToDictionary(group => group.Key, group => group.Last().Value.Trim()));
    }

    private static XElement? FindInstance(XElement domain) => domain.Elements("metadata").Elements().FirstOrDefault(
        element => element.Name.LocalName == "instance" && element.Name.NamespaceName.StartsWith(Namespace, StringComparison.Ordinal));

    private static XElement? Child(XElement parent, string name) => parent.Element(parent.Name.Namespace + name);
}
