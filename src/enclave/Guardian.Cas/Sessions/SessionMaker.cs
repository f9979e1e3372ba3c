using System.Security.Cryptography;
using Guardian.Cas.Callers;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Secrets;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Makes the state of a session from its text, with the keys and secrets that it needs. Thread-safe.</summary>
internal sealed class SessionMaker(SecretWorkshop workshop)
{
    /// <summary>Reads the text of a session.</summary>
    /// <param name="caller">The hash of the caller's key.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public Task<Outcome<SessionDocument>> ReadAsync(ReadOnlyMemory<byte> yaml, string caller, CallSource source) =>
        workshop.ReadAsync(yaml, caller, source);

    /// <summary>Whether a new session costs nothing but random bytes.</summary>
    public bool IsFree(SessionDocument document) => workshop.IsFree(document, previous: null);

    /// <summary>Makes the state.</summary>
    /// <param name="creator">The hash of the key that created the session, which pays for the work.</param>
    /// <param name="previous">The state before; null for a new session.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<Outcome<SessionState>> MakeAsync(SessionDocument document, string creator, SessionState? previous, CallSource source)
    {
        var (secrets, refusal) = await workshop.MakeAsync(
            document, previous is null ? null : new PreviousSecrets(previous.Document, previous.Stored.Secrets), creator, source)
            .ConfigureAwait(false);
        if (secrets is null)
        {
            return refusal!;
        }
        var keys = new Dictionary<string, byte[]>();
        foreach (var purpose in SessionState.PurposesOf(document))
        {
            keys[purpose] = previous?.Stored.Keys.GetValueOrDefault(purpose) ?? RandomNumberGenerator.GetBytes(SessionState.KeySize);
        }
        return new SessionState(
            new StoredSession(creator, document.Text, secrets, keys, (previous?.Stored.Revision ?? 0) + 1, previous?.Stored.Usage),
            document);
    }
}
