using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Attestation.Statements;
using Guardian.Cas.Client.Audit;

namespace Guardian.Cas.Store;

/// <summary>
/// The key that signs the audit log's lines of this run. It never leaves the enclave; a statement with a quote introduces it.
/// Thread-safe except for <see cref="Key"/>.
/// </summary>
internal sealed class AuditKey(StatementSigner statements) : IDisposable
{
    /// <summary>The key.</summary>
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>SHA-256 of the public half, lower-case hex.</summary>
    public string Id => field ??= AuditLine.Hash(Key.ExportSubjectPublicKeyInfo());

    /// <summary>Signs the statement that introduces the key at a place of the log.</summary>
    public byte[] Introduce(AuditStart start) =>
        statements.Sign(JsonSerializer.SerializeToUtf8Bytes(start, AuditJson.Default.AuditStart), AuditLine.StartType);

    /// <summary>Signs the statement of where the log ends.</summary>
    public byte[] SignHead(AuditHead head) =>
        statements.Sign(JsonSerializer.SerializeToUtf8Bytes(head, AuditJson.Default.AuditHead), AuditLine.HeadType);

    /// <inheritdoc/>
    public void Dispose()
    {
        Key.Dispose();
        statements.Dispose();
    }
}
