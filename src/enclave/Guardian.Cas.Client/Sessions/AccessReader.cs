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
        var rules = ReadAll(list);
        return rules.Count == 1 ? rules[0] : AccessRule.AtLeast(1, rules);
    }

    private static List<AccessRule> ReadAll(YamlList list)
    {
        if (list.Items.Count is 0 or > MaxRules)
        {
            list.Report($"give 1 to {MaxRules} entries: CREATOR, ANY, NONE, keys, require-all, {AtLeast}N");
        }
        return [.. list.Items.Take(MaxRules).Select(ReadOne)];
    }

    private static AccessRule ReadOne(YamlNode node) => node switch
    {
        YamlText text => ReadKey(text.Value, text),
        YamlMap { Names.Count: 1 } map => ReadNested(map, map.Names.First()),
        _ => Refuse(node, "an entry is CREATOR, ANY, NONE, a key, or one of signer, require-all, require-at-least-N"),
    };

    private static AccessRule ReadNested(YamlMap map, string name)
    {
        var node = map.Find(name)!;
        if (name == "signer" && node is YamlText signer)
        {
            return ReadKey(signer.Value, node);
        }
        var count = 0;
        if (name != "require-all" && !TryReadCount(name, out count))
        {
            return Refuse(map, $"'{name}' is not known here; known are signer, require-all, {AtLeast}N");
        }
        if (node is not YamlList list)
        {
            return Refuse(node, $"'{name}' must be a list");
        }
        var rules = ReadAll(list);
        if (name == "require-all")
        {
            return AccessRule.AtLeast(rules.Count, rules);
        }
        if (count == 0 || count > rules.Count)
        {
            node.Report($"'{name}' can never hold, or always does: it lists {rules.Count}");
        }
        return AccessRule.AtLeast(count, rules);
    }

    private static bool TryReadCount(string name, out int count)
    {
        count = 0;
        return name.StartsWith(AtLeast, StringComparison.Ordinal)
            && int.TryParse(name[AtLeast.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out count);
    }

    private static AccessRule ReadKey(string text, YamlNode place) => text switch
    {
        "CREATOR" => AccessRule.Creator,
        "ANY" => AccessRule.Anyone,
        "NONE" => AccessRule.Nobody,
        _ => KeyHash.TryRead(text) is { } hash
            ? AccessRule.ForKey(hash)
            : Refuse(place, "a key is its SHA-256 in hex, its base64 as 'guardian key show' prints it, or a certificate in PEM"),
    };

    private static AccessRule Refuse(YamlNode place, string message)
    {
        place.Report(message);
        return AccessRule.Nobody;
    }
}
