using Guardian.Libvirt.Domain;
using Guardian.Metering;
using Guardian.OpenStack;
using Guardian.OpenStack.Placement;
using Guardian.Refusals;

namespace Guardian.Node.Definitions;

/// <summary>Asks Placement for claims. They exist already: Nova's scheduler claims before nova-compute learns of a server.</summary>
/// <param name="claims">Placement's claims; null when no cloud is configured.</param>
/// <param name="host">Reads Nova's name of this host.</param>
/// <param name="known">The claims of servers that were defined here before.</param>
/// <param name="circuit">Limits the time of lookups.</param>
/// <param name="statistics">Counts lookups.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Receives a line when the disk fails, and when an answer comes too late.</param>
internal sealed class PlacementClaims(
    EpcClaims? claims, Func<string> host, KnownClaims known, PlacementCircuit circuit, RelayStatistics statistics, TimeProvider time,
    Action<string> log) : IEpcClaims
{
    // A server that was plain under the same flavor waits no longer, because an outage must not hurt servers without EPC. Half of the
    // 50 ms that it may wait: the timer and the threads take their part on a busy host.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(25);

    public async Task<Outcome<EpcClaim[]>> FindAsync(NovaMetadata nova)
    {
        ArgumentNullException.ThrowIfNull(nova);
        var start = time.GetTimestamp();
        var (outcome, isAnswer) = await DecideAsync(nova).ConfigureAwait(false);
        var result = outcome.Refusal is not null ? LookupResult.Refused : isAnswer ? LookupResult.Answered : LookupResult.Remembered;
        statistics.CountLookup(result, time.GetElapsedTime(start));
        return outcome;
    }

    private async Task<(Outcome<EpcClaim[]> Outcome, bool IsAnswer)> DecideAsync(NovaMetadata nova)
    {
        var last = known.Find(nova.Instance, nova.Flavor);
        var answer = AskAsync(nova, last);
        if (last is { Count: 0 } && !answer.IsCompleted)
        {
            await Task.WhenAny(answer, Task.Delay(Patience, time)).ConfigureAwait(false);
            if (!answer.IsCompleted)
            {
                _ = ReportLateAsync(nova, answer);
                return (Array.Empty<EpcClaim>(), false);
            }
        }
        return await answer.ConfigureAwait(false);
    }

    // Whether Placement answered, or the host's memory did.
    private async Task<(Outcome<EpcClaim[]> Outcome, bool IsAnswer)> AskAsync(NovaMetadata nova, IReadOnlyList<EpcClaim>? last)
    {
        if (claims is null)
        {
            return (Recall(last, "no cloud is configured on this host"), false);
        }
        try
        {
            var found = await circuit.RunAsync(cancellation => claims.ReadAsync(nova.Instance, host(), cancellation)).ConfigureAwait(false);
            return found is null
                ? (Recall(last, $"Placement did not answer within {PlacementCircuit.Limit.TotalSeconds:0} seconds"), false)
                : (Accept(nova, last, found), true);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CloudReasons.OtherHost)
        {
            return (RelayReasons.NoClaim.Because(failure.Refusal.Detail), true);
        }
        catch (RefusedException failure)
        {
            // No other refusal says anything about the server: a rotated password is an outage like any other.
            return (Recall(last, failure.Message), false);
        }
    }

    private static Outcome<EpcClaim[]> Recall(IReadOnlyList<EpcClaim>? last, string problem) =>
        last is null ? RelayReasons.UnknownClaim.Because(problem) : last.ToArray();

    private Outcome<EpcClaim[]> Accept(NovaMetadata nova, IReadOnlyList<EpcClaim>? last, IReadOnlyList<EpcClaim> found)
    {
        if (last?.Any(claim => claim.TdxKey) == true && !found.Any(claim => claim.TdxKey)
            && !(nova.ExtraSpecs is not null && !Tdx.RequestsKey(nova.ExtraSpecs)))
        {
            return RelayReasons.LostClaim.Because(
                $"instance {nova.Instance} was a TDX guest under flavor '{nova.Flavor}', and Placement has claimed no TDX key for it now; "
                + "openstack resource provider allocation set restores a claim");
        }
        var (before, now) = (last?.Sum(claim => claim.Mebibytes) ?? 0, found.Sum(claim => claim.Mebibytes));
        // The flavor is the same, so the server's owner pays for the same EPC. Newer definitions show what the flavor asks for now.
        if (now < before && !(nova.ExtraSpecs is { } specs && Epc.ReadRequest(specs) == now))
        {
            return RelayReasons.LostClaim.Because(
                $"instance {nova.Instance} had {before} MiB of EPC under flavor '{nova.Flavor}', and Placement has claimed {now} MiB "
                + "for it now; openstack resource provider allocation set restores a claim");
        }
        try
        {
            known.Note(nova.Instance, nova.Flavor, found);
        }
        catch (IOException failure)
        {
            log($"the claims of instance {nova.Instance} are remembered until the next restart only: {failure.Message}");
        }
        return found.ToArray();
    }

    private async Task ReportLateAsync(NovaMetadata nova, Task<(Outcome<EpcClaim[]> Outcome, bool IsAnswer)> answer)
    {
        if ((await answer.ConfigureAwait(false)).Outcome.Value is { Length: > 0 })
        {
            log($"instance {nova.Instance} was defined as plain, as it was before, and Placement said too late that it has a claim now; "
                + "hard-reboot it");
        }
    }
}
