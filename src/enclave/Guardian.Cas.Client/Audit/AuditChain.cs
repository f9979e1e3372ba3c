using System.Security.Cryptography;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Verification;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Audit;

/// <summary>Verifies lines one after the other: each continues the line before, and a key that the log introduced signs it.</summary>
internal sealed class AuditChain(AttestationPolicy policy, DateTimeOffset now, EvidenceVerifier verifier) : IDisposable
{
    private readonly Dictionary<string, ECDsa> keys = [];
    private readonly List<string> hashes = [];

    /// <summary>SHA-256 of each verified line, lower-case hex.</summary>
    public IReadOnlyList<string> Hashes => hashes;

    /// <summary>Verifies the next line.</summary>
    /// <returns>Null, or why the line is refused.</returns>
    public Refusal? Append(ReadOnlySpan<byte> line)
    {
        var number = hashes.Count + 1;
        if (AuditLine.TryRead(line) is not var (payload, signed, signature))
        {
            return CasReasons.Malformed.Because($"line {number} is not an entry of an audit log");
        }
        if (payload.Sequence != number || payload.Previous != (number == 1 ? AuditLine.Origin : hashes[^1]))
        {
            return CasReasons.Altered.Because(
                $"entry {number} does not follow the one before it: a line was altered, exchanged or left out there");
        }
        if (payload.Statement is not null && Introduce(payload, number) is { } refusal)
        {
            return refusal;
        }
        if (!keys.TryGetValue(payload.Key, out var key) || !key.VerifyData(signed, signature, HashAlgorithmName.SHA256))
        {
            return CasReasons.Altered.Because($"entry {number} is not signed by a key that the log introduced");
        }
        hashes.Add(AuditLine.Hash(line));
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in keys.Values)
        {
            key.Dispose();
        }
    }

    private Refusal? Introduce(AuditPayload payload, int number)
    {
        var (statement, refusal) = StatementVerifier.Verify(payload.Statement, now, verifier);
        var fault = statement is null ? refusal!.Detail : AuditVerifier.FindFault(statement, AuditLine.StartType, policy);
        if (fault is not null)
        {
            return CasReasons.NotTrusted.Because($"entry {number} begins with a CAS that is not accepted: {fault}");
        }
        var start = AuditVerifier.TryDeserialize(statement!.Payload.Span, AuditJson.Default.AuditStart);
        var fits = start is not null
            && start.Sequence == payload.Sequence && start.Previous == payload.Previous && AuditLine.Hash(start.Key) == payload.Key;
        if (!fits || TryImport(start!.Key) is not { } key)
        {
            return CasReasons.Altered.Because($"entry {number} introduces a key by a statement that belongs elsewhere");
        }
        if (keys.Remove(payload.Key, out var known))
        {
            known.Dispose();
        }
        keys[payload.Key] = key;
        return null;
    }

    private static ECDsa? TryImport(byte[] subjectPublicKeyInfo)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            return key;
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }
}
