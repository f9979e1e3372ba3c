using System.Security.Cryptography;
using System.Text.Json;
using Guardian.Attestation.Statements;

namespace Guardian.Cas.Audit;

/// <summary>The key that signs this run's lines of the audit log. It never leaves the enclave; a statement with a quote introduces it. Thread-safe but for <see cref="Key"/>.</summary>
internal sealed class AuditKey(StatementSigner statements) : IDisposable
{
    /// <summary>The key.</summary>
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>SHA-256 of the public half, lower-case hex.</summary>
    public string Id => field ??= AuditLine.Hash(Key.ExportSubjectPublicKeyInfo());

    /// <summary>The statement that introduces the key at a place of the log.</summary>
    public byte[] Introduce(long sequence, string previous) => statements.Sign(
        JsonSerializer.SerializeToUtf8Bytes(new AuditStart(Key.ExportSubjectPublicKeyInfo(), sequence, previous), AuditJson.Default.AuditStart), AuditLine.StartType);

    /// <summary>The statement of where the log ends.</summary>
    public byte[] SignHead(AuditHead head) => statements.Sign(JsonSerializer.SerializeToUtf8Bytes(head, AuditJson.Default.AuditHead), AuditLine.HeadType);

    /// <inheritdoc/>
    public void Dispose()
    {
        Key.Dispose();
        statements.Dispose();
    }
}
