using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Admissions;

/// <summary>A secret or volume, and the session that owns it.</summary>
/// <param name="State">The session that owns it.</param>
/// <param name="Name">Its name there.</param>
/// <param name="HasKey">Certificates: whether the importing session gets the private key.</param>
internal sealed record SharedItem(SessionState State, string Name, bool HasKey);

/// <summary>Follows imports from session to session until the owner of a secret or volume. Each exporter must agree.</summary>
internal static class Imports
{
    // One session imports from another, which may import itself. Longer chains have no use.
    private const int MaxDepth = 4;

    public static Outcome<SharedItem> ResolveSecret(VaultTransaction transaction, SessionState state, string name) =>
        Resolve(transaction, state, name, FindSecret, depth: 0, hasKey: true);

    public static Outcome<SharedItem> ResolveVolume(VaultTransaction transaction, SessionState state, string name) =>
        Resolve(transaction, state, name, FindVolume, depth: 0, hasKey: true);

    private static Outcome<SharedItem> Resolve(
        VaultTransaction transaction, SessionState state, string name, Func<SessionDocument, string, Sharing?> find, int depth,
        bool hasKey)
    {
        if (find(state.Document, name) is not { Import: { } import } wanted)
        {
            return new SharedItem(state, name, hasKey);
        }
        var exporter = depth < MaxDepth ? transaction.FindSession(import.Session) : null;
        List<SessionExport> exports = exporter is not null && find(exporter.Document, import.Name) is { } entry && entry.Kind == wanted.Kind
            ? [.. entry.Exports.Where(export => Exports.Admits(export, exporter, state))]
            : [];
        return exports.Count > 0
            ? Resolve(transaction, exporter!, import.Name, find, depth + 1, hasKey && exports.Exists(export => export.WithPrivateKey))
            : CasReasons.Denied.Because($"session '{import.Session}' does not export '{import.Name}' to '{state.Document.Name}'");
    }

    private static Sharing? FindSecret(SessionDocument document, string name) =>
        document.Secrets.FirstOrDefault(secret => secret.Name == name) is { } found
            ? new Sharing(found.Kind, found.Import, found.Exports)
            : null;

    private static Sharing? FindVolume(SessionDocument document, string name) =>
        document.Volumes.FirstOrDefault(volume => volume.Name == name) is { } found
            ? new Sharing(null, found.Import, found.Exports)
            : null;

    // The kind is null for a volume.
    private sealed record Sharing(SecretKind? Kind, SessionImport? Import, IReadOnlyList<SessionExport> Exports);
}
