using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>A secret or volume, and the session that owns it.</summary>
internal sealed record SharedItem(SessionState State, string Name);

/// <summary>Follows imports from session to session until the owner of a secret or volume. Each exporter must agree.</summary>
internal static class Imports
{
    // One session imports from another, which may import itself. Longer chains have no use.
    private const int MaxDepth = 4;

    public static Outcome<SharedItem> ResolveSecret(VaultTransaction transaction, SessionState state, string name) =>
        Resolve(transaction, state, name, FindSecret, depth: 0);

    public static Outcome<SharedItem> ResolveVolume(VaultTransaction transaction, SessionState state, string name) =>
        Resolve(transaction, state, name, FindVolume, depth: 0);

    private static Outcome<SharedItem> Resolve(
        VaultTransaction transaction, SessionState state, string name, Func<SessionDocument, string, Sharing?> find, int depth)
    {
        if (find(state.Document, name) is not { Import: { } import })
        {
            return new SharedItem(state, name);
        }
        return depth < MaxDepth && transaction.FindSession(import.Session) is { } exporter
            && find(exporter.Document, import.Name) is { } entry && entry.Exports.Any(export => Admits(export, state.Document))
            ? Resolve(transaction, exporter, import.Name, find, depth + 1)
            : CasReasons.Denied.Because($"session '{import.Session}' does not export '{import.Name}' to '{state.Document.Name}'");
    }

    private static bool Admits(SessionExport export, SessionDocument importer) =>
        (export.Session ?? importer.Name) == importer.Name && (export.Hash ?? importer.Hash) == importer.Hash;

    private static Sharing? FindSecret(SessionDocument document, string name) =>
        document.Secrets.FirstOrDefault(secret => secret.Name == name) is { } found ? new Sharing(found.Import, found.Exports) : null;

    private static Sharing? FindVolume(SessionDocument document, string name) =>
        document.Volumes.FirstOrDefault(volume => volume.Name == name) is { } found ? new Sharing(found.Import, found.Exports) : null;

    private sealed record Sharing(SessionImport? Import, IReadOnlyList<SessionExport> Exports);
}
