using Guardian.Node.Relay.Domain;

namespace Guardian.Node.Relay;

/// <summary>A definition on its way to libvirtd.</summary>
internal sealed class PassedDefinition(GuestDefinition definition)
{
    private readonly TaskCompletionSource<bool> isAccepted = new();

    public GuestDefinition Definition => definition;

    /// <summary>Notes libvirtd's answer, or that there will be none.</summary>
    public void End(bool isAccepted) => this.isAccepted.TrySetResult(isAccepted);

    /// <summary>Waits for libvirtd's answer; false when it refused, or does not answer in time.</summary>
    public bool WaitUntilAccepted(TimeSpan limit) => isAccepted.Task.Wait(limit) && isAccepted.Task.Result;
}

/// <summary>The definitions that the relay has passed on to libvirtd, so that the meter, which hears of each, need not ask for what was just seen. Thread-safe.</summary>
/// <remarks>
/// A definition is noted before libvirtd gets it, and stands for the next event of its guest alone. Whoever else defines the guest at the same time causes an event of its own, for which libvirtd is asked. So
/// the last event of a guest always finds either the definition that caused it, or none.
/// </remarks>
internal sealed class PassedDefinitions
{
    // libvirtd sends a definition's event and its answer together.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    // More than are ever under way: they pile up only while nobody listens to events, and are forgotten then.
    private const int MaxCount = 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, PassedDefinition> last = [];

    /// <summary>Notes a definition that is about to be passed on.</summary>
    public PassedDefinition Add(GuestDefinition definition)
    {
        var passed = new PassedDefinition(definition);
        lock (gate)
        {
            if (last.Count >= MaxCount)
            {
                last.Clear();
            }
            last[definition.Instance] = passed;
        }
        return passed;
    }

    /// <summary>What the event of a guest's definition is about, once; null when libvirtd has to be asked. Waits for libvirtd's answer to the relay if need be.</summary>
    public GuestDefinition? Take(Guid instance)
    {
        PassedDefinition? passed;
        lock (gate)
        {
            last.Remove(instance, out passed);
        }
        return passed?.WaitUntilAccepted(Limit) == true ? passed.Definition : null;
    }

    /// <summary>Forgets everything: events were missed.</summary>
    public void Clear()
    {
        lock (gate)
        {
            last.Clear();
        }
    }
}
