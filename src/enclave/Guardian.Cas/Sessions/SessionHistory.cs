using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>Shows the former texts of sessions to their readers. Thread-safe.</summary>
internal sealed class SessionHistory(Vault vault)
{
    /// <summary>Lists the former texts of a session that the caller may read now.</summary>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public Task<Outcome<SessionHistoryDescription>> ListAsync(string name, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        return vault.TryRunAsync<SessionHistoryDescription>(transaction =>
            transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.Read, [caller])
                ? new SessionHistoryDescription(
                    name, state.Document.Hash,
                    [.. transaction.ListTexts(name).Reverse()
                    .Select(each => new FormerText(each.Hash, $"{each.Until:yyyy-MM-ddTHH:mm:ssZ}", each.By))])
                : SessionTable.Absent(name));
    }

    /// <summary>Reads a text of a session. A former text may hold values that a later reader was never meant to see.</summary>
    /// <param name="hash">The hash of the present text, or of a former one; its own rule must admit the caller as well.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public async Task<Outcome<SessionDescription>> ReadAsync(string name, string hash, ReadOnlyMemory<byte> callerKey)
    {
        var caller = KeyHash.Of(callerKey.Span);
        var none = CasReasons.NotFound.Because($"the CAS has no text of '{name}' with the hash {hash} that your key may see");
        var (found, refusal) = await vault.TryRunAsync<Found>(transaction =>
            transaction.FindSession(name) is not { } state || !state.Allows(state.Document.Access.Read, [caller])
                ? SessionTable.Absent(name)
                : (state.Document.Hash == hash ? state.Document.Text : transaction.FindText(name, hash)) is { } text
                ? new Found(state, text)
                : none).ConfigureAwait(false);
        if (found is null)
        {
            return refusal!;
        }
        // Outside the transaction, because a text may be large.
        var document = SessionDocument.Read(Encoding.UTF8.GetBytes(found.Text)).Value;
        return document is not null && found.State.Allows(document.Access.Read, [caller])
            ? new SessionDescription(name, hash, found.Text)
            : none;
    }

    private sealed record Found(SessionState State, string Text);
}
