using Guardian.Libvirt.Domain;
using Guardian.Node.Definitions;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Bench.Relay;

/// <summary>A host without Placement: the definition itself contains the flavor's request.</summary>
internal sealed class NoClaims : IEpcClaims
{
    public Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova) =>
        Task.FromResult<Outcome<EpcClaim[]>>(RelayReasons.UnknownClaim.Because("no Placement in a benchmark"));
}
