using System.Xml.Linq;
using Guardian.Libvirt.Domain;

namespace Guardian.Node.Metering;

/// <summary>The facts of a definition that the meter records.</summary>
/// <param name="Instance">The server.</param>
/// <param name="Mebibytes">Its EPC in MiB; 0 when it has none.</param>
/// <param name="Project">The project that pays; null when Nova did not write it.</param>
/// <param name="Flavor">The flavor's name; null when it is not known.</param>
internal sealed record MeteredGuest(Guid Instance, long Mebibytes, string? Project, string? Flavor)
{
    /// <summary>Reads a definition; null when the size of its EPC cannot be read.</summary>
    public static MeteredGuest? TryRead(XElement domain, Guid instance) => TryRead(domain, instance, NovaMetadata.TryRead(domain));

    /// <summary>Reads a definition that Nova wrote; null when Nova did not write it, or the size of its EPC cannot be read.</summary>
    public static MeteredGuest? TryRead(XElement domain) =>
        NovaMetadata.TryRead(domain) is { } nova ? TryRead(domain, nova.Instance, nova) : null;

    private static MeteredGuest? TryRead(XElement domain, Guid instance, NovaMetadata? nova) =>
        EpcDevice.SumKibibytes(EpcDevice.FindAll(domain)) is { } size
            ? new MeteredGuest(instance, size / 1024, nova?.Project, string.IsNullOrEmpty(nova?.Flavor) ? null : nova.Flavor)
            : null;
}
