using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>The sessions in the store.</summary>
internal static class SessionTable
{
    private const string Kind = "session";

    /// <summary>Finds a session; null when there is none of that name.</summary>
    public static SessionState? FindSession(this VaultTransaction transaction, string name) =>
        transaction.Find(Kind, name, SessionState.Read);

    /// <summary>Writes a session.</summary>
    public static void PutSession(this VaultTransaction transaction, SessionState state) =>
        transaction.Put(Kind, state.Document.Name, state.Write(), state);

    /// <summary>Lists the names of the sessions directly below one.</summary>
    public static IEnumerable<string> ListSessionsBelow(this VaultTransaction transaction, string name) =>
        transaction.ListNames(Kind, name + "/").Where(below => SessionDocument.NamespaceOf(below) == name);

    /// <summary>Counts all sessions.</summary>
    public static int CountSessions(this VaultTransaction transaction) => transaction.ListNames(Kind, "").Count;

    /// <summary>The refusal for a session that does not exist, or that the caller may not see.</summary>
    public static Refusal Absent(string name) => CasReasons.NotFound.Because($"there is no session '{name}' that your key may see");
}
