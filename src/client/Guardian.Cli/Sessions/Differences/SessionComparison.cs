using Guardian.Cas.Client.Sessions;
using Guardian.Documents;

namespace Guardian.Cli.Sessions.Differences;

/// <summary>Compares two texts of a session, and says what the change means for secrets, access and admission.</summary>
internal static class SessionComparison
{
    /// <summary>Lists the changes: first their meaning, then every member that differs.</summary>
    public static IReadOnlyList<SessionChange> Compare(SessionDocument before, SessionDocument after)
    {
        if (before.Hash == after.Hash)
        {
            return [];
        }
        var (old, next) = (ReadPlaces(before), ReadPlaces(after));
        var changes = new List<SessionChange>();
        if (before.Name != after.Name)
        {
            changes.Add(new(
                "session", SessionChange.Other,
                $"'{after.Name}' is another session than '{before.Name}': it is created, and every secret is drawn anew"));
        }
        else if (after.Predecessor != before.Hash)
        {
            changes.Add(new(
                "session", SessionChange.Other,
                $"'predecessor' must be {before.Hash} for an update; 'guardian session fill --predecessor' writes it"));
        }
        changes.AddRange(SecretComparison.Compare(before, after));
        changes.AddRange(AccessComparison.Compare(before, after));
        changes.AddRange(AdmissionComparison.Compare(before, old, after, next));
        changes.AddRange(TextComparison.Compare(old, next));
        return changes;
    }

    // The document was accepted, so it can be read again.
    private static YamlPlace ReadPlaces(SessionDocument session) => YamlLayout.Read(session.Text, new DocumentProblems())!.Top;
}
