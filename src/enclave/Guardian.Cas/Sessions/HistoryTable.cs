using System.Text;
using System.Text.Json;
using Guardian.Cas.Store;

namespace Guardian.Cas.Sessions;

/// <summary>The former texts of sessions, of each the newest ones.</summary>
internal static class HistoryTable
{
    /// <summary>The former texts that a session keeps.</summary>
    public const int MaxTexts = 16;

    private const string Kind = "history";

    /// <summary>Lists the former texts of a session, oldest first.</summary>
    public static IReadOnlyList<FormerTextEntry> ListTexts(this VaultTransaction transaction, string session) => transaction.Find(
        Kind, ListOf(session), row => JsonSerializer.Deserialize(row, StoreJson.Default.IReadOnlyListFormerTextEntry)!) ?? [];

    /// <summary>Reads a former text; null when there is none of that hash.</summary>
    public static string? FindText(this VaultTransaction transaction, string session, string hash) =>
        transaction.Find(Kind, RowOf(session, hash), Encoding.UTF8.GetString);

    /// <summary>Keeps the text of a state that is replaced, and drops the oldest one beyond the bound.</summary>
    /// <param name="by">The hash of the key that replaces it.</param>
    /// <returns>The bytes of all kept texts.</returns>
    public static long PutText(this VaultTransaction transaction, SessionState replaced, DateTimeOffset now, string by)
    {
        var session = replaced.Document;
        var entry = new FormerTextEntry(session.Hash, now, by, Encoding.UTF8.GetByteCount(session.Text));
        List<FormerTextEntry> all = [.. transaction.ListTexts(session.Name), entry];
        foreach (var oldest in all.SkipLast(MaxTexts))
        {
            transaction.Delete(Kind, RowOf(session.Name, oldest.Hash));
        }
        IReadOnlyList<FormerTextEntry> kept = [.. all.TakeLast(MaxTexts)];
        transaction.Put(
            Kind, ListOf(session.Name), JsonSerializer.SerializeToUtf8Bytes(kept, StoreJson.Default.IReadOnlyListFormerTextEntry), kept);
        transaction.Put(Kind, RowOf(session.Name, session.Hash), Encoding.UTF8.GetBytes(session.Text), session.Text);
        return kept.Sum(each => (long)each.Size);
    }

    private static string ListOf(string session) => $"{session}\n";

    // A text names its predecessor, so no two texts of a session have the same hash.
    private static string RowOf(string session, string hash) => $"{session}\n{hash}";
}
