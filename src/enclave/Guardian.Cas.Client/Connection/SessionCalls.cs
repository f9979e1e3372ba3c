using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Client.Connection;

/// <summary>More calls of a <see cref="CasClient"/>, for the life of sessions. They throw as its own calls do.</summary>
public static class SessionCalls
{
    /// <summary>Brings a session that its author signed. The client's own key has no part in it.</summary>
    /// <param name="client">The client, with any certificate.</param>
    /// <param name="session">The session. It is created without a predecessor, and otherwise updated.</param>
    /// <param name="submission">The author's signature of the <see cref="SessionSubmission"/>.</param>
    /// <param name="signatures">Signatures of other people, if a rule demands them; may be null.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The session. A second call with the same text changes nothing and returns the same.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="client"/>, <paramref name="session"/> or <paramref name="submission"/> is null.
    /// </exception>
    public static Task<SessionDescription> SubmitAsync(
        this CasClient client, SessionDocument session, SessionSignature submission, IReadOnlyList<SessionSignature>? signatures = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(submission);
        var content = CasTransport.CreateYaml(Encoding.UTF8.GetBytes(session.Text), signatures);
        content.Headers.Add(CasTransport.SubmissionHeader, submission.ToString());
        return session.Predecessor is null
            ? client.Transport.SendAsync(HttpMethod.Post, "v1/sessions", content, CasJson.Default.SessionDescription, cancellation)
            : client.Transport.SendAsync(
                HttpMethod.Put, CasTransport.PathOf(session.Name), content, CasJson.Default.SessionDescription, cancellation);
    }

    /// <summary>Deletes a session and everything that the CAS keeps of it, as owners with all sessions below it.</summary>
    /// <param name="client">The client.</param>
    /// <param name="name">The session's name. It is never used again.</param>
    /// <param name="signatures">Signatures of others over the deletion (<see cref="SessionDeletion"/>); may be null.</param>
    /// <param name="cancellation">Cancels the call. A deletion of many sessions may have begun.</param>
    /// <returns>When the session is deleted.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is null.</exception>
    public static async Task DeleteAsync(
        this CasClient client, string name, IReadOnlyList<SessionSignature>? signatures = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        DeletionProgress progress;
        do
        {
            var content = CasTransport.CreateContent(default, "application/json", signatures);
            progress = await client.Transport.SendAsync(
                HttpMethod.Delete, CasTransport.PathOf(name), content, CasJson.Default.DeletionProgress,
                cancellation).ConfigureAwait(false);
        }
        while (!progress.IsDone);
    }

    /// <summary>Lists the former texts of a session.</summary>
    /// <param name="client">The client.</param>
    /// <param name="name">The session's name.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The hashes of the texts; <see cref="ReadTextAsync"/> gives each.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is null.</exception>
    public static Task<SessionHistoryDescription> ReadHistoryAsync(
        this CasClient client, string name, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.Transport.SendAsync(
            HttpMethod.Get, $"v1/history/{CasTransport.Escape(name)}", null, CasJson.Default.SessionHistoryDescription, cancellation);
    }

    /// <summary>Reads the present text of a session, or a former one, both of whose rules admit the caller.</summary>
    /// <param name="client">The client.</param>
    /// <param name="name">The session's name.</param>
    /// <param name="hash">The hash of the text, 64 lower-case hex digits.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The session as it was uploaded then.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> or <paramref name="hash"/> is null.</exception>
    public static Task<SessionDescription> ReadTextAsync(
        this CasClient client, string name, string hash, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(hash);
        return client.Transport.SendAsync(
            HttpMethod.Get, $"{CasTransport.PathOf(name)}?hash={Uri.EscapeDataString(hash)}", null, CasJson.Default.SessionDescription,
            cancellation);
    }

    /// <summary>Reads the owners' rules for creators of sessions, as an owner.</summary>
    /// <param name="client">The client.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is null.</exception>
    public static Task<CreationDescription> ReadCreationRulesAsync(this CasClient client, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.Transport.SendAsync(HttpMethod.Get, "v1/creation-rules", null, CasJson.Default.CreationDescription, cancellation);
    }

    /// <summary>Replaces the owners' rules for creators of sessions.</summary>
    /// <param name="client">The client.</param>
    /// <param name="yaml">The rules, exactly as they were signed.</param>
    /// <param name="signatures">Signatures of owners. The caller's own key counts without one.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The rules as the CAS keeps them.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="client"/> is null.</exception>
    public static Task<CreationDescription> ChangeCreationRulesAsync(
        this CasClient client, ReadOnlyMemory<byte> yaml, IReadOnlyList<SessionSignature> signatures,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client.Transport.SendAsync(
            HttpMethod.Put, "v1/creation-rules", CasTransport.CreateYaml(yaml, signatures), CasJson.Default.CreationDescription,
            cancellation);
    }
}
