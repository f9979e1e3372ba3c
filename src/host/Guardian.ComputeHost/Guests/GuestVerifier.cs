using System.Xml.Linq;
using Guardian.Libvirt;
using Guardian.Libvirt.Domain;
using Guardian.Libvirt.Rpc;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.ComputeHost.Guests;

/// <summary>A running guest's EPC, in KiB, in the three places that state it.</summary>
/// <param name="Instance">The server's UUID.</param>
/// <param name="Name">The guest's name in libvirt.</param>
/// <param name="Process">Its QEMU's process identifier; null when its process was not found.</param>
/// <param name="Claimed">The claim in Placement; null when Placement was not asked.</param>
/// <param name="Defined">The size in libvirt's definition.</param>
/// <param name="Mapped">The EPC that its QEMU has mapped; null when its process was not found.</param>
public sealed record GuestEpcState(Guid Instance, string Name, int? Process, long? Claimed, long Defined, long? Mapped)
{
    /// <summary>Whether the definition's devices are bound to the NUMA nodes that were claimed, as far as both name any.</summary>
    public bool IsOnClaimedNodes { get; init; } = true;

    /// <summary>The problem of a server whose claims are all on other hosts; null when it has claims here, or none.</summary>
    public string? ClaimProblem { get; init; }

    /// <summary>The EPC that it had on this host under the same flavor, in KiB; null when that is not known.</summary>
    public long? Known { get; init; }

    /// <summary>Its TDX in the places that state it.</summary>
    public GuestTdxState Tdx { get; init; }

    /// <summary>The first disagreement between these places; null when they agree.</summary>
    public string? Problem =>
        Mapped is null ? "its QEMU process was not found; run this as root on its host"
        : (ClaimProblem ?? Tdx.Problem) is { } problem ? problem
        : Claimed is not null && Claimed != Defined
            ? $"Placement claimed {Claimed} KiB, its definition has {Defined} KiB; hard-reboot it"
        : Known > Defined
            ? $"it had {Known} KiB of EPC under the same flavor, its definition has {Defined} KiB; restore its claim with "
                + "openstack resource provider allocation set, and hard-reboot it"
        : !IsOnClaimedNodes ? "its definition has EPC of other NUMA nodes than Placement claimed; hard-reboot it"
        : Mapped != Defined ? $"its definition has {Defined} KiB of EPC, its QEMU has mapped {Mapped} KiB; hard-reboot it"
        : null;
}

/// <summary>A running guest's TDX in the three places that state it.</summary>
/// <param name="Claimed">Whether a TDX key is claimed for it; null when Placement was not asked.</param>
/// <param name="Defined">Whether libvirt's definition makes it a TDX guest. Nova does so itself since 2026.2, without this claim.</param>
/// <param name="Running">Whether its QEMU runs it as a TDX guest; null when its process was not found.</param>
public readonly record struct GuestTdxState(bool? Claimed, bool Defined, bool? Running)
{
    /// <summary>The first disagreement between these places; null when they agree.</summary>
    public string? Problem =>
        Claimed == true && !Defined ? "Placement claimed a TDX key, its definition is without TDX; hard-reboot it"
        : Defined && Running == false ? "its definition has TDX, its QEMU runs without it; hard-reboot it"
        : null;
}

/// <summary>Compares the EPC that guests were promised with the EPC that they have.</summary>
public static class GuestVerifier
{
    /// <summary>Reads the state of all running guests that have, or should have, EPC or TDX; or of one guest in any case.</summary>
    /// <param name="socket">libvirtd's socket.</param>
    /// <param name="findClaims">Finds Placement's claims for an instance; null skips the comparison with claims.</param>
    /// <param name="findKnown">Finds the EPC in MiB that an instance had here under a flavor; null skips this comparison.</param>
    /// <param name="instance">One instance, or null for all.</param>
    /// <returns>The states; empty when the instance does not run here.</returns>
    /// <exception cref="RefusedException">libvirt does not answer.</exception>
    public static async Task<IReadOnlyList<GuestEpcState>> ReadAsync(
        string socket, Func<Guid, Task<IReadOnlyList<EpcClaim>>>? findClaims, Func<Guid, string, long?>? findKnown, Guid? instance)
    {
        var states = new List<GuestEpcState>();
        var processes = new GuestProcesses();
        using var client = LibvirtClient.Connect(socket, LibvirtClient.SystemUri, TimeSpan.FromSeconds(30));
        foreach (var guest in client.ListGuests(activeOnly: true).Where(guest => instance is null || guest.Uuid == instance))
        {
            if (ReadDefinition(client, guest) is not { } domain)
            {
                continue;
            }
            var process = processes.Find(guest.Uuid);
            var (claims, problem) = findClaims is not null && NovaMetadata.IsIn(domain)
                ? await FindClaimsAsync(findClaims, guest.Uuid).ConfigureAwait(false)
                : (null, null);
            var state = new GuestEpcState(
                guest.Uuid, guest.Name, process,
                claims?.Sum(claim => claim.Mebibytes * 1024),
                EpcDevice.SumKibibytes(EpcDevice.FindAll(domain)) ?? 0,
                process is { } number ? processes.ReadMapped(number) / 1024 : null)
            {
                IsOnClaimedNodes = claims is null || MatchNodes(domain, claims),
                ClaimProblem = problem,
                Tdx = new GuestTdxState(
                    claims?.Any(claim => claim.TdxKey), LaunchSecurity.IsTdx(domain),
                    process is { } qemu ? processes.IsTdx(qemu) : null),
                Known = NovaMetadata.TryRead(domain) is { } nova ? findKnown?.Invoke(guest.Uuid, nova.Flavor) * 1024 : null,
            };
            if (instance is not null || problem is not null || state.Defined > 0 || state.Claimed > 0 || state.Mapped > 0 || state.Known > 0
                || state.Tdx.Claimed == true || state.Tdx.Defined)
            {
                states.Add(state);
            }
        }
        return states;
    }

    // One server whose claims are on other hosts must not hide the others.
    internal static async Task<(IReadOnlyList<EpcClaim>? Claims, string? Problem)> FindClaimsAsync(
        Func<Guid, Task<IReadOnlyList<EpcClaim>>> findClaims, Guid instance)
    {
        try
        {
            return (await findClaims(instance).ConfigureAwait(false), null);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.OtherHost)
        {
            return ([], failure.Refusal.Detail);
        }
    }

    /// <summary>Whether a definition's devices take from each NUMA node what was claimed there, as far as both name any.</summary>
    internal static bool MatchNodes(XElement domain, IEnumerable<EpcClaim> claims) =>
        EpcDevice.MatchNodes(domain, [.. claims.Where(claim => claim.Mebibytes > 0)
            .Select(claim => new EpcDevice(claim.Mebibytes * 1024, claim.Node))]);

    // A guest may have ended since it was listed.
    private static XElement? ReadDefinition(LibvirtClient client, GuestName guest)
    {
        try
        {
            return DomainXml.Read(client.GetXml(guest)).Value?.Root;
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == LibvirtReasons.NoDomain)
        {
            return null;
        }
    }
}
