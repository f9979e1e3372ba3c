using Guardian.Node.Relay;
using Guardian.Node.Relay.Domain;

namespace Guardian.Bench.Relay;

/// <summary>As on a host without Placement: the definition itself says what its flavor asks for.</summary>
internal sealed class NoClaims : IEpcClaims
{
    public ClaimAnswer Find(NovaMetadata nova) => new(null, "no Placement in a benchmark");
}
