using Guardian.Documents;

namespace Guardian.Cli.Sessions.Differences;

/// <summary>Lists every member that differs, by its path. Values of secrets are not shown.</summary>
internal static class TextComparison
{
    private const int MaxShown = 80;

    public static IEnumerable<SessionChange> Compare(YamlPlace before, YamlPlace after) =>
        Compare("", before, after).Where(change => change.Path != "predecessor").Select(change => new SessionChange(
            "text", SessionChange.Other, $"{change.Path}: {change.Text}"));

    private static IEnumerable<(string Path, string Text)> Compare(string path, YamlPlace? before, YamlPlace? after)
    {
        if (before is null || after is null)
        {
            return [(path, before is null ? $"added{Show(path, after!)}" : $"removed{Show(path, before)}")];
        }
        if (before.Members is not null && after.Members is not null)
        {
            return ByName(path, before.Members.Select(each => (each.Key.Value!, each.Value)), after.Members.Select(
                each => (each.Key.Value!, each.Value)));
        }
        if (before.Items is { } old && after.Items is { } next)
        {
            if (old.Concat(next).All(item => item.Find("name")?.Value is not null))
            {
                return ByName(path, old.Select(item => (item.Find("name")!.Value!, item)), next.Select(
                    item => (item.Find("name")!.Value!, item)));
            }
            return Enumerable.Range(0, Math.Max(old.Count, next.Count)).SelectMany(
                index => Compare($"{path}[{index}]", old.ElementAtOrDefault(index), next.ElementAtOrDefault(index)));
        }
        return before.Value is not null && before.Value == after.Value
            ? []
            : [(path, IsSecret(path) ? "another value" : $"{Shorten(before)} becomes {Shorten(after)}")];
    }

    private static IEnumerable<(string Path, string Text)> ByName(
        string path, IEnumerable<(string Name, YamlPlace Value)> before, IEnumerable<(string Name, YamlPlace Value)> after)
    {
        var old = before.DistinctBy(each => each.Name).ToDictionary(each => each.Name, each => each.Value);
        var next = after.DistinctBy(each => each.Name).ToDictionary(each => each.Name, each => each.Value);
        return next.Keys.Union(old.Keys).SelectMany(name => Compare(
            path.Length == 0 ? name : $"{path}/{name}", old.GetValueOrDefault(name), next.GetValueOrDefault(name)));
    }

    private static string Show(string path, YamlPlace place) => place.Value is null || IsSecret(path) ? "" : $": {Shorten(place)}";

    // The only values of secrets in a session stand in secrets/NAME/value.
    private static bool IsSecret(string path) => path.StartsWith("secrets/", StringComparison.Ordinal)
        && path.EndsWith("/value", StringComparison.Ordinal);

    private static string Shorten(YamlPlace place)
    {
        var text = place.Value?.ReplaceLineEndings(" ") ?? (place.Items is null ? "a map" : "a list");
        return text.Length <= MaxShown ? text : $"{text[..MaxShown]}… ({text.Length} characters)";
    }
}
