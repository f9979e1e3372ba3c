using Guardian.Node.Relay.Domain;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;

namespace Guardian.Node.Relay;

/// <summary>Asks Placement. Nova's scheduler made the claim before nova-compute got to know of the instance, so the answer is there.</summary>
/// <param name="claims">Null where no cloud is configured.</param>
/// <param name="host">Nova's name of this host.</param>
/// <param name="plain">Remembers instances without EPC: they are not held up while Placement is away.</param>
/// <param name="log">Is told when the disk fails.</param>
internal sealed class PlacementClaims(EpcClaims? claims, string host, PlainInstances plain, Action<string> log) : IEpcClaims
{
    // Nova-compute waits meanwhile, and so does everything else it asks on the same connection. Placement answers in milliseconds.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public ClaimAnswer Find(NovaMetadata nova)
    {
        if (claims is null)
        {
            return new ClaimAnswer(null, "no cloud is configured on this host");
        }
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            // The relay's threads are made to block.
            var found = claims.ReadAsync(nova.Instance, host, limit.Token).GetAwaiter().GetResult();
            Note(nova, isPlain: found.Count == 0);
            return new ClaimAnswer(found, null);
        }
        catch (OpenStackException failure) when (!failure.IsTransient)
        {
            return new ClaimAnswer(null, failure.Message);
        }
        catch (Exception failure) when (failure is OpenStackException or OperationCanceledException)
        {
            return plain.Contains(nova.Instance, nova.Flavor) ? new ClaimAnswer([], null)
                : new ClaimAnswer(null, failure is OpenStackException ? failure.Message : $"Placement did not answer within {Limit.TotalSeconds} seconds");
        }
    }

    private void Note(NovaMetadata nova, bool isPlain)
    {
        try
        {
            plain.Note(nova.Instance, isPlain ? nova.Flavor : null);
        }
        catch (IOException failure)
        {
            log($"that instance {nova.Instance} has {(isPlain ? "no" : "some")} EPC is remembered until the next restart only: {failure.Message}");
        }
    }
}
