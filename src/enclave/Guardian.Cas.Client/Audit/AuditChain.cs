using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Audit;

/// <summary>Verifies lines one after the other: each continues the line before, and a key that the log introduced signs it.</summary>
/// <param name="start">The state before the first line that is appended.</param>
/// <param name="policy">The code that may write the log at all.</param>
/// <param name="now">The instant at which quotes must be valid.</param>
/// <param name="verifier">Verifies quotes, with the roots that are accepted.</param>
/// <param name="isComplete">
/// Whether the signature of every line is verified. Otherwise only those of lines about trust are, which sign the hashes of all lines
/// before.
/// </param>
internal sealed class AuditChain(
    AuditState start, AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier, bool isComplete)
{
    /// <summary>The state after the verified lines.</summary>
    public AuditState State { get; private set; } = start;

    /// <summary>Verifies the next line.</summary>
    /// <returns>Null, or why the line is refused.</returns>
    public Refusal? Append(ReadOnlySpan<byte> line)
    {
        var number = State.Sequence + 1;
        if (!isComplete && State.Sequence > 0 && AuditLine.IsPlainSuccessor(line, number, State.Hash))
        {
            State = State with { Sequence = number, Hash = AuditLine.Hash(line) };
            return null;
        }
        if (AuditLine.TryRead(line) is not var (payload, signed, signature))
        {
            return CasReasons.Malformed.Because($"line {number} is not an entry of an audit log");
        }
        if (payload.Sequence != number || payload.Previous != State.Hash)
        {
            return CasReasons.Altered.Because(
                $"entry {number} does not follow the one before it: a line was altered, exchanged or left out there");
        }
        AuditStart? introduced = null;
        string? code = null;
        if (payload.Statement is not null)
        {
            var (found, refusal) = Introduce(payload, number);
            if (found is null)
            {
                return refusal;
            }
            (introduced, code) = found;
        }
        if (isComplete || payload.IsAboutTrust)
        {
            var key = introduced?.Key ?? State.Keys.GetValueOrDefault(payload.Key);
            if (key is null || !IdentityKey.Verify(key, signed, signature))
            {
                return CasReasons.Altered.Because($"entry {number} is not signed by a key that the log introduced");
            }
        }
        var (next, fault) = State.Apply(payload, AuditLine.Hash(line), introduced, code);
        State = next ?? State;
        return fault;
    }

    private Outcome<Introduction> Introduce(AuditPayload payload, long number)
    {
        var (statement, refusal) = StatementVerifier.Verify(payload.Statement, now, verifier);
        var fault = statement is null ? refusal!.Detail
            : statement.Quote.TdReport is not null ? "it is a trust domain"
            : AuditVerifier.FindFault(statement, AuditLine.StartType, policy);
        if (fault is not null)
        {
            return CasReasons.NotTrusted.Because($"entry {number} begins with a CAS that is not accepted: {fault}");
        }
        var content = AuditVerifier.TryDeserialize(statement!.Payload.Span, AuditJson.Default.AuditStart);
        return content is not null && content.Sequence == payload.Sequence && content.Previous == payload.Previous
            && AuditLine.Hash(content.Key) == payload.Key
            ? new Introduction(content, statement.Quote.Report.MrEnclave.ToString())
            : CasReasons.Altered.Because($"entry {number} introduces a key by a statement that belongs elsewhere");
    }

    private sealed record Introduction(AuditStart Start, string Code);
}
