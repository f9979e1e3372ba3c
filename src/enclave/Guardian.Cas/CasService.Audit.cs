using System.Globalization;
using System.Text;
using Guardian.Cas.Audit;
using Guardian.Cas.Client;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;

namespace Guardian.Cas;

/// <summary>The audit log, for everyone to verify; who did what to which session, for those who may read the session, and for the owners.</summary>
internal sealed partial class CasService
{
    // An answer of some hundred kilobytes.
    private const int AuditPageSize = 500;

    /// <summary>Lines after a number, and the signed end of the log.</summary>
    public async Task<AuditPage> ReadAuditAsync(string after, ReadOnlyMemory<byte> callerKey)
    {
        if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
        {
            throw new CasException(CasFailure.Invalid, $"'?after=' is the number of an entry, 0 for the beginning, not '{after}'", []);
        }
        var caller = KeyHash(callerKey.Span);
        var (lines, details, head) = await vault.RunAsync(transaction =>
        {
            var isOwner = FindOwners(transaction)?.Keys.Contains(caller) == true;
            var (page, end) = transaction.Log(start, AuditPageSize);
            var shown = page.Select(entry => isOwner || MayRead(transaction, entry.Detail.Subject, caller)
                ? new AuditDetailDescription(entry.Detail.Subject, entry.Detail.By, entry.Detail.Text)
                : null).ToList();
            return (page.Select(entry => Encoding.ASCII.GetString(entry.Line)).ToList(), shown, end);
        }).ConfigureAwait(false);
        var statement = vault.SignHead(new AuditHead(head.Log, head.Sequence, head.Hash, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
        return new AuditPage(lines, details, Encoding.UTF8.GetString(statement));
    }

    // A subject is a session, or a session and something of it.
    private static bool MayRead(VaultTransaction transaction, string subject, string caller) =>
        new[] { subject, SessionDocument.NamespaceOf(subject) }.OfType<string>().Any(name =>
            Find(transaction, name) is { } state && IsAllowed(state.Document.Access.Read, state, [caller]));
}
