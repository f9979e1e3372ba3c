using System.Globalization;
using System.Text;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Owners;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Audit;

/// <summary>
/// Reads the audit log. Everyone may verify its lines; their details are for the readers of the session, and for the owners. Thread-safe.
/// </summary>
internal sealed class AuditReader(Vault vault, TimeProvider time)
{
    // Keeps an answer at some hundred kilobytes.
    private const int PageSize = 500;

    // The store serves others between two parts, because every line is decrypted.
    private const int PartSize = 50;

    /// <summary>Reads lines after a number, and the signed end of the log.</summary>
    /// <param name="after">The number, decimal; 0 for the beginning.</param>
    /// <param name="callerKey">The caller's SubjectPublicKeyInfo.</param>
    public async Task<Outcome<AuditPage>> ReadAsync(string after, ReadOnlyMemory<byte> callerKey)
    {
        if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
        {
            return CasReasons.Invalid.Because($"'?after=' is the number of an entry, 0 for the beginning, not '{after}'");
        }
        var caller = KeyHash.Of(callerKey.Span);
        var entries = new List<Entry>();
        Part part;
        do
        {
            var next = start + entries.Count;
            part = await vault.RunAsync(transaction => ReadPart(transaction, next, caller)).ConfigureAwait(false);
            entries.AddRange(part.Entries);
        }
        while (part.Entries.Count == PartSize && entries.Count < PageSize);
        var head = part.End;
        var statement = vault.SignHead(new AuditHead(head.Log, head.Sequence, head.Hash, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
        return new AuditPage(
            [.. entries.Select(entry => entry.Line)], [.. entries.Select(entry => entry.Detail)], Encoding.UTF8.GetString(statement));
    }

    private static Part ReadPart(VaultTransaction transaction, long after, string caller)
    {
        var isOwner = transaction.Owners is { } owners && OwnerTable.HashesOf(owners).Contains(caller);
        var (lines, end) = transaction.ReadLog(after, PartSize);
        return new Part(
            [.. lines.Select(entry => new Entry(
                Encoding.ASCII.GetString(entry.Line),
                isOwner || MayRead(transaction, entry.Detail.Subject, caller)
                    ? new AuditDetailDescription(entry.Detail.Subject, entry.Detail.By, entry.Detail.Text)
                    : null))],
            end);
    }

    // A subject is a session, or a session and a part of it.
    private static bool MayRead(VaultTransaction transaction, string subject, string caller) =>
        new[] { subject, SessionDocument.NamespaceOf(subject) }.OfType<string>().Any(name =>
            transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.Read, [caller]));

    private sealed record Entry(string Line, AuditDetailDescription? Detail);

    /// <param name="End">The end of the log when these lines were read.</param>
    private sealed record Part(IReadOnlyList<Entry> Entries, StoreHead End);
}
