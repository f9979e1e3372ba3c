using Guardian.Node.Relay.Domain;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay;

/// <summary>What is known of an instance's EPC: its claims on this host, none when it has none; or null and why they are not known.</summary>
internal readonly record struct ClaimAnswer(IReadOnlyList<EpcClaim>? Claims, string? Problem);

/// <summary>Says how much EPC an instance has.</summary>
internal interface IEpcClaims
{
    /// <summary>The claims of an instance; blocks for a limited time and never throws.</summary>
    ClaimAnswer Find(NovaMetadata nova);
}
