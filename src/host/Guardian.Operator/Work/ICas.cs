using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Refusals;

namespace Guardian.Operator.Work;

/// <summary>The CAS to which the operator brings sessions.</summary>
internal interface ICas
{
    /// <summary>Verifies the CAS, and reads its identity.</summary>
    /// <returns>64 lower-case hex digits, or the reason why it is not accepted or does not answer.</returns>
    Task<Outcome<string>> ReadIdentityAsync(CancellationToken cancellation);

    /// <summary>Brings a session that its author signed.</summary>
    Task<Outcome<SessionDescription>> SubmitAsync(
        SessionDocument session, SessionSignature submission, IReadOnlyList<SessionSignature> signatures, CancellationToken cancellation);
}
