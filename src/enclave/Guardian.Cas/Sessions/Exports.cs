using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>
/// Decides which sessions an export admits. Anybody may take a free name, so a name alone admits only a session of the right creator.
/// </summary>
internal static class Exports
{
    /// <summary>Checks that the session of each export by name exists and has the right creator: a name proves nothing by itself.</summary>
    /// <param name="document">The exporting session.</param>
    /// <param name="creator">The hash of the key that created it.</param>
    /// <returns>The refusal; null when all are right.</returns>
    public static Refusal? Check(VaultTransaction transaction, SessionDocument document, string creator)
    {
        var named = document.Secrets.SelectMany(secret => secret.Exports).Concat(document.Volumes.SelectMany(volume => volume.Exports))
            .Where(export => export is { Session: not null, Hash: null });
        return named.FirstOrDefault(export => !IsCreatedBy(export, creator, transaction.FindSession(export.Session!))) is { } unknown
            ? CasReasons.Invalid.Because(
                $"the export to '{unknown.Session}' admits nobody: {(unknown.Creator is null ? "you have" : "its 'creator' has")} "
                + "created no such session; create it first, give its 'creator', or give its 'session_hash'")
            : null;
    }

    /// <summary>Whether an export admits a session.</summary>
    /// <param name="exporter">The session that has the export.</param>
    /// <param name="importer">The session that may be admitted.</param>
    public static bool Admits(SessionExport export, SessionState exporter, SessionState importer) =>
        export.Session is null
        || (export.Session == importer.Document.Name && (export.Hash is { } hash
            ? hash == importer.Document.Hash
            : IsCreatedBy(export, exporter.Stored.Creator, importer)));

    private static bool IsCreatedBy(SessionExport export, string exporter, SessionState? importer) =>
        importer?.Stored.Creator == (export.Creator ?? exporter);
}
