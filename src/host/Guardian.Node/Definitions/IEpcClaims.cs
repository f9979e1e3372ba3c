using Guardian.Libvirt.Domain;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Finds how much EPC a server has claimed on this host, and whether it has claimed a TDX key.</summary>
internal interface IEpcClaims
{
    /// <summary>Finds the claims of a server; none when it has claimed neither EPC nor a TDX key. Takes a limited time and never
    /// throws.</summary>
    Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova);
}
