using System.Xml.Linq;

namespace Guardian.Node.Relay.Domain;

/// <summary>What the meter wants to know of a definition.</summary>
/// <param name="Mebibytes">Its EPC.</param>
/// <param name="Project">The project that pays, or null when Nova did not write it.</param>
/// <param name="Flavor">The flavor's name, or null when it is not known.</param>
internal sealed record GuestDefinition(Guid Instance, long Mebibytes, string? Project, string? Flavor)
{
    /// <summary>Reads a definition; null when the size of its EPC cannot be read.</summary>
    public static GuestDefinition? TryRead(XElement domain, Guid instance)
    {
        var flavor = NovaMetadata.TryRead(domain)?.Flavor;
        return GuestEpc.Kibibytes(domain) is { } size ? new GuestDefinition(instance, size / 1024, ProjectOf(domain), string.IsNullOrEmpty(flavor) ? null : flavor) : null;
    }

    // nova:owner/nova:project@uuid
    private static string? ProjectOf(XElement domain) => (string?)domain.Elements("metadata").Descendants()
        .FirstOrDefault(element => element.Name.LocalName == "project" && element.Parent?.Name.LocalName == "owner" && NovaMetadata.IsIn(domain))?.Attribute("uuid");
}
