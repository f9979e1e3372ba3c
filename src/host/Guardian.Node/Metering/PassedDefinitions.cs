using System.Collections.Concurrent;
using System.Xml.Linq;
using Guardian.Libvirt.Rpc;
using Guardian.Node.Relay;

namespace Guardian.Node.Metering;

/// <summary>
/// Remembers the definitions that the relay has passed on to libvirtd. The meter hears of each definition by an event, and with this need
/// not ask libvirtd for a definition that the relay has just seen.
/// </summary>
/// <remarks>
/// Thread-safe. A definition is noted before libvirtd gets it, and stands for the next event of its guest only. If another client defines
/// the guest at the same time, that causes an event of its own, for which the meter asks libvirtd. Therefore the last event of a guest
/// finds either the definition that caused it, or none.
/// </remarks>
internal sealed class PassedDefinitions
{
    // libvirtd sends a definition's event and its reply together.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    // More than are ever pending. They accumulate only while nobody listens to events, and are forgotten then.
    private const int MaxCount = 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, PassedDefinition> last = [];

    /// <summary>Makes the observer of one connection.</summary>
    public IDefinitionObserver Observe() => new Observer(this);

    /// <summary>
    /// Removes and returns the definition that caused a guest's event; null when libvirtd must be asked. Waits for libvirtd's reply to the
    /// relay if necessary.
    /// </summary>
    public MeteredGuest? RemoveAccepted(Guid instance)
    {
        PassedDefinition? passed;
        lock (gate)
        {
            last.Remove(instance, out passed);
        }
        return passed?.WaitUntilAccepted(Limit) == true ? passed.Guest : null;
    }

    /// <summary>Forgets everything, because events were missed.</summary>
    public void Clear()
    {
        lock (gate)
        {
            last.Clear();
        }
    }

    private PassedDefinition Add(MeteredGuest guest)
    {
        var passed = new PassedDefinition(guest);
        lock (gate)
        {
            if (last.Count >= MaxCount)
            {
                last.Clear();
            }
            last[guest.Instance] = passed;
        }
        return passed;
    }

    /// <summary>A definition on its way to libvirtd.</summary>
    private sealed class PassedDefinition(MeteredGuest guest)
    {
        private readonly TaskCompletionSource<bool> isAccepted = new();

        public MeteredGuest Guest => guest;

        /// <summary>Notes libvirtd's reply, or that there will be none.</summary>
        public void Complete(bool isAccepted) => this.isAccepted.TrySetResult(isAccepted);

        /// <summary>Waits for libvirtd's reply; false when it refused, or does not reply in time.</summary>
        public bool WaitUntilAccepted(TimeSpan limit) => isAccepted.Task.Wait(limit) && isAccepted.Task.Result;
    }

    private sealed class Observer(PassedDefinitions passed) : IDefinitionObserver
    {
        // By the call's serial: the definitions to which libvirtd has not replied yet.
        private readonly ConcurrentDictionary<uint, PassedDefinition> pending = [];

        public void OnDefinition(RpcHeader call, string connectionUri, XElement domain)
        {
            if ((RemoteProcedure)call.Procedure is RemoteProcedure.DomainDefineXml or RemoteProcedure.DomainDefineXmlFlags
                && connectionUri == LibvirtClient.SystemUri && MeteredGuest.TryRead(domain) is { } guest)
            {
                pending[call.Serial] = passed.Add(guest);
            }
        }

        public void OnReply(RpcHeader reply)
        {
            if (reply is { Type: RpcType.Reply, Program: RpcHeader.RemoteProgram } && pending.TryRemove(reply.Serial, out var definition))
            {
                definition.Complete(reply.Status == RpcStatus.Ok);
            }
        }

        public void OnClosed()
        {
            foreach (var definition in pending.Values)
            {
                definition.Complete(isAccepted: false);
            }
        }
    }
}
