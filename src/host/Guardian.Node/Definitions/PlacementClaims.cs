using Guardian.Libvirt.Domain;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Asks Placement for claims. They exist already: Nova's scheduler claims before nova-compute learns of a server.</summary>
/// <param name="claims">Placement's claims; null when no cloud is configured.</param>
/// <param name="host">Nova's name of this host.</param>
/// <param name="plain">The servers without EPC; they are not delayed while Placement is away.</param>
/// <param name="log">Receives a line when the disk fails.</param>
internal sealed class PlacementClaims(EpcClaims? claims, string host, PlainInstances plain, Action<string> log) : IEpcClaims
{
    // nova-compute waits meanwhile, and so does everything else that it asks on the same connection. Placement answers in milliseconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public Outcome<EpcClaim[]> Find(NovaMetadata nova)
    {
        if (claims is null)
        {
            return RelayReasons.UnknownClaim.Because("no cloud is configured on this host");
        }
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            // The relay's threads may block.
            var found = claims.ReadAsync(nova.Instance, host, limit.Token).GetAwaiter().GetResult();
            Remember(nova, isPlain: found.Count == 0);
            return found.ToArray();
        }
        catch (RefusedException failure)
        {
            return CloudReasons.IsTransient(failure.Refusal) ? FindRemembered(nova, failure.Message) : failure.Refusal;
        }
        catch (OperationCanceledException)
        {
            return FindRemembered(nova, $"Placement did not answer within {Limit.TotalSeconds} seconds");
        }
    }

    private Outcome<EpcClaim[]> FindRemembered(NovaMetadata nova, string problem) =>
        plain.Contains(nova.Instance, nova.Flavor) ? Array.Empty<EpcClaim>() : RelayReasons.UnknownClaim.Because(problem);

    private void Remember(NovaMetadata nova, bool isPlain)
    {
        try
        {
            plain.Note(nova.Instance, isPlain ? nova.Flavor : null);
        }
        catch (IOException failure)
        {
            var fact = $"that instance {nova.Instance} has {(isPlain ? "no" : "some")} EPC";
            log($"{fact} is remembered until the next restart only: {failure.Message}");
        }
    }
}
