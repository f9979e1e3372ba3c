using Guardian.Cas.Client.Sessions;

namespace Guardian.Cli.Sessions.Differences;

/// <summary>Tells who gains or loses a right.</summary>
internal static class AccessComparison
{
    private const string Area = "access";
    private const string Creator = "CREATOR";

    // Stands for every key that no rule names.
    private const string Stranger = "";

    public static IEnumerable<SessionChange> Compare(SessionDocument before, SessionDocument after)
    {
        (string Right, AccessRule Before, AccessRule After)[] rights =
        [
            ("read the session", before.Access.Read, after.Access.Read),
            ("update the session", before.Access.Update, after.Access.Update),
            ("create sessions below it", before.Access.Create, after.Access.Create),
            ("list the sessions below it", before.Access.List, after.Access.List),
            .. after.Services.SelectMany(service => before.Services.Where(other => other.Name == service.Name).Select(other => (
                $"read the streams of '{service.Name}'", other.StdioReaders, service.StdioReaders))),
        ];
        return rights.SelectMany(right => Compare(right.Right, right.Before, right.After));
    }

    private static IEnumerable<SessionChange> Compare(string right, AccessRule before, AccessRule after)
    {
        if (before.ToString() == after.ToString())
        {
            yield break;
        }
        yield return new SessionChange(Area, SessionChange.Other, $"to {right}: {after}; before: {before}");
        foreach (var key in KeysOf(before).Union(KeysOf(after)).Append(Stranger))
        {
            var person = key.Length == 0 ? "everybody" : key;
            var (could, can) = (IsEnough(before, key), IsEnough(after, key));
            if (can && !could)
            {
                yield return new SessionChange(Area, SessionChange.More, $"{person} alone may {right} now");
            }
            else if (could && !can)
            {
                yield return new SessionChange(Area, SessionChange.Less, $"{person} alone may no longer {right}");
            }
            else if (!can && key.Length > 0 && KeysOf(after).Contains(key) != KeysOf(before).Contains(key))
            {
                yield return KeysOf(after).Contains(key)
                    ? new SessionChange(Area, SessionChange.More, $"{person} may {right} now, together with others")
                    : new SessionChange(Area, SessionChange.Less, $"{person} may no longer {right}, even with others");
            }
        }
        if (CountNeeded(after) is { } now && CountNeeded(before) is { } then && now != then)
        {
            yield return new SessionChange(
                Area, now < then ? SessionChange.More : SessionChange.Less, $"to {right} takes {now} at least, not {then}");
        }
        if (CountNeeded(after) is null)
        {
            yield return new SessionChange(Area, SessionChange.Less, right == "update the session"
                ? "NOBODY can ever change the session again"
                : $"nobody may {right}");
        }
    }

    private static bool IsEnough(AccessRule rule, string key) => rule.IsSatisfiedBy(new HashSet<string> { key }, Creator);

    private static HashSet<string> KeysOf(AccessRule rule) =>
        rule.KeyOf(Creator) is { } key ? [key] : [.. rule.Alternatives.SelectMany(KeysOf)];

    // Null when nobody can satisfy the rule.
    private static int? CountNeeded(AccessRule rule)
    {
        if (rule.KeyOf(Creator) is not null || rule.Count == 0)
        {
            return 1;
        }
        var entries = rule.Alternatives.Select(CountNeeded).OfType<int>().Order().Take(rule.Count).ToList();
        return entries.Count == rule.Count ? entries.Sum() : null;
    }
}
