using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Audit;

/// <summary>A verified entry of an audit log, as far as everyone can read it.</summary>
/// <param name="Sequence">Its number, from 1.</param>
/// <param name="Time">When, by the clock of the CAS's host; RFC 3339.</param>
/// <param name="Event">The event, a stable word.</param>
public sealed record VerifiedEntry(long Sequence, string Time, string Event);

/// <summary>
/// Verifies an audit log while it is read, line by line: every link, every signature down to a quote, and then the end. After a refusal,
/// the lines before it stay verified, and no later line is accepted.
/// </summary>
/// <remarks>Not thread-safe; performs no I/O. It keeps no lines.</remarks>
public sealed class AuditFollower
{
    private readonly AuditChain chain;
    private readonly AttestationPolicy policy;
    private readonly DateTimeOffset now;
    private readonly EvidenceVerifier verifier;
    private readonly string? log;
    private Refusal? broken;

    /// <summary>Begins before the first line.</summary>
    /// <param name="policy">The code that may write the log.</param>
    /// <param name="now">The instant at which quotes must be valid.</param>
    /// <param name="verifier">Verifies quotes, with the roots that are accepted.</param>
    /// <param name="log">The identity of the CAS whose log it must be, 64 lower-case hex digits; null for any.</param>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> or <paramref name="verifier"/> is null.</exception>
    public AuditFollower(AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier, string? log = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(verifier);
        (this.policy, this.now, this.verifier, this.log) = (policy, now, verifier, log);
        chain = new AuditChain(AuditState.Empty, policy, now, verifier, isComplete: true);
    }

    /// <summary>The number of verified lines.</summary>
    public long Sequence => chain.State.Sequence;

    /// <summary>Verifies the next line.</summary>
    /// <param name="line">The line as it was received, without line feed.</param>
    /// <returns>
    /// The entry, or the first failure, which names the number of the line: <see cref="CasReasons.NotTrusted"/>,
    /// <see cref="CasReasons.Malformed"/>, <see cref="CasReasons.Altered"/> or <see cref="CasReasons.Foreign"/>.
    /// Never throws for any content.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="line"/> is null.</exception>
    public Outcome<VerifiedEntry> Append(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (broken is not null)
        {
            return broken;
        }
        var bytes = Encoding.UTF8.GetBytes(line);
        if (Sequence == 0 && log is not null && AuditLine.TryReadLink(bytes) is (1, _) && AuditLine.Hash(bytes) != log)
        {
            return broken = CasReasons.Foreign.Because($"line 1 begins the log of the CAS {AuditLine.Hash(bytes)}, not of {log}");
        }
        broken = chain.Append(bytes);
        if (broken is not null)
        {
            return broken;
        }
        var payload = AuditLine.TryRead(bytes)!.Value.Payload;
        return new VerifiedEntry(payload.Sequence, payload.Time, payload.Event);
    }

    /// <summary>Verifies that the log ends here.</summary>
    /// <param name="head">The signed statement of the log's end; JWS.</param>
    /// <returns>
    /// The end, or a refusal: the one of a line before, <see cref="CasReasons.NotTrusted"/>, <see cref="CasReasons.Malformed"/>,
    /// <see cref="CasReasons.Foreign"/>, <see cref="CasReasons.Truncated"/> or <see cref="CasReasons.Altered"/>.
    /// Never throws for any content.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="head"/> is null.</exception>
    public Outcome<AuditHead> Finish(string head)
    {
        ArgumentNullException.ThrowIfNull(head);
        if (broken is not null)
        {
            return broken;
        }
        var (end, refusal) = AuditVerifier.ReadHead(Encoding.UTF8.GetBytes(head), policy, now, verifier);
        if (end is null)
        {
            return refusal!;
        }
        if (Sequence > 0 && end.Log != chain.State.Log)
        {
            return CasReasons.Foreign.Because($"the signed end is of the log {end.Log}, and the lines are of {chain.State.Log}");
        }
        if (end.Sequence > Sequence)
        {
            return CasReasons.Truncated.Because(
                $"line {Sequence + 1} is missing: {Sequence} entries verify, and the CAS signed an end at entry {end.Sequence}");
        }
        return end.Sequence == Sequence && end.Hash == chain.State.Hash
            ? end
            : CasReasons.Altered.Because($"entry {Sequence} is not the one that the CAS signed as the end");
    }
}
