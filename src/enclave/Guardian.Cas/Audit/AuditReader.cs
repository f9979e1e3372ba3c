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
        var (lines, details, head) = await vault.RunAsync(transaction =>
        {
            var isOwner = transaction.Owners is { } owners && OwnerTable.HashesOf(owners).Contains(caller);
            var (page, end) = transaction.ReadLog(start, PageSize);
            var shown = page.Select(entry => isOwner || MayRead(transaction, entry.Detail.Subject, caller)
                ? new AuditDetailDescription(entry.Detail.Subject, entry.Detail.By, entry.Detail.Text)
                : null).ToList();
            return (page.Select(entry => Encoding.ASCII.GetString(entry.Line)).ToList(), shown, end);
        }).ConfigureAwait(false);
        var statement = vault.SignHead(new AuditHead(head.Log, head.Sequence, head.Hash, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
        return new AuditPage(lines, details, Encoding.UTF8.GetString(statement));
    }

    // A subject is a session, or a session and a part of it.
    private static bool MayRead(VaultTransaction transaction, string subject, string caller) =>
        new[] { subject, SessionDocument.NamespaceOf(subject) }.OfType<string>().Any(name =>
            transaction.FindSession(name) is { } state && state.Allows(state.Document.Access.Read, [caller]));
}
