using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Verification;

namespace Guardian.Cas.Audit;

/// <summary>How an audit log fails.</summary>
public enum AuditFailure
{
    /// <summary>A line is no line of a log.</summary>
    Malformed,

    /// <summary>A line was altered, exchanged or left out: its hash, number or signature does not fit.</summary>
    Altered,

    /// <summary>A key was introduced by code that the policy does not accept, or by a quote that does not verify.</summary>
    NotTrusted,

    /// <summary>The log ends before the place that the CAS signed as its end.</summary>
    Truncated,

    /// <summary>The CAS went back: what was known of this log before is not, or no longer, part of it.</summary>
    RolledBack,

    /// <summary>It is the log of another CAS.</summary>
    Foreign,
}

/// <summary>Where a log ends, signed by the CAS: what one keeps to notice later that it went back.</summary>
/// <param name="Log">SHA-256 of the log's first line, lower-case hex: which log it is.</param>
/// <param name="Sequence">How many lines it has.</param>
/// <param name="Hash">SHA-256 of the last, lower-case hex.</param>
/// <param name="Time">When the CAS signed it, RFC 3339.</param>
public sealed record AuditHead(string Log, long Sequence, string Hash, string Time);

/// <summary>A verified log's end, or the first thing wrong.</summary>
/// <param name="Detail">What is wrong, for people.</param>
public readonly record struct AuditVerdict(AuditHead? Head, AuditFailure? Failure, string Detail)
{
    /// <summary>Whether everything holds.</summary>
    [MemberNotNullWhen(true, nameof(Head))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Failure is null;
}

/// <summary>Verifies audit logs offline: every link, every signature down to a quote, and the end.</summary>
public static class AuditVerifier
{
    /// <summary>Verifies a log.</summary>
    /// <param name="lines">The lines as they were received, without line feeds.</param>
    /// <param name="head">The statement of its end; JWS.</param>
    /// <param name="earlier">The end of the log as it was known before, or null.</param>
    /// <param name="policy">Which CAS is accepted.</param>
    /// <param name="now">The instant at which quotes must be valid.</param>
    /// <returns>The end, or the first failure. Never throws for any content.</returns>
    public static AuditVerdict Verify(
        IReadOnlyList<ReadOnlyMemory<byte>> lines, ReadOnlySpan<byte> head, AuditHead? earlier, AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(policy);
        var verdict = ReadHead(head, policy, now, verifier);
        if (!verdict.IsVerified)
        {
            return verdict;
        }
        var end = verdict.Head;
        if (lines.Count == 0)
        {
            return Fail(AuditFailure.Truncated, $"the log is empty; the CAS signed an end at entry {end.Sequence}");
        }
        var log = AuditLine.Hash(lines[0].Span);
        if (end.Log != log || (earlier is not null && earlier.Log != log))
        {
            return Fail(AuditFailure.Foreign, $"this is the log {log}, not {(end.Log != log ? end.Log : earlier!.Log)}: another CAS, or one whose database was begun anew");
        }
        using var walk = new Walk(policy, now, verifier);
        foreach (var line in lines)
        {
            if (walk.Next(line.Span) is { } failure)
            {
                return failure;
            }
        }
        if (lines.Count < end.Sequence)
        {
            return Fail(AuditFailure.Truncated, $"the log has {lines.Count} entries; the CAS signed an end at entry {end.Sequence}");
        }
        if (walk.Hashes[(int)end.Sequence - 1] != end.Hash)
        {
            return Fail(AuditFailure.Altered, $"entry {end.Sequence} is not the one that the CAS signed as the end");
        }
        if (earlier is not null && (earlier.Sequence > end.Sequence || walk.Hashes[(int)earlier.Sequence - 1] != earlier.Hash))
        {
            return Fail(
                AuditFailure.RolledBack,
                earlier.Sequence > end.Sequence
                    ? $"the log was known to have {earlier.Sequence} entries at {earlier.Time}; the CAS now signs an end at {end.Sequence}: it was put back to an earlier state"
                    : $"entry {earlier.Sequence} is another than the one known since {earlier.Time}: the CAS was put back to an earlier state and went on from there");
        }
        return verdict;
    }

    /// <summary>Verifies the statement of a log's end alone.</summary>
    public static AuditVerdict ReadHead(ReadOnlySpan<byte> head, AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var (statement, unverified) = StatementVerifier.Verify(head, now, verifier);
        if (statement is null)
        {
            return Fail(AuditFailure.NotTrusted, $"the statement of the log's end does not verify: {unverified!.Detail}");
        }
        if (Refusal(statement, AuditLine.HeadType, policy) is { } refusal)
        {
            return Fail(AuditFailure.NotTrusted, $"the statement of the log's end is not accepted: {refusal}");
        }
        return TryRead(statement.Payload.Span, AuditJson.Default.AuditHead) is { Sequence: > 0 and <= int.MaxValue } read
            ? new AuditVerdict(read, null, "")
            : Fail(AuditFailure.Malformed, "the statement of the log's end says something else");
    }

    /// <summary>When and what a line tells of, unverified; null when it is no line of a log. Never throws for any content.</summary>
    public static (string Time, string Event)? Describe(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return AuditLine.TryRead(Encoding.UTF8.GetBytes(line)) is { } read ? (read.Payload.Time, read.Payload.Event) : null;
    }

    private static string? Refusal(VerifiedStatement statement, string type, AttestationPolicy policy) =>
        statement.Type != type ? $"it is a '{statement.Type}'"
        : string.Join("; ", policy.Appraise(statement.Quote).Checks.Where(check => !check.Passed)) is { Length: > 0 } failed ? failed
        : null;

    private static T? TryRead<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) where T : class
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

    private static AuditVerdict Fail(AuditFailure failure, string detail) => new(null, failure, detail);

    /// <summary>Goes along the lines, from key to key.</summary>
    private sealed class Walk(AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier) : IDisposable
    {
        private readonly Dictionary<string, ECDsa> keys = [];

        public List<string> Hashes { get; } = [];

        public AuditVerdict? Next(ReadOnlySpan<byte> line)
        {
            var number = Hashes.Count + 1;
            if (AuditLine.TryRead(line) is not var (payload, signed, signature))
            {
                return Fail(AuditFailure.Malformed, $"line {number} is no entry of an audit log");
            }
            if (payload.Sequence != number || payload.Previous != (Hashes.Count == 0 ? AuditLine.Origin : Hashes[^1]))
            {
                return Fail(AuditFailure.Altered, $"entry {number} does not follow the one before it: something was altered, exchanged or left out there");
            }
            if (payload.Statement is not null && Introduce(payload, number) is { } refused)
            {
                return refused;
            }
            if (!keys.TryGetValue(payload.Key, out var key) || !key.VerifyData(signed, signature, HashAlgorithmName.SHA256))
            {
                return Fail(AuditFailure.Altered, $"entry {number} is not signed by a key that the log introduced");
            }
            Hashes.Add(AuditLine.Hash(line));
            return null;
        }

        public void Dispose()
        {
            foreach (var key in keys.Values)
            {
                key.Dispose();
            }
        }

        private AuditVerdict? Introduce(AuditPayload payload, int number)
        {
            var (statement, unverified) = StatementVerifier.Verify(payload.Statement, now, verifier);
            if ((statement is null ? unverified!.Detail : Refusal(statement, AuditLine.StartType, policy)) is { } problem)
            {
                return Fail(AuditFailure.NotTrusted, $"entry {number} begins with a CAS that is not accepted: {problem}");
            }
            var key = ECDsa.Create();
            try
            {
                if (TryRead(statement!.Payload.Span, AuditJson.Default.AuditStart) is { } start
                    && start.Sequence == payload.Sequence && start.Previous == payload.Previous && AuditLine.Hash(start.Key) == payload.Key)
                {
                    key.ImportSubjectPublicKeyInfo(start.Key, out _);
                    if (keys.Remove(payload.Key, out var known))
                    {
                        known.Dispose();
                    }
                    keys[payload.Key] = key;
                    return null;
                }
            }
            catch (CryptographicException)
            {
                // Said below.
            }
            key.Dispose();
            return Fail(AuditFailure.Altered, $"entry {number} introduces a key by a statement that belongs elsewhere");
        }
    }
}
