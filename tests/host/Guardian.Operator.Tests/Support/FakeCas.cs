using System.Collections.Concurrent;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Operator.Work;
using Guardian.Refusals;

namespace Guardian.Operator.Tests.Support;

/// <summary>A CAS that answers as the test says, and remembers what it got.</summary>
internal sealed class FakeCas : ICas
{
    public static readonly string Identity = new('1', 64);

    public ConcurrentQueue<string> Submitted { get; } = new();

    /// <summary>Decides about a session; null accepts it.</summary>
    public Func<SessionDocument, Refusal?> Decide { get; set; } = _ => null;

    public Refusal? Outage { get; set; }

    public Task<Outcome<string>> ReadIdentityAsync(CancellationToken cancellation) =>
        Task.FromResult<Outcome<string>>(Outage is null ? Identity : Outage);

    public Task<Outcome<SessionDescription>> SubmitAsync(
        SessionDocument session, SessionSignature submission, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation)
    {
        Submitted.Enqueue(session.Name);
        return Task.FromResult<Outcome<SessionDescription>>(Decide(session) is { } refusal
            ? refusal
            : new SessionDescription(session.Name, session.Hash, session.Text));
    }
}

/// <summary>An author who signs sessions.</summary>
internal sealed class Author : IDisposable
{
    public IdentityKey Key { get; } = IdentityKey.Create();

    public string Text(string name) => $"name: {name}\ncreator: {Key.PublicKey}\naccess_policy: {{create_sessions: [CREATOR]}}\n";

    public string Sign(string text, string? identity = null)
    {
        var hash = SessionDocument.Read(System.Text.Encoding.UTF8.GetBytes(text)).Value!.Hash;
        return SessionSignature.Create(
            SessionSubmission.HashOf(identity ?? FakeCas.Identity, hash), Key, SignatureSubject.Submission).ToString();
    }

    public void Dispose() => Key.Dispose();
}
