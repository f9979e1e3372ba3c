using System.Xml.Linq;
using Guardian.Node.Libvirt;
using Guardian.Node.Processes;
using Guardian.Node.Relay.Domain;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Verification;

/// <summary>A running guest's EPC, in KiB, in the three places where it is written.</summary>
/// <param name="Claimed">What Placement has claimed; null when nobody asked it.</param>
/// <param name="Defined">What libvirt's definition says.</param>
/// <param name="Mapped">What its QEMU has mapped; null when its process was not found.</param>
public sealed record GuestEpcState(Guid Instance, string Name, int? Process, long? Claimed, long Defined, long? Mapped)
{
    /// <summary>Whether the definition's devices are bound to the NUMA nodes that were claimed, as far as both name any.</summary>
    public bool IsOnClaimedNodes { get; init; } = true;

    /// <summary>What is wrong, or null: the mapping equals the definition, and the claim where it is known.</summary>
    public string? Problem =>
        Mapped is null ? "its QEMU process was not found; run this as root on its host"
        : Claimed is not null && Claimed != Defined ? $"Placement claimed {Claimed} KiB, its definition has {Defined} KiB; hard-reboot it"
        : !IsOnClaimedNodes ? "its definition has EPC of other NUMA nodes than Placement claimed; hard-reboot it"
        : Mapped != Defined ? $"its definition has {Defined} KiB of EPC, its QEMU has mapped {Mapped} KiB; hard-reboot it"
        : null;
}

/// <summary>Compares what guests were promised with what they have.</summary>
public static class GuestVerifier
{
    /// <summary>The state of all running guests that have, or should have, EPC; or of one, whether or not it should.</summary>
    /// <param name="socket">libvirtd's socket.</param>
    /// <param name="claimsOf">What Placement claimed for an instance; null when nobody can be asked.</param>
    /// <param name="instance">One instance, or null for all.</param>
    /// <returns>None when the instance does not run here.</returns>
    /// <exception cref="LibvirtException">libvirt does not answer.</exception>
    public static async Task<IReadOnlyList<GuestEpcState>> ReadAsync(string socket, Func<Guid, Task<IReadOnlyList<EpcClaim>>>? claimsOf, Guid? instance)
    {
        var states = new List<GuestEpcState>();
        var processes = new GuestProcesses();
        using var client = LibvirtClient.Connect(socket, "qemu:///system", TimeSpan.FromSeconds(30));
        foreach (var guest in client.ListGuests(activeOnly: true).Where(guest => instance is null || guest.Uuid == instance))
        {
            if (Definition(client, guest) is not { } domain)
            {
                continue;
            }
            var process = processes.Find(guest.Uuid);
            var claims = claimsOf is not null && NovaMetadata.IsIn(domain) ? await claimsOf(guest.Uuid).ConfigureAwait(false) : null;
            var state = new GuestEpcState(
                guest.Uuid, guest.Name, process, claims?.Sum(claim => claim.Mebibytes * 1024), GuestEpc.Kibibytes(domain) ?? 0, process is { } number ? processes.ReadMapped(number) / 1024 : null)
            {
                IsOnClaimedNodes = claims is null || GuestEpc.IsOnNodesOf(domain, claims),
            };
            if (instance is not null || state.Defined > 0 || state.Claimed > 0 || state.Mapped > 0)
            {
                states.Add(state);
            }
        }
        return states;
    }

    // A guest may have ended since it was listed.
    private static XElement? Definition(LibvirtClient client, GuestName guest)
    {
        try
        {
            return DomainXml.TryRead(client.GetXml(guest), out _)?.Root;
        }
        catch (LibvirtException failure) when (failure.Code == RpcErrorCode.NoDomain)
        {
            return null;
        }
    }
}
