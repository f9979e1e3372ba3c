using System.Collections.Concurrent;
using System.Net;
using Guardian.Cas.Callers;
using Guardian.Cas.Secrets;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Rotates and renews the secrets of sessions when they are due. Thread-safe.</summary>
internal sealed class SecretRenewal(Vault vault, SecretWorkshop workshop, TimeProvider time)
{
    // A whole cluster that starts at once asks for the same renewal.
    private readonly ConcurrentDictionary<(string Name, long Revision), Lazy<Task<Outcome<SessionState>>>> running = new();

    /// <summary>Whether a secret of a session must be rotated or renewed by now.</summary>
    public bool IsDue(SessionState state) => SecretMaker.IsDue(state.Document, state.Stored.Secrets, time.GetUtcNow());

    /// <summary>Renews the secrets of a session, once for all who ask for it meanwhile. The creator of the session pays.</summary>
    /// <remarks>
    /// The work goes on when a caller leaves: others may wait for it, and its result is kept, so leaving early repeats nothing.
    /// </remarks>
    /// <param name="source">The call. Of those who ask meanwhile, the first one's address pays.</param>
    /// <returns>The renewed state, or the refusal because the creator has used up its budget.</returns>
    public async Task<Outcome<SessionState>> RenewAsync(SessionState state, CallSource source)
    {
        var key = (state.Document.Name, state.Stored.Revision);
        var renewal = running.GetOrAdd(key, _ => new Lazy<Task<Outcome<SessionState>>>(() => RunAsync(key, state, source.Address)));
        return await renewal.Value.WaitAsync(source.Cancellation).ConfigureAwait(false);
    }

    private async Task<Outcome<SessionState>> RunAsync((string Name, long Revision) key, SessionState state, IPAddress? address)
    {
        try
        {
            return await MakeAsync(state, new CallSource(address, CancellationToken.None)).ConfigureAwait(false);
        }
        finally
        {
            running.TryRemove(key, out _);
        }
    }

    private async Task<Outcome<SessionState>> MakeAsync(SessionState state, CallSource source)
    {
        var present = await vault.RunAsync(transaction => transaction.FindSession(state.Document.Name)).ConfigureAwait(false);
        if (present?.Stored.Revision != state.Stored.Revision)
        {
            // Somebody was faster; the caller looks again.
            return present ?? state;
        }
        var previous = new PreviousSecrets(state.Document, state.Stored.Secrets);
        var (secrets, refusal) = await workshop.MakeAsync(state.Document, previous, state.Stored.Creator, source).ConfigureAwait(false);
        if (secrets is null)
        {
            return refusal!;
        }
        var next = state with { Stored = state.Stored with { Secrets = secrets, Revision = state.Stored.Revision + 1 } };
        return await vault.RunAsync(transaction =>
        {
            // Another replica, or an update, may have been faster.
            if (transaction.FindSession(state.Document.Name)?.Stored.Revision == state.Stored.Revision)
            {
                transaction.PutSession(next);
                transaction.Audit("secrets-renewed", state.Document.Name, "cas");
            }
            return next;
        }).ConfigureAwait(false);
    }
}
