using Guardian.Cas.Client.Sessions;

namespace Guardian.Cli.Sessions.Differences;

/// <summary>Tells which values survive an update, as the CAS decides it.</summary>
internal static class SecretComparison
{
    private const string Area = "secrets";

    public static IEnumerable<SessionChange> Compare(SessionDocument before, SessionDocument after)
    {
        // Another name is another session: nothing of the first one is kept.
        var old = before.Secrets.ToDictionary(secret => secret.Name);
        var next = after.Secrets.ToDictionary(secret => secret.Name);
        var isUpdate = before.Name == after.Name;
        foreach (var secret in after.Secrets)
        {
            var sentence = old.TryGetValue(secret.Name, out var earlier) && isUpdate
                ? DescribeKept(earlier, secret, old, next)
                : $"'{secret.Name}' is new: {DescribeSource(secret)}";
            yield return new SessionChange(Area, SessionChange.Other, sentence);
            foreach (var export in secret.Exports.Where(export => earlier?.Exports.Contains(export) != true))
            {
                yield return new SessionChange(Area, SessionChange.More, $"'{secret.Name}' goes to {Describe(export)}");
            }
            foreach (var export in (earlier?.Exports ?? []).Where(export => !secret.Exports.Contains(export)))
            {
                yield return new SessionChange(Area, SessionChange.Less, $"'{secret.Name}' no longer goes to {Describe(export)}");
            }
        }
        foreach (var secret in before.Secrets.Where(secret => !next.ContainsKey(secret.Name)))
        {
            yield return new SessionChange(Area, SessionChange.Less, $"'{secret.Name}' is removed: its value is gone for good");
        }
        foreach (var change in CompareVolumes(before, after, isUpdate))
        {
            yield return change;
        }
    }

    private static string DescribeKept(
        SessionSecret earlier, SessionSecret secret, Dictionary<string, SessionSecret> old, Dictionary<string, SessionSecret> next)
    {
        if (secret.Import is { } import)
        {
            return earlier.Import == import
                ? $"'{secret.Name}' stays the value of '{import.Name}' in '{import.Session}'"
                : $"'{secret.Name}' IS ANOTHER VALUE: {DescribeSource(secret)}";
        }
        switch (secret.Kind)
        {
            case SecretKind.Jwt:
                return $"'{secret.Name}' is issued with each start, as before";
            case SecretKind.X509 or SecretKind.X509Authority:
                return KeepsKey(earlier, secret, old, next)
                    ? $"'{secret.Name}' is issued again, with the same key"
                    : $"'{secret.Name}' IS ISSUED WITH A NEW KEY";
            case SecretKind.PublicKey when secret.PrivateKey is not null:
                return KeepsKey(earlier, secret, old, next)
                    ? $"'{secret.Name}' stays: its private key stays"
                    : $"'{secret.Name}' IS ANOTHER KEY: its private key changes";
        }
        if (secret.Value is { } given)
        {
            return earlier.Value is { } before && before.Span.SequenceEqual(given.Span)
                ? $"'{secret.Name}' stays the given value"
                : $"'{secret.Name}' IS EXCHANGED for the given value";
        }
        if (secret.KeepsValueOf(earlier))
        {
            return $"'{secret.Name}' keeps its value";
        }
        return $"'{secret.Name}' IS DRAWN ANEW: {WhyAnew(earlier, secret)}"
            + (secret.Grace > TimeSpan.Zero && earlier.Kind == secret.Kind && !earlier.IsPinned
                ? $"; programs get the value of before as {secret.Name}.previous until its grace ends"
                : "");
    }

    private static bool KeepsKey(
        SessionSecret earlier, SessionSecret secret, Dictionary<string, SessionSecret> old, Dictionary<string, SessionSecret> next) =>
        secret.PrivateKey is { } key
            ? earlier.PrivateKey == key && old.TryGetValue(key, out var before) && next.TryGetValue(key, out var now) && Keeps(before, now)
            : secret.KeepsValueOf(earlier);

    private static bool Keeps(SessionSecret before, SessionSecret now) => now.Value is { } given
        ? before.Value is { } earlier && earlier.Span.SequenceEqual(given.Span)
        : now.KeepsValueOf(before);

    private static string WhyAnew(SessionSecret earlier, SessionSecret secret)
    {
        (string Member, object Before, object Now)[] members =
        [
            ("kind", earlier.Kind, secret.Kind), ("size", earlier.Size, secret.Size), ("key type", earlier.KeyType, secret.KeyType),
            ("version", earlier.Version, secret.Version),
        ];
        return secret.IsPinned || earlier.IsPinned ? "it is pinned to one text of the session"
            : earlier.Import is not null ? "it was the value of another session"
            : earlier.Value is not null ? "it was a given value"
            : string.Join(", ", members.Where(each => !each.Before.Equals(each.Now))
                .Select(each => $"its {each.Member} is {each.Now}, not {each.Before}"));
    }

    private static string DescribeSource(SessionSecret secret) =>
        secret.Import is { } import ? $"the value of '{import.Name}' in '{import.Session}'"
        : secret.Value is not null ? "a given value"
        : "the CAS draws it";

    private static string Describe(SessionExport export) => export.Session is null
        ? "EVERYBODY"
        : $"the session '{export.Session}'" + (export.Hash is { } hash ? $" with the hash {hash}"
            : export.Creator is { } creator ? $" if {creator} created it"
            : " if you created it") + (export.WithPrivateKey ? ", with its private key" : "");

    private static IEnumerable<SessionChange> CompareVolumes(SessionDocument before, SessionDocument after, bool isUpdate)
    {
        var old = before.Volumes.ToDictionary(volume => volume.Name);
        foreach (var volume in after.Volumes)
        {
            var earlier = isUpdate ? old.GetValueOrDefault(volume.Name) : null;
            if (earlier is null || earlier.Import != volume.Import)
            {
                yield return new SessionChange("volumes", SessionChange.Other, volume.Import is { } import
                    ? $"'{volume.Name}' is the volume '{import.Name}' of '{import.Session}'"
                    : $"'{volume.Name}' is new and empty: it has a key of its own");
            }
            foreach (var export in volume.Exports.Where(export => earlier?.Exports.Contains(export) != true))
            {
                yield return new SessionChange("volumes", SessionChange.More, $"'{volume.Name}' goes to {Describe(export)}");
            }
        }
        foreach (var volume in before.Volumes.Where(volume => after.Volumes.All(other => other.Name != volume.Name)))
        {
            yield return new SessionChange("volumes", SessionChange.Less, volume.Import is null
                ? $"'{volume.Name}' is removed with its key: its files can never be read again"
                : $"'{volume.Name}' is removed here; it stays in '{volume.Import.Session}'");
        }
    }
}
