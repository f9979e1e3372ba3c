using System.Globalization;
using Guardian.Cas.Client.Protocol;
using Guardian.Documents;

namespace Guardian.Cas.Client.Sessions;

/// <summary>Reads <c>access_policy</c>, and lists of keys elsewhere.</summary>
internal static class AccessReader
{
    private const string AtLeast = "require-at-least-";

    // Each key costs a comparison at every call, each level some stack.
    private const int MaxRules = 64;
    private const int MaxKeys = 256;

    public static AccessPolicy Read(YamlMap? map)
    {
        var update = ReadRule(map, "update") ?? AccessRule.Creator;
        var read = ReadRule(map, "read") ?? AccessRule.Creator;
        var policy = new AccessPolicy(read, update, ReadRule(map, "create_sessions") ?? update, ReadRule(map, "list_sessions") ?? read);
        if (ReadRule(map, "delete") is { } delete)
        {
            policy = policy with { Delete = delete };
        }
        map?.End();
        return policy;
    }

    /// <summary>Reads a list of rules, any of which is enough; null when it is absent.</summary>
    public static AccessRule? ReadRule(YamlMap? owner, string member)
    {
        if (owner?.Find(member) is not { } node)
        {
            return null;
        }
        if (node is not YamlList list)
        {
            return Refuse(node, $"'{member}' must be a list: CREATOR, ANY, NONE, keys, require-all, {AtLeast}N");
        }
        var rule = Combine(1, list, ReadAll(list));
        if (rule.Keys.Count > MaxKeys)
        {
            list.ReportForNew($"a rule has at most {MaxKeys} keys, not {rule.Keys.Count}");
        }
        return rule.Rule;
    }

    private static List<Entry> ReadAll(YamlList list)
    {
        if (list.Items.Count is 0 or > MaxRules)
        {
            list.Report($"give 1 to {MaxRules} entries: CREATOR, ANY, NONE, keys, require-all, {AtLeast}N");
        }
        return [.. list.Items.Take(MaxRules).Select(ReadOne)];
    }

    private static Entry ReadOne(YamlNode node) => node switch
    {
        YamlText text => ReadKey(text.Value, text),
        YamlMap { Names.Count: 1 } map => ReadNested(map, map.Names.First()),
        _ => new(Refuse(node, "an entry is CREATOR, ANY, NONE, a key, or one of signer, require-all, require-at-least-N"), []),
    };

    private static Entry ReadNested(YamlMap map, string name)
    {
        var node = map.Find(name)!;
        if (name == "signer" && node is YamlText signer)
        {
            return ReadKey(signer.Value, node);
        }
        var count = 0;
        if (name != "require-all" && !TryReadCount(name, out count))
        {
            return new(Refuse(map, $"'{name}' is not known here; known are signer, require-all, {AtLeast}N"), []);
        }
        if (node is not YamlList list)
        {
            return new(Refuse(node, $"'{name}' must be a list"), []);
        }
        var entries = ReadAll(list);
        if (name != "require-all" && (count == 0 || count > entries.Count))
        {
            node.Report($"'{name}' can never hold, or always does: it lists {entries.Count}");
        }
        return Combine(name == "require-all" ? entries.Count : count, list, entries);
    }

    // A rule counts people: one key may not stand for two entries, however it is written. Alternatives may have keys in common.
    private static Entry Combine(int count, YamlList list, List<Entry> entries)
    {
        var seen = new Dictionary<string, int>();
        for (var index = 0; index < entries.Count; index++)
        {
            var (rule, keys) = entries[index];
            foreach (var key in keys.Where(
                key => !seen.TryAdd(key, index) && (count > 1 || (IsKey(rule) && IsKey(entries[seen[key]].Rule)))))
            {
                list.Items[index].ReportForNew(
                    $"a key counts once, however it is written: {key} is in the entry on line {list.Items[seen[key]].Line} as well");
            }
        }
        return new(
            count == 1 && entries.Count == 1 ? entries[0].Rule : AccessRule.AtLeast(count, [.. entries.Select(entry => entry.Rule)]),
            [.. seen.Keys]);
    }

    private static bool TryReadCount(string name, out int count)
    {
        count = 0;
        return name.StartsWith(AtLeast, StringComparison.Ordinal)
            && int.TryParse(name[AtLeast.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out count);
    }

    private static Entry ReadKey(string text, YamlNode place) => text switch
    {
        "CREATOR" => new(AccessRule.Creator, ["CREATOR"]),
        "ANY" => new(AccessRule.Anyone, []),
        "NONE" => new(AccessRule.Nobody, []),
        _ => KeyHash.TryRead(text) is { } hash
            ? new(AccessRule.ForKey(hash), [hash])
            : new(
                Refuse(place, "a key is its SHA-256 in hex, its base64 as 'guardian key show' prints it, or a certificate in PEM"), []),
    };

    private static bool IsKey(AccessRule rule) => rule.KeyOf("") is not null;

    private static AccessRule Refuse(YamlNode place, string message)
    {
        place.Report(message);
        return AccessRule.Nobody;
    }

    /// <summary>An entry of a rule, and the different keys in it.</summary>
    private sealed record Entry(AccessRule Rule, IReadOnlyList<string> Keys);
}
