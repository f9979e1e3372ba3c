using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Audit;

/// <summary>Verifies audit logs offline: every link, every signature down to a quote, and the end (docs/spec/audit.md).</summary>
/// <remarks>Thread-safe; performs no I/O.</remarks>
public static class AuditVerifier
{
    /// <summary>Verifies a log.</summary>
    /// <param name="lines">The lines as they were received, without line feeds.</param>
    /// <param name="head">The signed statement of the log's end; JWS.</param>
    /// <param name="earlier">The end of the log as it was verified before; null without one.</param>
    /// <param name="policy">The CAS that is accepted.</param>
    /// <param name="now">The instant at which quotes must be valid.</param>
    /// <param name="verifier">Verifies quotes, with the roots that are accepted.</param>
    /// <returns>
    /// The end of the log, or the first failure: <see cref="CasReasons.NotTrusted"/>, <see cref="CasReasons.Malformed"/>,
    /// <see cref="CasReasons.Altered"/>, <see cref="CasReasons.Truncated"/>, <see cref="CasReasons.RolledBack"/> or
    /// <see cref="CasReasons.Foreign"/>. Never throws for any content.
    /// </returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="lines"/>, <paramref name="policy"/> or <paramref name="verifier"/> is null.
    /// </exception>
    public static Outcome<AuditHead> Verify(
        IReadOnlyList<ReadOnlyMemory<byte>> lines, ReadOnlySpan<byte> head, AuditHead? earlier, AttestationPolicy policy,
        DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var (end, refusal) = ReadHead(head, policy, now, verifier);
        if (end is null)
        {
            return refusal!;
        }
        if (lines.Count == 0)
        {
            return CasReasons.Truncated.Because($"the log is empty; the CAS signed an end at entry {end.Sequence}");
        }
        var log = AuditLine.Hash(lines[0].Span);
        if (end.Log != log || (earlier is not null && earlier.Log != log))
        {
            var expected = end.Log != log ? end.Log : earlier!.Log;
            return CasReasons.Foreign.Because(
                $"this is the log {log}, not {expected}: the log of another CAS, or of one whose database was started anew");
        }
        var chain = new AuditChain(AuditState.Empty, policy, now, verifier, isComplete: true);
        var hashes = new List<string>();
        foreach (var line in lines)
        {
            if (chain.Append(line.Span) is { } failure)
            {
                return failure;
            }
            hashes.Add(chain.State.Hash);
        }
        return CheckEnd(hashes, end, earlier) is { } wrongEnd ? wrongEnd : end;
    }

    /// <summary>Verifies the signed statement of a log's end, without the log.</summary>
    /// <param name="head">The statement; JWS.</param>
    /// <param name="policy">The CAS that is accepted.</param>
    /// <param name="now">The instant at which quotes must be valid.</param>
    /// <param name="verifier">Verifies quotes, with the roots that are accepted.</param>
    /// <returns>
    /// The end, or a refusal: <see cref="CasReasons.NotTrusted"/> or <see cref="CasReasons.Malformed"/>. Never throws for any content.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="policy"/> or <paramref name="verifier"/> is null.</exception>
    public static Outcome<AuditHead> ReadHead(
        ReadOnlySpan<byte> head, AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var (statement, refusal) = StatementVerifier.Verify(head, now, verifier);
        if (statement is null)
        {
            return CasReasons.NotTrusted.Because($"the statement of the log's end does not verify: {refusal!.Detail}");
        }
        if (FindFault(statement, AuditLine.HeadType, policy) is { } fault)
        {
            return CasReasons.NotTrusted.Because($"the statement of the log's end is not accepted: {fault}");
        }
        return TryDeserialize(statement.Payload.Span, AuditJson.Default.AuditHead) is { Sequence: > 0 and <= int.MaxValue } read
            ? read
            : CasReasons.Malformed.Because("the statement of the log's end has another content");
    }

    /// <summary>Reads the time and the event of a line, unverified. Never throws for any content.</summary>
    /// <param name="line">A line of a log, without line feed.</param>
    /// <returns>The time, RFC 3339, and the event, a stable word; null when the line is not an entry of a log.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="line"/> is null.</exception>
    public static (string Time, string Event)? Describe(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return AuditLine.TryRead(Encoding.UTF8.GetBytes(line)) is { } read ? (read.Payload.Time, read.Payload.Event) : null;
    }

    /// <summary>Explains why a verified statement is not accepted; null when it is.</summary>
    internal static string? FindFault(VerifiedStatement statement, string type, AttestationPolicy policy)
    {
        if (statement.Type != type)
        {
            return $"it is a '{statement.Type}'";
        }
        if (ExpectedEvidence.Exactly(EvidenceContext.CasAudit).FindFault(statement.Context) is { } fault)
        {
            return $"its evidence is {fault}";
        }
        var failed = policy.Appraise(statement.Quote).Checks.Where(check => !check.Passed).ToList();
        return failed.Count > 0 ? string.Join("; ", failed) : null;
    }

    /// <summary>Reads JSON; null when it is malformed.</summary>
    internal static T? TryDeserialize<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Refusal? CheckEnd(List<string> hashes, AuditHead end, AuditHead? earlier)
    {
        if (hashes.Count < end.Sequence)
        {
            return CasReasons.Truncated.Because($"the log has {hashes.Count} entries; the CAS signed an end at entry {end.Sequence}");
        }
        if (hashes[(int)end.Sequence - 1] != end.Hash)
        {
            return CasReasons.Altered.Because($"entry {end.Sequence} is not the one that the CAS signed as the end");
        }
        if (earlier is null)
        {
            return null;
        }
        if (earlier.Sequence > end.Sequence)
        {
            return CasReasons.RolledBack.Because(
                $"the log had {earlier.Sequence} entries at {earlier.Time}, and the CAS now signs an end at entry {end.Sequence}: "
                + "it was rolled back");
        }
        return hashes[(int)earlier.Sequence - 1] != earlier.Hash
            ? CasReasons.RolledBack.Because(
                $"entry {earlier.Sequence} differs from the one known since {earlier.Time}: "
                + "the CAS was rolled back and continued from there")
            : null;
    }
}
