using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Documents;
using Guardian.Operator.Objects;
using Guardian.Refusals;

namespace Guardian.Operator.Work;

/// <summary>The outcome of bringing an object to the CAS.</summary>
/// <param name="Status">The status that the object gets.</param>
/// <param name="IsOutage">Whether the CAS could not be asked, so that nothing is known about the object.</param>
internal sealed record Delivery(SessionStatus Status, bool IsOutage);

/// <summary>Brings objects to a CAS, and tells what it said.</summary>
internal sealed class SessionCourier(ICas cas)
{
    /// <summary>
    /// Brings an object. Everything that can be found out here is, so that strangers with objects cost the CAS nothing.
    /// </summary>
    public async Task<Delivery> DeliverAsync(SessionObject item, CancellationToken cancellation)
    {
        var (read, mistakes) = Read(item);
        if (read is null)
        {
            return new Delivery(Refuse(item, null, mistakes!), IsOutage: false);
        }
        var (session, submission, signatures) = read;
        var (identity, outage) = await cas.ReadIdentityAsync(cancellation).ConfigureAwait(false);
        if (identity is null)
        {
            return new Delivery(Refuse(item, session, outage!), IsOutage: true);
        }
        if (!submission.IsOf(SessionSubmission.HashOf(identity, session.Hash), SignatureSubject.Submission))
        {
            return new Delivery(
                Refuse(item, session, CasReasons.Invalid.Because(
                    $"'submission' is not a signature of exactly this text for the CAS {identity}; sign it again: "
                    + $"guardian session sign-submission FILE --identity {identity}")),
                IsOutage: false);
        }
        var (done, refusal) = await cas.SubmitAsync(session, submission, signatures, cancellation).ConfigureAwait(false);
        return done is not null
            ? new Delivery(
                new SessionStatus(
                    item.Generation, session.Name, session.Hash, IsAccepted: true, "Accepted",
                    $"the CAS {identity} has this text as the session '{session.Name}'"),
                IsOutage: false)
            : new Delivery(Refuse(item, session, refusal!), refusal!.Kind == RefusalKind.Unavailable);
    }

    private static Outcome<SignedSession> Read(SessionObject item)
    {
        if (item.Text is null)
        {
            return CasReasons.Invalid.Because("'text' is missing: the session as its author signed it");
        }
        if (Encoding.UTF8.GetByteCount(item.Text) > YamlDocument.MaxSize)
        {
            return CasReasons.Invalid.Because("'text' is larger than 1 MiB");
        }
        if (item.Submission is null || !SessionSignature.TryRead(item.Submission, out var submission))
        {
            return CasReasons.Invalid.Because("'submission' must be what 'guardian session sign-submission' prints: KEY SIGNATURE");
        }
        var signatures = new List<SessionSignature>();
        foreach (var text in item.Signatures)
        {
            if (!SessionSignature.TryRead(text, out var signature))
            {
                return CasReasons.Invalid.Because("'signatures' are what 'guardian session sign' prints: KEY SIGNATURE each");
            }
            signatures.Add(signature);
        }
        var (session, mistakes) = SessionDocument.Read(Encoding.UTF8.GetBytes(item.Text));
        return session is null ? mistakes! : new SignedSession(session, submission, signatures);
    }

    private static SessionStatus Refuse(SessionObject item, SessionDocument? session, Refusal refusal) => new(
        item.Generation, session?.Name, session?.Hash, IsAccepted: false, SessionStatus.ReasonOf(refusal.Code),
        string.Join('\n', [refusal.Detail, .. refusal.Problems]));

    private sealed record SignedSession(
        SessionDocument Session, SessionSignature Submission, IReadOnlyList<SessionSignature> Signatures);
}
