using System.Text.Json;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Store;
using Guardian.Refusals;

namespace Guardian.Cas.Sessions;

/// <summary>The sessions in the store, and the names of those that were deleted.</summary>
internal static class SessionTable
{
    private const string Kind = "session";
    private const string DeletedKind = "deleted";

    /// <summary>Finds a session; null when there is none of that name.</summary>
    public static SessionState? FindSession(this VaultTransaction transaction, string name) =>
        transaction.Find(Kind, name, SessionState.Read);

    /// <summary>Writes a session.</summary>
    public static void PutSession(this VaultTransaction transaction, SessionState state) =>
        transaction.Put(Kind, state.Document.Name, state.Write(), state);

    /// <summary>Finds the tombstone of a session; null when no session of that name was deleted.</summary>
    public static DeletedSession? FindDeleted(this VaultTransaction transaction, string name) =>
        transaction.Find(DeletedKind, name, row => JsonSerializer.Deserialize(row, StoreJson.Default.DeletedSession)!);

    /// <summary>Puts a tombstone in the place of a session.</summary>
    public static void DeleteSession(this VaultTransaction transaction, SessionState state)
    {
        var deleted = new DeletedSession(state.Stored.Creator, state.Document.Hash);
        transaction.Delete(Kind, state.Document.Name);
        transaction.Put(
            DeletedKind, state.Document.Name, JsonSerializer.SerializeToUtf8Bytes(deleted, StoreJson.Default.DeletedSession), deleted);
    }

    /// <summary>Lists the names of the sessions directly below one, in order.</summary>
    /// <param name="name">The session above; empty for the top.</param>
    /// <param name="after">The name after which the list begins; empty for the first.</param>
    /// <param name="count">The most names.</param>
    public static IReadOnlyList<string> ListSessionsBelow(this VaultTransaction transaction, string name, string after, int count)
    {
        var prefix = name.Length == 0 ? "" : name + "/";
        var names = new List<string>();
        var from = after.StartsWith(prefix, StringComparison.Ordinal) && after.Length > 0 ? after + '\0' : prefix;
        while (names.Count < count && transaction.FindName(Kind, from, prefix) is { } found)
        {
            var slash = found.IndexOf('/', prefix.Length);
            if (slash < 0)
            {
                names.Add(found);
            }
            // Everything below another session is passed over in one step.
            from = slash < 0 ? found + '\0' : found[..(slash + 1)] + char.MaxValue;
        }
        return names;
    }

    /// <summary>Lists the names of all sessions below one, at most so many.</summary>
    public static IReadOnlyList<string> ListAllBelow(this VaultTransaction transaction, string name, int count)
    {
        var prefix = name + "/";
        var names = new List<string>();
        for (var found = transaction.FindName(Kind, prefix, prefix); found is not null && names.Count < count;
            found = transaction.FindName(Kind, found + '\0', prefix))
        {
            names.Add(found);
        }
        return names;
    }

    /// <summary>Counts all sessions, and the names of those that were deleted.</summary>
    public static int CountNames(this VaultTransaction transaction) => transaction.Count(Kind) + transaction.Count(DeletedKind);

    /// <summary>Counts all sessions.</summary>
    public static int CountSessions(this VaultTransaction transaction) => transaction.Count(Kind);

    /// <summary>The refusal for a session that does not exist, or that the caller may not see.</summary>
    public static Refusal Absent(string name) => CasReasons.NotFound.Because($"there is no session '{name}' that your key may see");
}
