using System.Text.Json;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>Writes lines of the log.</summary>
internal sealed class LogWriter(StoreKey key, AuditKey audit, LogRules rules, TimeProvider time)
{
    /// <summary>The kind of the rows that are lines of the log.</summary>
    public const string Kind = "log";

    /// <summary>Writes a line.</summary>
    /// <param name="state">The log before it.</param>
    /// <returns>The log after it.</returns>
    public AuditState Append(
        IRowTransaction transaction, AuditState state, string name, AuditDetail detail, AuditOwners? owners = null,
        string? approved = null) => Append(transaction, state, name, start: null, detail, owners, approved);

    /// <summary>Writes a line that introduces the key by which this enclave signs.</summary>
    /// <param name="origin">How the enclave came by the key of the store.</param>
    public AuditState Begin(
        IRowTransaction transaction, AuditState state, string name, string origin, AuditDetail detail, AuditOwners? owners)
    {
        var start = new AuditStart(
            audit.Key.ExportSubjectPublicKeyInfo(), state.Sequence + 1, state.Hash, key.Commitment.ToArray(), origin);
        return Append(transaction, state, name, start, detail, owners, approved: null);
    }

    private AuditState Append(
        IRowTransaction transaction, AuditState state, string name, AuditStart? start, AuditDetail detail, AuditOwners? owners,
        string? approved)
    {
        var sequence = state.Sequence + 1;
        var row = AuditLine.NameOf(sequence);
        var hidden = key.Encrypt("detail", row, JsonSerializer.SerializeToUtf8Bytes(detail, AuditJson.Default.AuditDetail));
        var payload = new AuditPayload(
            sequence, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ}", name, state.Hash, audit.Id,
            start is null ? null : audit.Introduce(start), owners, approved, hidden);
        var line = AuditLine.Write(payload, audit.Key);
        transaction.Put(Kind, row, line);
        var (next, refusal) = state.Apply(payload, AuditLine.Hash(line), start, start is null ? null : rules.Code);
        return next ?? throw new InvalidDataException(refusal!.Detail);
    }
}
